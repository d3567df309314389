"""What stands at the head of a page of evidence: which bank, which model, which recordings, which versions and seeds."""

from __future__ import annotations

import datetime

import torch

from drawstop import __version__
from training.evidence.opening import Opened
from training.evidence.page.pages import PageHead

_DIGITS = 16


def head_of(opened: Opened) -> PageHead:
    """The head of a page, with today's date."""
    stops = ", ".join(dict.fromkeys(stop.name for bank in opened.banks for stop in bank.stops))
    data = opened.data
    counts = {split: len(data.of(split)) for split in ("train", "validation", "test")}
    said = ", ".join(f"{count} {split}" for split, count in counts.items() if count)
    provenance = {
        "drawstop": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "seed": opened.options.seed,
        "quick": opened.options.quick,
        "model": opened.banks[0].model_fingerprint[:_DIGITS],
        "sites": ", ".join(bank.site for bank in opened.banks),
        "banks": ", ".join(fingerprint[:_DIGITS] for fingerprint in opened.fingerprints),
        "recordings": f"{data.name} ({data.layout}): {said}",
        "labels": ", ".join(f"{label} {count}" for label, count in sorted(data.counts().items())),
    }
    subtitle = (f"Stops: {stops}", f"Measured on {counts['test']} recordings that nothing was found on.")
    return PageHead(f"Evidence for {opened.name}", subtitle, provenance, datetime.date.today().isoformat())
