"""What stands at the head of a page of evidence: which bank, which model, which recordings, which versions and seeds."""

from __future__ import annotations

import datetime
from pathlib import Path

import torch

from drawstop import __version__
from training.evidence.page.pages import PageHead
from training.evidence.subject import Subject
from training.stops import bank_fingerprint

_DIGITS = 16


def head_of(subject: Subject, bank: Path) -> PageHead:
    """The head of a subject's page, with today's date."""
    stops = ", ".join(stop.name for stop in subject.bank.stops)
    data = subject.data
    counts = {split: len(data.of(split)) for split in ("train", "validation", "test")}
    said = ", ".join(f"{count} {split}" for split, count in counts.items() if count)
    provenance = {
        "drawstop": __version__,
        "torch": torch.__version__,
        "seed": subject.options.seed,
        "quick": subject.options.quick,
        "model": subject.model.fingerprint[:_DIGITS],
        "site": subject.bank.site,
        "bank": bank_fingerprint(bank)[:_DIGITS],
        "recordings": f"{data.name} ({data.layout}): {said}",
        "labels": ", ".join(f"{label} {count}" for label, count in sorted(data.counts().items())),
    }
    subtitle = (f"Stops: {stops}", f"Measured on {counts['test']} recordings that nothing was found on.")
    return PageHead(f"Evidence for {bank.name}", subtitle, provenance, datetime.date.today().isoformat())
