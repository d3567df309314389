"""The judge of an experiment: the one that was given, the one that was trained before, or one trained now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from drawstop.base.errors import DrawstopError
from training.judge import Judge, load_judge, save_judge

FILE = "judge.safetensors"


def own_judge(
    given: Path | None, folder: Path, concepts: Sequence[str], seed: int, fit: Callable[[], Judge]
) -> Judge:
    """A judge of some concepts.

    Args:
        given: a trained judge's file; None takes the one kept in `folder`, or trains one and keeps it there.
        fit: trains one.

    Raises:
        DrawstopError: the given one doesn't hear all of the concepts, or can't be read.
    """
    if given is not None:
        judge = load_judge(given)
        if not set(concepts) <= set(judge.concepts):
            raise DrawstopError(
                f"{given} hears {', '.join(judge.concepts)}, but {', '.join(concepts)} are asked about: give another --judge"
            )
        return judge
    path = folder / FILE
    if path.is_file():
        return load_judge(path)
    judge = fit()
    save_judge(path, judge, {"seed": seed})
    return judge
