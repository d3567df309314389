"""Recognises the messages of a finger on an MPE controller, and which of its movements was meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from realtime.controllers.midi.mpe import MEMBER_SEMITONES, movement
from realtime.controllers.midi.mpe_zones import LOWER
from realtime.controllers.midi.source import Kind

FEWEST_DIMENSIONS = 2
"""The fewest of bend, pressure and timbre that a finger sends; a plain pad sends pressure with its note, but no more."""
INTENDED: dict[Kind, float] = {
    "mpe bend": 2 * 8192 / MEMBER_SEMITONES,
    "mpe timbre": 32,
    "mpe pressure": 16,
}
"""The distance from which a glide (two semitones, at the default range), slide or press counts as intended: no finger
keeps still."""


@dataclass(frozen=True)
class Finger:
    """A finger's main movement.

    Attributes:
        kind: the kind of a glide, a slide or a press; that of a strike if it did none of these.
        sure: False if the finger both glided and slid.
    """

    kind: Kind
    sure: bool


def find_finger(messages: Sequence[Any]) -> Finger | None:
    """The finger that sent some messages (mido's, in their order); None if a plain channel may have sent them.

    An MPE controller sends each note's movements on the note's own member channel: two of bend, pressure and timbre at
    least, some of them before the note begins. Channel 1, which is a master unless the upper zone has all channels, and
    which single-channel keyboards use, is taken as plain.
    """
    notes = [message for message in messages if message.type == "note_on" and message.velocity > 0]
    for note in notes:
        if note.channel + 1 == LOWER:
            continue
        of_note = [message for message in messages if getattr(message, "channel", None) == note.channel]
        distances = _distances(of_note, of_note.index(note))
        if len(distances) >= FEWEST_DIMENSIONS:
            return _finger(distances)
    return None


def _finger(distances: dict[Kind, int]) -> Finger:
    moved = [kind for kind, least in INTENDED.items() if distances.get(kind, 0) >= least]
    if not moved:
        return Finger("mpe strike", True)
    return Finger(moved[0], sure=not {"mpe bend", "mpe timbre"} <= set(moved))


def _distances(messages: Sequence[Any], start: int) -> dict[Kind, int]:
    """The distance that each kind has moved, from the note-on at index `start` to the note's end."""
    ends: dict[Kind, tuple[int, int]] = {}
    for index, message in enumerate(messages):
        if message.type in ("note_off", "note_on") and index > start:
            break
        moved = movement(message)
        if moved is not None:
            kind, data = moved
            low, high = ends.get(kind, (data, data)) if index > start else (data, data)
            ends[kind] = min(low, data), max(high, data)
    return {kind: high - low for kind, (low, high) in ends.items()}
