"""Recognises the source of a gesture: the one that has moved farthest, and its kind.

All messages of the gesture are needed: a single message could come from any kind. Where two answers are possible, the
second is given too, and the user is asked.
"""

from collections.abc import Collection, Sequence
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.learning.received_sources import NOISE, Received, SourceData, group_by_source
from realtime.controllers.learning.turned import button, turned
from realtime.controllers.midi.mpe_learn import find_finger
from realtime.controllers.midi.source import MidiSource

RIVAL = 0.5
"""Share of the largest movement from which another source counts as a possible answer too."""
TOUCHED = 0.05
"""A press during a movement of at least this much is the hand that touches the fader."""
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
    sources = [each for each in group_by_source(received) if each.source not in leave]
    moved = [each for each in sources if each.movement > NOISE]
    ranked = _ranked(moved or [each for each in sources if each.movement])
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


def _ranked(sources: Sequence[SourceData]) -> list[SourceData]:
    """The sources that may have been meant, the one that moved farthest first."""
    meant = [
        each for each in sources if not _is_touch(each, sources) and not _is_pads_pressure(each, sources)
    ]
    return sorted(meant, key=lambda each: each.movement, reverse=True)


def _is_touch(press: SourceData, sources: Sequence[SourceData]) -> bool:
    """Whether a press lasts as long as a fader of its device moves: then the hand touched the fader."""
    if press.data[0] != FULL_VELOCITY or not (press.source.kind == "note" or press.is_button):
        return False
    last = press.indices[-1] if press.data[-1] == 0 else max(each.indices[-1] for each in sources)
    return any(
        each.source.device == press.source.device
        and each.source.kind in ("cc", "cc14", "bend", "nrpn", "rpn")
        and not each.is_button
        and each.movement >= TOUCHED
        and press.indices[0] < each.indices[0]
        and each.indices[-1] <= last
        and not _returns(each)
        for each in sources
    )


def _is_pads_pressure(pressure: SourceData, sources: Sequence[SourceData]) -> bool:
    """Whether a movement is the pressure of a finger on a pad that was struck."""
    notes = [
        each
        for each in sources
        if each.source.kind == "note" and each.source.device == pressure.source.device
    ]
    if pressure.source.kind in ("pressure", "key-pressure"):
        return bool(notes)
    return _returns(pressure) and any(note.data[0] < FULL_VELOCITY for note in notes)


def _returns(sent: SourceData) -> bool:
    """Whether a controller starts near 0 and goes back there, as a pad's pressure does."""
    return sent.source.kind == "cc" and max(sent.data[0], sent.data[-1]) <= RELEASED and not _is_encoder(sent)


def _is_encoder(sent: SourceData) -> bool:
    return turned(sent.source, sent.data).mode == "relative"


def _kind(sent: SourceData) -> LearnedSource:
    source = sent.source
    match source.kind:
        case "note":
            return LearnedSource(source, "velocity")
        case "program":
            return LearnedSource(source, "toggle")
        case "cc":
            is_button = sent.is_button or _is_switch(sent.data)
            return button(sent) if is_button else turned(source, sent.data)
        case "nrpn" | "rpn" if len(sent.steps) == len(sent.data):
            return LearnedSource(source, "relative")
    return LearnedSource(source, order=sent.order)


def _is_switch(data: Sequence[int]) -> bool:
    """Whether data go to one value in the upper half and back to 0, again and again."""
    return len(set(data)) == 2 and min(data) == 0 and max(data) >= 64 and len(data) > 1
