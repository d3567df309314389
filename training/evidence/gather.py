"""All experiments on one subject, one after the other; what is done is kept, so that a killed gathering goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from drawstop import __version__
from drawstop.base.errors import DrawstopError
from drawstop.base.files import sha256_file, write_json
from training.evidence.layers import layers_section
from training.evidence.rave_bench import RaveBench
from training.evidence.section import Section, from_json, to_json
from training.evidence.separability import separability_section
from training.evidence.steering import steering_section
from training.evidence.subject import Subject
from training.evidence.together import together_section
from training.stops import bank_fingerprint

FOLDER = "sections"


class Laboratory:
    """A subject and what its experiments share, made when the first of them asks."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def bench(self) -> RaveBench:
        """Clips played and heard at rest."""
        return RaveBench(self.subject)


Experiment = Callable[[Laboratory], Section]

EXPERIMENTS: dict[str, Experiment] = {
    "steering": lambda laboratory: steering_section(laboratory.bench, laboratory.subject.folder),
    "separability": lambda laboratory: separability_section(laboratory.bench),
    "together": lambda laboratory: together_section(laboratory.bench),
    "layers": lambda laboratory: layers_section(laboratory.bench),
}
"""By slug, in the order of the page."""


def gather(subject: Subject, bank_folder: Path, only: Sequence[str] = ()) -> list[Section]:
    """The sections of some experiments, or of all; one that was gathered before of the same things is read back.

    Raises:
        DrawstopError: an experiment that isn't there, or recordings that are too little for one.
    """
    unknown = [name for name in only if name not in EXPERIMENTS]
    if unknown:
        raise DrawstopError(f"no experiment {unknown[0]!r}: expected one of {', '.join(EXPERIMENTS)}")
    identity, laboratory, found = identity_of(subject, bank_folder), Laboratory(subject), []
    for number, (slug, experiment) in enumerate(EXPERIMENTS.items()):
        if only and slug not in only:
            continue
        path = subject.folder / FOLDER / f"{slug}.json"
        section = _kept(path, identity)
        if section is None:
            section = experiment(laboratory)
            write_json(path, {"identity": identity, "section": to_json(section)})
        found.append(section)
        if subject.progress:
            subject.progress("experiments", number + 1, len(EXPERIMENTS))
    return found


def identity_of(subject: Subject, bank_folder: Path) -> str:
    """Tells what was measured from anything else: model, bank, recordings, judges, options, version."""
    recordings = [
        [sha256_file(r.path), sorted(r.labels), r.group, r.split, r.timbre, r.new_timbre]
        for r in subject.data.recordings
    ]
    options = subject.options
    asked: dict[str, Any] = {
        "version": __version__,
        "model": subject.model.fingerprint,
        "bank": bank_fingerprint(bank_folder),
        "recordings": recordings,
        "judge": sha256_file(subject.judge) if subject.judge else None,
        "options": [options.seed, options.quick, str(options.clap)],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _kept(path: Path, identity: str) -> Section | None:
    """A section of the same things, if it is there; a damaged file is measured anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return from_json(content["section"]) if content["identity"] == identity else None
    except (OSError, ValueError, KeyError, TypeError, DrawstopError):
        return None
