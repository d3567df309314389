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
from training.evidence.quality_section import quality_section
from training.evidence.rave_bench import RaveBench
from training.evidence.recovered import sound_recovered
from training.evidence.section import Section
from training.evidence.separability import separability_section
from training.evidence.steering import steering_section
from training.evidence.subject import Subject
from training.evidence.together import together_section

SAE_STEPS, QUICK_SAE_STEPS = 1500, 400
"""Of the SAEs that the bank's is compared with, at most: each takes a minute of a core."""


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
        """How good the bank's SAE is."""
        subject, heard = self.subject, self.heard
        frames = [torch.from_numpy(z) for z in heard.frames]
        unseen = [i for i, split in enumerate(heard.splits) if split == "test"]
        learned = [i for i in range(len(heard)) if i not in set(unseen)]
        held_out = [subject.bank.sae.denormalise(frames[i]) for i in unseen]
        recovered = sound_recovered(subject.model, subject.bank.sae, held_out, subject.options.seed)
        labels = {
            concept: heard.labels[unseen, place].tolist() for place, concept in enumerate(heard.concepts)
        }
        return quality_section(
            subject.bank.sae,
            [subject.bank.sae.denormalise(frames[i]) for i in learned],
            held_out,
            labels,
            [heard.groups[i] for i in unseen],
            recovered=recovered,
            seed=subject.options.seed,
            steps=QUICK_SAE_STEPS if subject.options.quick else min(SAE_STEPS, subject.bank.sae.config.steps),
            quick=subject.options.quick,
            told=subject.progress,
        )

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
                lambda: separability_section(self.bench),
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
