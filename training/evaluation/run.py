"""Runs experiments one after the other; each result is stored, so that a killed run goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file, write_json
from drawstop.progress import Progress
from training.data.labelled_set import LabelledSet
from training.data.sufficiency import refuse_too_little
from training.evaluation.context import Options
from training.evaluation.costs import PartCost
from training.evaluation.results import Result, from_json, to_json
from training.metrics import notes

FOLDER = "sections"


@dataclass(frozen=True)
class Experiment:
    """An experiment that can be run on a context.

    Attributes:
        title: the title of its result.
        run: measures it, given the context and the options.
        needs: the entry of `sufficiency.NEEDS` that applies; empty: it takes any recordings.
        costs: about how long its parts take, in their order, for the progress; empty: unknown.
    """

    title: str
    run: Callable[[Any, Options], Result]
    needs: str = ""
    costs: tuple[PartCost, ...] = ()


Experiments = Mapping[str, Experiment]
"""Experiments by slug, in the order of the page."""


class Measured(Protocol):
    """The parts of a context that `run_experiments` itself uses: recordings, concepts and the results' folder."""

    @property
    def data(self) -> LabelledSet:
        """Labelled recordings."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """The labels that are measured."""

    @property
    def folder(self) -> Path:
        """Where results are stored, each as soon as it's done."""

    @property
    def options(self) -> Options:
        """How much is measured."""


def run_experiments(
    experiments: Experiments,
    context: Measured,
    identity: str,
    only: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Result]:
    """The results of some experiments, or of all; one that was measured before on the same things is read back.

    An experiment for which there are too few recordings says so in its result, unless nothing else can be measured.

    Args:
        context: what is measured.
        identity: a hash of everything that decides the results; see `identity_of`.

    Raises:
        DrawstopError: an experiment that isn't there, or recordings that are too little for one.
    """
    lacks = lacking(experiments, context, only)
    if all(lacks.values()):
        raise DrawstopError(next(iter(lacks.values())))
    results = []
    for slug, lack in lacks.items():
        experiment = experiments[slug]
        if lack:
            results.append(Result(slug, experiment.title, "", f"Not measured: {lack}"))
            continue
        path = context.folder / FOLDER / f"{slug}.json"
        if progress:
            progress(slug, 0, 0)
        result = _stored(path, identity)
        if result is None:
            result = experiment.run(context, context.options)
            write_json(path, {"identity": identity, "section": to_json(result)})
        results.append(result)
        if progress:
            progress(slug, 1, 1)
    return results


def lacking(experiments: Experiments, context: Measured, only: Sequence[str] = ()) -> dict[str, str]:
    """What the recordings lack for each of some experiments, or of all, in their order; empty for those that are run.

    Raises:
        DrawstopError: an experiment that isn't there.
    """
    unknown = [name for name in only if name not in experiments]
    if unknown:
        raise DrawstopError(f"no experiment {unknown[0]!r}: expected one of {', '.join(experiments)}")
    wanted = {slug: each for slug, each in experiments.items() if not only or slug in only}
    return {slug: _lack(context.data, context.concepts, each.needs) for slug, each in wanted.items()}


def identity_of(
    model: str,
    banks: Sequence[str],
    data: LabelledSet,
    classifier: Path | None,
    options: Options,
    **more: Any,
) -> str:
    """A hash of all that decides what is measured: fingerprints of model and banks, recordings, classifier, options, version,
    whether notes can be tracked.

    Args:
        more: anything else that decides the results, as values for JSON.
    """
    recordings = [
        [sha256_file(r.path), sorted(r.labels), r.group, r.split, r.timbre, r.new_timbre]
        for r in data.recordings
    ]
    asked: dict[str, Any] = {
        "version": __version__,
        "model": model,
        "banks": list(banks),
        "recordings": recordings,
        "judge": sha256_file(classifier) if classifier else None,
        "options": [options.seed, options.quick, str(options.clap)],
        "notes": notes.installed(),
        **more,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _lack(data: LabelledSet, concepts: Sequence[str], needs: str) -> str:
    """What the recordings lack for an experiment, in one line; empty where nothing is missing."""
    if not needs:
        return ""
    try:
        for concept in concepts:
            refuse_too_little(data, concept, needs)
    except DrawstopError as error:
        return str(error)
    return ""


def _stored(path: Path, identity: str) -> Result | None:
    """A result of the same things, if it is there; a damaged file is measured anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return from_json(content["section"]) if content["identity"] == identity else None
    except (OSError, ValueError, KeyError, TypeError, DrawstopError):
        return None
