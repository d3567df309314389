"""Whether a finger on an MPE controller has sent some messages, and which of its movements was meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from realtime.controllers.midi.mpe import MEMBER_SEMITONES, movement
from realtime.controllers.midi.mpe_zones import LOWER
from realtime.controllers.midi.source import Kind

FEWEST_DIMENSIONS = 2
"""Of bend, pressure and timbre: a plain pad sends its pressure with its note, too, but no more."""
MEANT: dict[Kind, float] = {
    "mpe bend": 2 * 8192 / MEMBER_SEMITONES,
    "mpe timbre": 32,
    "mpe pressure": 16,
}
"""How far a finger that means it glides (two semitones, at the usual range), slides or presses. No finger keeps still."""


@dataclass(frozen=True)
class Finger:
    """What a finger did most.

    Attributes:
        kind: a glide's, a slide's, a press's; a mere strike's if it did none.
        sure: whether it did one of glide and slide alone, or neither.
    """

    kind: Kind
    sure: bool


def touched_by(messages: Sequence[Any]) -> Finger | None:
    """The finger that sent these (mido's, in their order); None where they may be a plain channel's.

    An MPE controller sends each note's movements on the note's own member channel: two of bend, pressure and timbre at
    least, some of them before the note begins. Channel 1, which is a master unless the upper zone has all channels, and
    which single-channel keyboards use, is taken as plain.
    """
    notes = [message for message in messages if message.type == "note_on" and message.velocity > 0]
    for note in notes:
        if note.channel + 1 == LOWER:
            continue
        of_note = [message for message in messages if getattr(message, "channel", None) == note.channel]
        ways = _ways(of_note, of_note.index(note))
        if len(ways) >= FEWEST_DIMENSIONS:
            return _finger(ways)
    return None


def _finger(ways: dict[Kind, int]) -> Finger:
    moved = [kind for kind, meant in MEANT.items() if ways.get(kind, 0) >= meant]
    if not moved:
        return Finger("mpe strike", True)
    return Finger(moved[0], sure=not {"mpe bend", "mpe timbre"} <= set(moved))


def _ways(messages: Sequence[Any], start: int) -> dict[Kind, int]:
    """How far each dimension that came has moved, from the note on to its end."""
    ends: dict[Kind, tuple[int, int]] = {}
    for place, message in enumerate(messages):
        if message.type in ("note_off", "note_on") and place > start:
            break
        moved = movement(message)
        if moved is not None:
            kind, data = moved
            low, high = ends.get(kind, (data, data)) if place > start else (data, data)
            ends[kind] = min(low, data), max(high, data)
    return {kind: high - low for kind, (low, high) in ends.items()}
