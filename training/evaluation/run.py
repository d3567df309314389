"""Experiments, one after the other; what is done is kept, so that a killed gathering goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file, write_json
from drawstop.progress import Progress
from training.data.labelled_set import LabelledSet
from training.data.sufficiency import refuse_too_little
from training.evaluation.rave_context import Options
from training.evaluation.results import Section, from_json, to_json
from training.metrics import notes

FOLDER = "sections"


@dataclass(frozen=True)
class Experiment:
    """What can be measured.

    Attributes:
        title: of its section.
        needs: which of `needs.NEEDS` it has; empty: it takes any recordings.
    """

    title: str
    measure: Callable[[], Section]
    needs: str = ""


Experiments = Mapping[str, Experiment]
"""By slug, in the order of the page."""


def gather(
    experiments: Experiments,
    data: LabelledSet,
    concepts: Sequence[str],
    folder: Path,
    identity: str,
    only: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Section]:
    """The sections of some experiments, or of all; one that was gathered before of the same things is read back.

    An experiment that the recordings are too few for says so in its section, unless nothing else can be measured.

    Args:
        concepts: which labels are asked about.
        folder: where sections are kept, each as soon as it's done.
        identity: tells what is measured from anything else; see `identity_of`.

    Raises:
        DrawstopError: an experiment that isn't there, or recordings that are too little for one.
    """
    unknown = [name for name in only if name not in experiments]
    if unknown:
        raise DrawstopError(f"no experiment {unknown[0]!r}: expected one of {', '.join(experiments)}")
    wanted = {slug: each for slug, each in experiments.items() if not only or slug in only}
    lacks = {slug: _lack(data, concepts, each.needs) for slug, each in wanted.items()}
    if all(lacks.values()):
        raise DrawstopError(next(iter(lacks.values())))
    found = []
    for number, (slug, experiment) in enumerate(wanted.items()):
        if lacks[slug]:
            found.append(Section(slug, experiment.title, "", f"Not measured: {lacks[slug]}"))
            continue
        path = folder / FOLDER / f"{slug}.json"
        section = _kept(path, identity)
        if section is None:
            section = experiment.measure()
            write_json(path, {"identity": identity, "section": to_json(section)})
        found.append(section)
        if progress:
            progress("experiments", number + 1, len(wanted))
    return found


def identity_of(
    model: str, banks: Sequence[str], data: LabelledSet, judge: Path | None, options: Options, **more: Any
) -> str:
    """Tells what was measured from anything else: fingerprints of model and banks, recordings, judge, options, version, whether
    notes can be tracked.

    Args:
        more: anything else that decides the figures, as JSON holds it.
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
        "judge": sha256_file(judge) if judge else None,
        "options": [options.seed, options.quick, str(options.clap)],
        "notes": notes.installed(),
        **more,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _lack(data: LabelledSet, concepts: Sequence[str], needs: str) -> str:
    """What is too little for an experiment, in a line; empty where nothing is."""
    if not needs:
        return ""
    try:
        for concept in concepts:
            refuse_too_little(data, concept, needs)
    except DrawstopError as error:
        return str(error)
    return ""


def _kept(path: Path, identity: str) -> Section | None:
    """A section of the same things, if it is there; a damaged file is measured anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return from_json(content["section"]) if content["identity"] == identity else None
    except (OSError, ValueError, KeyError, TypeError, DrawstopError):
        return None
