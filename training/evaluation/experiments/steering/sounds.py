"""Clips to listen to: unsteered, steered and with the control, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from drawstop.audio.files import write_audio
from training.evaluation.playback.playback import RANDOM, STOP, Playback
from training.evaluation.results import AudioPlayers, Sound

FOLDER = "sounds"
CLIPS = 2
"""Clips of each kind."""


def write_players(playback: Playback, edits: Mapping[str, Any], folder: Path) -> list[AudioPlayers]:
    """Writes clips for every stop as FLAC: as recorded, the stop at 0, the stop turned, and random features."""
    players = []
    for concept in playback.items.concepts:
        rows = []
        kinds = (("alone", -1.0), ("mixed", -1.0), ("lacking", 1.0))
        for kind, value in kinds:
            for index in getattr(playback.items, kind)(concept)[:CLIPS]:
                rows.append(_row(playback, edits, folder, concept, kind, index, value))
        note = "Random features: as large an edit, frame by frame, that knows nothing of the concept."
        players.append(AudioPlayers(f"Listen: {concept}", tuple(rows), note))
    return players


def _row(
    playback: Playback,
    edits: Mapping[str, Any],
    folder: Path,
    concept: str,
    kind: str,
    index: int,
    value: float,
) -> tuple[Sound, ...]:
    said = "−1" if value < 0 else "+1"
    slug = playback.slugs[concept]
    sounds: dict[str, tuple[str, Tensor | None]] = {
        "recorded": ("as recorded", playback.original(index)),
        "rest": ("through the model, at 0", playback.neutral[index]),
        "stop": (f"{concept} {said}", playback.sound(edits[STOP], [index], {concept: value})[0]),
        "random": (
            f"random features, as much as {said}",
            playback.sound(edits[RANDOM], [index], {concept: value})[0],
        ),
    }
    found = []
    for name, (label, audio) in sounds.items():
        if audio is not None:
            path = Path(FOLDER) / f"{slug}-{kind}-{index:03}-{name}.flac"
            write_audio(folder / path, audio[None].clamp(-1, 1).numpy(), playback.rate)
            found.append(Sound(f"{kind}: {label}", path.as_posix()))
    return tuple(found)
