"""Recognises the source of a gesture: the one that has moved farthest, and its kind.

All messages of the gesture are needed: a single message could come from any kind. Where two answers are possible, the
second is given too, and the user is asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.learning.heard import NOISE, Heard, Received, heard_sources
from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.learning.turned import button, turned
from realtime.controllers.midi.mpe_learn import find_finger
from realtime.controllers.midi.source import MidiSource

RIVAL = 0.5
"""The share of the largest movement from which another source may have been the one that was meant."""
TOUCHED = 0.05
"""The movement beside which a press is a touch of the fader."""
FULL_VELOCITY = 127
"""What faders send when they are touched (Mackie Control and its like)."""
RELEASED = 8
"""A pad's pressure begins and ends at or below this."""


def detect(messages: Sequence[Any], device: str | None = None) -> LearnedSource:
    """The source that has sent some messages (mido's, in their order), of one device.

    Raises:
        DrawstopError: none of them can be mapped.
    """
    return recognise([(device or "", message, float(message.time)) for message in messages])


def recognise(received: Sequence[Received], leave: Collection[MidiSource] = ()) -> LearnedSource:
    """The source that has moved farthest, of all devices but without some sources.

    Raises:
        DrawstopError: none can be mapped.
    """
    heard = [each for each in heard_sources(received) if each.source not in leave]
    ranked = _ranked([each for each in heard if each.movement > NOISE] or [h for h in heard if h.movement])
    if not ranked:
        raise DrawstopError("nothing came that moves a knob; move a knob, a fader, a pad, a key or a pedal")
    winner = ranked[0]
    finger = _finger(received, winner.source.device or "")
    if finger is not None:
        return finger
    rivals = [each for each in ranked[1:] if each.movement >= RIVAL * winner.movement]
    learned = _kind(winner)
    return learned.or_else(_kind(rivals[0])) if rivals else learned


def _finger(received: Sequence[Received], device: str) -> LearnedSource | None:
    finger = find_finger([message for name, message, _ in received if name == device])
    if finger is None:
        return None
    guesses = [LearnedSource(MidiSource(kind, device=device or None)) for kind in (finger.kind, "mpe timbre")]
    return guesses[0].or_else(None if finger.sure else guesses[1])


def _ranked(heard: Sequence[Heard]) -> list[Heard]:
    """The sources that may have been meant, the one that moved farthest first."""
    meant = [each for each in heard if not _is_touch(each, heard) and not _is_pads_pressure(each, heard)]
    return sorted(meant, key=lambda each: each.movement, reverse=True)


def _is_touch(press: Heard, heard: Sequence[Heard]) -> bool:
    """Whether a press lasts as long as a fader of its device moves: then the hand touched the fader."""
    if press.data[0] != FULL_VELOCITY or not (press.source.kind == "note" or press.is_button):
        return False
    last = press.indices[-1] if press.data[-1] == 0 else max(each.indices[-1] for each in heard)
    return any(
        each.source.device == press.source.device
        and each.source.kind in ("cc", "cc14", "bend", "nrpn", "rpn")
        and not each.is_button
        and each.movement >= TOUCHED
        and press.indices[0] < each.indices[0]
        and each.indices[-1] <= last
        and not _returns(each)
        for each in heard
    )


def _is_pads_pressure(pressure: Heard, heard: Sequence[Heard]) -> bool:
    """Whether a movement is that of a finger on a pad that was struck."""
    notes = [h for h in heard if h.source.kind == "note" and h.source.device == pressure.source.device]
    if pressure.source.kind in ("pressure", "key-pressure"):
        return bool(notes)
    return _returns(pressure) and any(note.data[0] < FULL_VELOCITY for note in notes)


def _returns(heard: Heard) -> bool:
    """Whether a controller comes from rest and goes back to it, as a pad's pressure does."""
    return (
        heard.source.kind == "cc"
        and max(heard.data[0], heard.data[-1]) <= RELEASED
        and not _is_encoder(heard)
    )


def _is_encoder(heard: Heard) -> bool:
    return turned(heard.source, heard.data).mode == "relative"


def _kind(heard: Heard) -> LearnedSource:
    source = heard.source
    match source.kind:
        case "note":
            return LearnedSource(source, "velocity")
        case "program":
            return LearnedSource(source, "toggle")
        case "cc":
            is_button = heard.is_button or _is_switch(heard.data)
            return button(heard) if is_button else turned(source, heard.data)
        case "nrpn" | "rpn" if len(heard.steps) == len(heard.data):
            return LearnedSource(source, "relative")
    return LearnedSource(source, order=heard.order)


def _is_switch(data: Sequence[int]) -> bool:
    """Whether data go to one value in the upper half and back to 0, again and again."""
    return len(set(data)) == 2 and min(data) == 0 and max(data) >= 64 and len(data) > 1
