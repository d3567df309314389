"""The classifier of an experiment: the one that was given, one that was trained before of the same things, or one trained now."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.classifiers.network import (
    ConceptClassifier,
    classifier_metadata,
    load_classifier,
    save_classifier,
)
from training.classifiers.training import ClassifierOptions
from training.data.labelled_set import LabelledRecording

FILE = "judge.safetensors"


def training_identity(
    model: str, recordings: Sequence[LabelledRecording], concepts: Sequence[str], options: ClassifierOptions
) -> dict[str, Any]:
    """All that decides a classifier's bits, as JSON holds it; `cached_classifier` keeps it beside the weights.

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


def cached_classifier(
    given: Path | None, folder: Path, learned: dict[str, Any], fit: Callable[[], ConceptClassifier]
) -> ConceptClassifier:
    """A classifier of some concepts.

    Args:
        given: a trained classifier's file; None takes the one kept in `folder` where it learned from the same things, else trains
            one and keeps it there.
        learned: what it is to learn from; see `learned_from`.
        fit: trains one.

    Raises:
        DrawstopError: the given one doesn't know all of the concepts, or can't be read.
    """
    if given is not None:
        classifier, concepts = load_classifier(given), learned["concepts"]
        if not set(concepts) <= set(classifier.concepts):
            raise DrawstopError(
                f"{given} knows {', '.join(classifier.concepts)}, but {', '.join(concepts)} are asked about: give another --judge"
            )
        return classifier
    path = folder / FILE
    kept = _kept(path, learned)
    if kept is not None:
        return kept
    classifier = fit()
    save_classifier(path, classifier, learned)
    return classifier


def _kept(path: Path, learned: dict[str, Any]) -> ConceptClassifier | None:
    """The classifier in a file, if it learned from these things; a damaged file is trained anew."""
    try:
        same = classifier_metadata(path) == json.loads(json.dumps(learned))
        return load_classifier(path) if same else None
    except DrawstopError:
        return None
