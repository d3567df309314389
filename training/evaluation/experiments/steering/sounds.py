"""Clips to listen to: unsteered, steered and with the control, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from drawstop.audio_files import write_audio
from training.evaluation.playback.playback import RANDOM, STOP, Bench
from training.evaluation.results import Players, Sound

FOLDER = "sounds"
CLIPS = 2
"""Of each kind."""


def write_players(bench: Bench, edits: Mapping[str, Any], folder: Path) -> list[Players]:
    """For every stop some clips as recorded, at rest, with the stop turned, and with random features; written as FLAC."""
    players = []
    for concept in bench.items.concepts:
        rows = []
        kinds = (("alone", -1.0), ("mixed", -1.0), ("lacking", 1.0))
        for kind, value in kinds:
            for place in getattr(bench.items, kind)(concept)[:CLIPS]:
                rows.append(_row(bench, edits, folder, concept, kind, place, value))
        note = "Random features: as large an edit, frame by frame, that knows nothing of the concept."
        players.append(Players(f"Listen: {concept}", tuple(rows), note))
    return players


def _row(
    bench: Bench, edits: Mapping[str, Any], folder: Path, concept: str, kind: str, place: int, value: float
) -> tuple[Sound, ...]:
    said = "−1" if value < 0 else "+1"
    slug = bench.slugs[concept]
    sounds: dict[str, tuple[str, Tensor | None]] = {
        "recorded": ("as recorded", bench.original(place)),
        "rest": ("through the model, at 0", bench.rest[place]),
        "stop": (f"{concept} {said}", bench.sound(edits[STOP], [place], {concept: value})[0]),
        "random": (
            f"random features, as much as {said}",
            bench.sound(edits[RANDOM], [place], {concept: value})[0],
        ),
    }
    found = []
    for name, (label, audio) in sounds.items():
        if audio is not None:
            path = Path(FOLDER) / f"{slug}-{kind}-{place:03}-{name}.flac"
            write_audio(folder / path, audio[None].clamp(-1, 1).numpy(), bench.rate)
            found.append(Sound(f"{kind}: {label}", path.as_posix()))
    return tuple(found)
