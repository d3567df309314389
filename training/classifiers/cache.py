"""The classifier of an experiment: a given one, a cached one of the same recordings and options, or a new one."""

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
    load_classifier,
    save_classifier,
)
from training.classifiers.training import ClassifierOptions
from training.classifiers.weights_file import CLASSIFIER, read_metadata
from training.data.labelled_set import LabelledRecording

FILE = "judge.safetensors"


def training_identity(
    model: str, recordings: Sequence[LabelledRecording], concepts: Sequence[str], options: ClassifierOptions
) -> dict[str, Any]:
    """Everything that a trained classifier's weights depend on, as JSON; `cached_classifier` stores it with them.

    Args:
        model: fingerprint of the model whose sound it is trained on too.
    """
    return {
        "version": __version__,
        "model": model,
        "concepts": list(concepts),
        "recordings": [[sha256_file(each.path), sorted(each.labels)] for each in recordings],
        "options": asdict(options),
    }


def cached_classifier(
    given: Path | None, folder: Path, identity: dict[str, Any], fit: Callable[[], ConceptClassifier]
) -> ConceptClassifier:
    """The given classifier, or the one in a folder, which is trained where it isn't there yet.

    Args:
        given: a trained classifier's file; None: the one in `folder` if it has the same identity, else one that is
            trained and saved there.
        identity: what it is to be trained on, as `training_identity` gives it.
        fit: trains one.

    Raises:
        DrawstopError: the given one doesn't know all of the concepts, or can't be read.
    """
    if given is not None:
        classifier, concepts = load_classifier(given), identity["concepts"]
        if not set(concepts) <= set(classifier.concepts):
            raise DrawstopError(
                f"{given} knows {', '.join(classifier.concepts)}, but {', '.join(concepts)} are asked about: "
                "give another --classifier"
            )
        return classifier
    path = folder / FILE
    cached = _cached(path, identity)
    if cached is not None:
        return cached
    classifier = fit()
    save_classifier(path, classifier, identity)
    return classifier


def _cached(path: Path, identity: dict[str, Any]) -> ConceptClassifier | None:
    """The classifier in a file, if it has this identity; None for another one, and for a missing or damaged file."""
    try:
        same = read_metadata(path, CLASSIFIER) == json.loads(json.dumps(identity))
        return load_classifier(path) if same else None
    except DrawstopError:
        return None
