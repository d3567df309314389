"""The experiments by slug, in the order of the page: those on a RAVE's bank, and those on a MusicGen's banks."""

from __future__ import annotations

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

_SEPARABILITY = Experiment("Are the concepts separable?", separability.run, "separability")
_LAYERS = Experiment("Which layers carry a concept?", layers.run, "classification")
_QUALITY = Experiment("The features", sae_quality.run)

RAVE: Experiments = {
    "steering": Experiment("Does each stop do what it says?", steering.run, "steering"),
    "together": Experiment("Several stops at once", several_stops.run, "steering"),
    "separability": _SEPARABILITY,
    "classification": Experiment("Classification in the SAE's space", classification.run, "classification"),
    "growth": Experiment("From a few examples", learning_curves.run, "growth"),
    "training-growth": Experiment("From more sound", training_sound.run, "growth"),
    "layers": _LAYERS,
    "quality": _QUALITY,
    "atlas": Experiment("An atlas of simple concepts", feature_atlas.run),
}

MUSICGEN: Experiments = {
    "steering": Experiment("Does each stop do what it says?", steering.run),
    "together": Experiment("Several stops at once", several_stops.run),
    "separability": _SEPARABILITY,
    "layers": _LAYERS,
    "quality": _QUALITY,
}
