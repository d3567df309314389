"""The experiments on a RAVE's bank, and what they share, made when the first of them asks."""

from __future__ import annotations

from functools import cached_property

from training.evidence.gather import Experiment, Experiments
from training.evidence.layers import layers_section
from training.evidence.rave_bench import RaveBench
from training.evidence.separability import separability_section
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

    def by_slug(self) -> Experiments:
        """In the order of the page."""
        return {
            "steering": Experiment(
                "Does each stop do what it says?",
                lambda: steering_section(self.bench, self.subject.folder),
                "steering",
            ),
            "separability": Experiment(
                "Are the concepts separable?", lambda: separability_section(self.bench), "separability"
            ),
            "together": Experiment("Several stops at once", lambda: together_section(self.bench), "steering"),
            "layers": Experiment(
                "Which layers carry a concept?", lambda: layers_section(self.bench), "classification"
            ),
        }
