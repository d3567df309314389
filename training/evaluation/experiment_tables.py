"""The experiments by slug, in the order of the page: those on a RAVE's bank, and those on a MusicGen's banks."""

from __future__ import annotations

from training.evaluation.costs import FIXED, PAIRS, SOUND, STOPS, PartCost
from training.evaluation.experiments.classification import experiment as classification
from training.evaluation.experiments.feature_atlas import experiment as feature_atlas
from training.evaluation.experiments.layers import experiment as layers
from training.evaluation.experiments.learning_curves import experiment as learning_curves
from training.evaluation.experiments.sae_quality import experiment as sae_quality
from training.evaluation.experiments.separability import experiment as separability
from training.evaluation.experiments.several_stops import experiment as several_stops
from training.evaluation.experiments.steering import experiment as steering
from training.evaluation.experiments.training_sound import experiment as training_sound
from training.evaluation.run import Experiment, Experiments

# The seconds of a RAVE's quick mode were measured; the others and a MusicGen's are guesses, which the finished parts correct.
RAVE: Experiments = {
    "steering": Experiment(
        steering.TITLE,
        steering.run,
        "steering",
        (PartCost("a classifier learns the concepts", 12, 40, FIXED), PartCost("steering", 62, 350, STOPS)),
    ),
    "together": Experiment(
        several_stops.TITLE, several_stops.run, "steering", (PartCost("together", 9, 27, PAIRS),)
    ),
    "separability": Experiment(
        separability.TITLE, separability.run, "separability", (PartCost("separability", 6, 18, STOPS),)
    ),
    "classification": Experiment(
        classification.TITLE,
        classification.run,
        "classification",
        (PartCost("listening", 4, 4, SOUND), PartCost("classification", 10, 12, SOUND)),
    ),
    "growth": Experiment(
        learning_curves.TITLE, learning_curves.run, "growth", (PartCost("growth", 1, 4, FIXED),)
    ),
    "training-growth": Experiment(
        training_sound.TITLE, training_sound.run, "growth", (PartCost("training-growth", 10, 40, FIXED),)
    ),
    "layers": Experiment(layers.TITLE, layers.run, "classification", (PartCost("layers", 58, 200, SOUND),)),
    "quality": Experiment(
        sae_quality.TITLE,
        sae_quality.run,
        costs=(
            PartCost("training another seed", 16, 16, FIXED),
            PartCost("training a narrower one", 7, 7, FIXED),
            PartCost("probing", 5, 5, SOUND),
            PartCost("quality", 9, 9, FIXED),
        ),
    ),
    "atlas": Experiment(
        feature_atlas.TITLE,
        feature_atlas.run,
        costs=(PartCost("describing", 43, 60, SOUND), PartCost("atlas", 3, 3, SOUND)),
    ),
}

MUSICGEN: Experiments = {
    "steering": Experiment(
        steering.TITLE,
        steering.run,
        costs=(
            PartCost("a classifier learns the concepts", 20, 60, FIXED),
            PartCost("steering", 400, 1200, STOPS),
        ),
    ),
    "together": Experiment(
        several_stops.TITLE, several_stops.run, costs=(PartCost("together", 100, 300, PAIRS),)
    ),
    "separability": Experiment(
        separability.TITLE, separability.run, "separability", (PartCost("separability", 60, 180, STOPS),)
    ),
    "layers": Experiment(layers.TITLE, layers.run, "classification", (PartCost("layers", 60, 60, SOUND),)),
    "quality": Experiment(sae_quality.TITLE, sae_quality.run, costs=(PartCost("quality", 30, 60, SOUND),)),
}
