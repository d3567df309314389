"""The steps of an evaluation and about how long each one takes, for its progress."""

from __future__ import annotations

from collections.abc import Sequence

from drawstop.audio.decoding import header_of
from drawstop.errors import DrawstopError
from drawstop.progress import Plan, Step
from training.data.labelled_set import LabelledSet
from training.evaluation.context import EvaluationContext
from training.evaluation.costs import FIXED, PAIRS, SOUND, STOPS, PartCost
from training.evaluation.encoded_set import LONGEST_SECONDS
from training.evaluation.run import Experiments, lacking

UNKNOWN_S = 30.0, 60.0
"""Seconds, in quick mode and in full, of an experiment whose row has no costs."""


def planned_experiments(
    experiments: Experiments, context: EvaluationContext, only: Sequence[str] = (), prefix: str = ""
) -> Plan:
    """A step for each experiment that is run.

    Args:
        prefix: put before each name by which progress is reported.
    """
    stops = len(context.concepts)
    there = {STOPS: stops, PAIRS: stops * (stops - 1) / 2, SOUND: _seconds(context.data), FIXED: 1.0}

    def step(slug: str) -> Step:
        costs = experiments[slug].costs or (PartCost(slug, *UNKNOWN_S, FIXED),)
        return [(prefix + cost.name, cost.seconds(context.options.quick, there)) for cost in costs]

    return [step(slug) for slug, lack in lacking(experiments, context, only).items() if not lack]


def _seconds(data: LabelledSet) -> float:
    """Seconds of sound that are encoded."""
    seconds = 0.0
    for recording in data.recordings:
        try:
            seconds += min(LONGEST_SECONDS, header_of(recording.path).seconds)
        except DrawstopError:
            continue  # what reads it says so
    return seconds
