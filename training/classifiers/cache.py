"""The judge of an experiment: the one that was given, one that was trained before of the same things, or one trained now."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.classifiers.network import Judge, judge_metadata, load_judge, save_judge
from training.classifiers.training import JudgeOptions
from training.data.labelled_set import LabelledRecording

FILE = "judge.safetensors"


def learned_from(
    model: str, recordings: Sequence[LabelledRecording], concepts: Sequence[str], options: JudgeOptions
) -> dict[str, Any]:
    """All that decides a judge's bits, as JSON holds it; `own_judge` keeps it beside the weights.

    Args:
        model: the fingerprint of the one whose sound it learns from too.
    """
    return {
        "version": __version__,
        "model": model,
        "concepts": list(concepts),
        "recordings": [[sha256_file(each.path), sorted(each.labels)] for each in recordings],
        "options": asdict(options),
    }


def own_judge(given: Path | None, folder: Path, learned: dict[str, Any], fit: Callable[[], Judge]) -> Judge:
    """A judge of some concepts.

    Args:
        given: a trained judge's file; None takes the one kept in `folder` where it learned from the same things, else trains
            one and keeps it there.
        learned: what it is to learn from; see `learned_from`.
        fit: trains one.

    Raises:
        DrawstopError: the given one doesn't hear all of the concepts, or can't be read.
    """
    if given is not None:
        judge, concepts = load_judge(given), learned["concepts"]
        if not set(concepts) <= set(judge.concepts):
            raise DrawstopError(
                f"{given} hears {', '.join(judge.concepts)}, but {', '.join(concepts)} are asked about: give another --judge"
            )
        return judge
    path = folder / FILE
    kept = _kept(path, learned)
    if kept is not None:
        return kept
    judge = fit()
    save_judge(path, judge, learned)
    return judge


def _kept(path: Path, learned: dict[str, Any]) -> Judge | None:
    """The judge in a file, if it learned from these things; a damaged file is trained anew."""
    try:
        same = judge_metadata(path) == json.loads(json.dumps(learned))
        return load_judge(path) if same else None
    except DrawstopError:
        return None
