"""The experiments on a RAVE's bank, and what they share, made when the first of them asks."""

from __future__ import annotations

from functools import cached_property

import torch

from training.evidence.atlas_section import atlas_section
from training.evidence.classification_section import classification_section
from training.evidence.clips import HeardSet, hear_set
from training.evidence.draws import Examples
from training.evidence.examples import few_examples, training_growth
from training.evidence.gather import Experiment, Experiments
from training.evidence.growth import examples_of, features_by_minutes
from training.evidence.layers import layers_section
from training.evidence.quality_of_set import quality_of, unseen
from training.evidence.rave_bench import RaveBench
from training.evidence.recovered import sound_recovered
from training.evidence.section import Section
from training.evidence.separability import separability_section
from training.evidence.space import RaveSpace
from training.evidence.steering import steering_section
from training.evidence.subject import Subject
from training.evidence.together import together_section


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
