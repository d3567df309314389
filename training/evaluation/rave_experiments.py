"""The experiments on a RAVE's bank, and what they share, made when the first of them asks."""

from __future__ import annotations

from functools import cached_property

import torch

from training.evaluation.encoded_set import HeardSet, hear_set
from training.evaluation.experiments.classification.experiment import classification_section
from training.evaluation.experiments.feature_atlas.experiment import atlas_section
from training.evaluation.experiments.layers.rave import layers_section
from training.evaluation.experiments.learning_curves.draws import Examples, examples_of, features_by_minutes
from training.evaluation.experiments.learning_curves.experiment import few_examples, training_growth
from training.evaluation.experiments.sae_quality.experiment import quality_of, unseen
from training.evaluation.experiments.sae_quality.loss_recovered import sound_recovered
from training.evaluation.experiments.separability.experiment import separability_section
from training.evaluation.experiments.separability.space import RaveSpace
from training.evaluation.experiments.steering.experiment import steering_section
from training.evaluation.experiments.steering.several_stops import together_section
from training.evaluation.playback.rave import RaveBench
from training.evaluation.rave_context import Subject
from training.evaluation.results import Section
from training.evaluation.run import Experiment, Experiments


class RaveExperiments:
    """See the module."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def bench(self) -> RaveBench:
        """Clips played and heard at rest."""
        return RaveBench(self.subject)

    @cached_property
    def heard(self) -> HeardSet:
        """All recordings, as frames and statistics."""
        subject = self.subject
        return hear_set(
            subject.model,
            subject.bank.sae,
            subject.data,
            cache=subject.folder / "heard",
            progress=subject.progress,
        )

    @cached_property
    def examples(self) -> Examples:
        """What both sections on growth draw from."""
        return examples_of(self.heard, self.subject.options.seed)

    def quality(self) -> Section:
        """How good the bank's SAE is, and how well the RAVE plays unseen recordings through it."""
        subject, heard = self.subject, self.heard
        frames = [heard.sae.denormalise(torch.from_numpy(heard.frames[row])) for row in unseen(heard)]
        recovered = sound_recovered(subject.model, heard.sae, frames, subject.options.seed)
        return quality_of(heard, recovered, subject.options, subject.progress)

    def by_slug(self) -> Experiments:
        """In the order of the page."""
        subject, options = self.subject, self.subject.options
        return {
            "steering": Experiment(
                "Does each stop do what it says?",
                lambda: steering_section(self.bench, subject.folder),
                "steering",
            ),
            "together": Experiment("Several stops at once", lambda: together_section(self.bench), "steering"),
            "separability": Experiment(
                "Are the concepts separable?",
                lambda: separability_section(self.bench, RaveSpace(self.bench)),
                "separability",
            ),
            "classification": Experiment(
                "Classification in the SAE's space",
                lambda: classification_section(self.heard, options.seed, options.quick, subject.bank),
                "classification",
            ),
            "growth": Experiment(
                "From a few examples",
                lambda: few_examples(self.examples, seed=options.seed, quick=options.quick),
                "growth",
            ),
            "training-growth": Experiment(
                "From more sound",
                lambda: training_growth(
                    features_by_minutes(self.heard, options.seed, options.quick),
                    self.examples,
                    options.seed,
                    options.quick,
                ),
                "growth",
            ),
            "layers": Experiment(
                "Which layers carry a concept?", lambda: layers_section(self.bench), "classification"
            ),
            "quality": Experiment("The features", self.quality),
            "atlas": Experiment(
                "An atlas of simple concepts",
                lambda: atlas_section(
                    self.heard,
                    subject.folder,
                    options.seed,
                    options.quick,
                    subject.folder / "heard",
                    subject.progress,
                ),
            ),
        }
