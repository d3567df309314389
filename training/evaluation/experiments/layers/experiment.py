"""Which layers of a model carry a concept, for a RAVE or a MusicGen."""

from __future__ import annotations

from training.evaluation.context import EvaluationContext, Options
from training.evaluation.experiments.layers import musicgen, rave
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Result

TITLE = rave.TITLE


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures every layer of a RAVE, or every layer of a MusicGen that has a bank."""
    if isinstance(context, RaveContext):
        return rave.run(context, options)
    assert isinstance(context, MusicGenContext)
    return musicgen.run(context, options)
