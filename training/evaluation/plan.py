"""The steps of an evaluation and about how long each one takes, for its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drawstop.audio_decoding import header_of
from drawstop.errors import DrawstopError
from drawstop.progress import Plan, Step
from training.data.labelled_set import LabelledSet
from training.evaluation.context import EvaluationContext
from training.evaluation.encoded_set import LONGEST_SECONDS
from training.evaluation.experiment_tables import MUSICGEN, RAVE
from training.evaluation.run import Experiments, lacking

STOPS, PAIRS, SOUND, FIXED = "stops", "pairs of stops", "sound", "fixed"
"""What the time grows with."""

MEASURED_ON = {STOPS: 2.0, PAIRS: 1.0, SOUND: 177.0, FIXED: 1.0}
"""The example bank's stops, and its recordings in seconds: what the times below were measured on."""

Costs = Mapping[str, Sequence[tuple[str, float, float, str]]]
"""By experiment, its parts: the name that they are reported by, seconds on two cores in quick mode and as a whole, what they grow
with. Those of quick mode were measured; the others and a MusicGen's are guesses, which the parts that are done correct."""

RAVE_COSTS: Costs = {
    "steering": (("a classifier learns the concepts", 12, 40, FIXED), ("steering", 62, 350, STOPS)),
    "together": (("together", 9, 27, PAIRS),),
    "separability": (("separability", 6, 18, STOPS),),
    "classification": (("listening", 4, 4, SOUND), ("classification", 10, 12, SOUND)),
    "growth": (("growth", 1, 4, FIXED),),
    "training-growth": (("training-growth", 10, 40, FIXED),),
    "layers": (("layers", 58, 200, SOUND),),
    "quality": (
        ("training another seed", 16, 16, FIXED),
        ("training a narrower one", 7, 7, FIXED),
        ("probing", 5, 5, SOUND),
        ("quality", 9, 9, FIXED),
    ),
    "atlas": (("describing", 43, 60, SOUND), ("atlas", 3, 3, SOUND)),
}
MUSICGEN_COSTS: Costs = {
    "steering": (("a classifier learns the concepts", 20, 60, FIXED), ("steering", 400, 1200, STOPS)),
    "together": (("together", 100, 300, PAIRS),),
    "separability": (("separability", 60, 180, STOPS),),
    "layers": (("layers", 60, 60, SOUND),),
    "quality": (("quality", 30, 60, SOUND),),
}


def planned_experiments(
    experiments: Experiments, context: EvaluationContext, only: Sequence[str] = (), prefix: str = ""
) -> Plan:
    """A step for each experiment that is run.

    Args:
        prefix: that is put before each name which progress is reported by.
    """
    costs = RAVE_COSTS if experiments is RAVE else MUSICGEN_COSTS
    assert experiments in (RAVE, MUSICGEN)
    stops = len(context.concepts)
    there = {STOPS: stops, PAIRS: stops * (stops - 1) / 2, SOUND: _seconds(context.data), FIXED: 1.0}

    def step(slug: str) -> Step:
        return [
            (prefix + name, (quick if context.options.quick else whole) * there[grows] / MEASURED_ON[grows])
            for name, quick, whole, grows in costs[slug]
        ]

    return [step(slug) for slug, lack in lacking(experiments, context, only).items() if not lack]


def _seconds(data: LabelledSet) -> float:
    """How much sound is listened to: of each recording no more than is encoded."""
    seconds = 0.0
    for recording in data.recordings:
        try:
            seconds += min(LONGEST_SECONDS, header_of(recording.path).seconds)
        except DrawstopError:
            continue  # what reads it says so
    return seconds
