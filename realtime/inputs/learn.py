"""Waits for a gesture on a controller and recognises its source, for `drawstop learn`."""

import queue
import time
from dataclasses import replace

from realtime.controllers.learning.gesture import QUIET_S, Gesture
from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.midi.names import box_of
from realtime.inputs.message_queue import MessageQueue

POLL_S = 0.05


def learn_source(messages: MessageQueue, quiet_s: float = QUIET_S) -> LearnedSource:
    """Wait until somebody has moved something on a controller and let it go; the source."""
    gesture = Gesture(quiet_s)
    while (learned := gesture.learned(time.monotonic())) is None:
        try:
            gesture.add(*messages.get(timeout=POLL_S))
            while True:
                gesture.add(*messages.get_nowait())
        except queue.Empty:
            pass
    return named(learned)


def named(learned: LearnedSource) -> LearnedSource:
    """The same with the name that its box keeps."""
    source = replace(learned.source, device=box_of(learned.source.device or ""))
    return replace(learned, source=source, second=learned.second and named(learned.second))


def describe(learned: LearnedSource) -> str:
    """A learned source in words, for the user."""
    source = learned.source
    kinds = {
        "cc14": "a 14-bit controller", "nrpn": "a 14-bit parameter", "rpn": "a 14-bit parameter",
        "note": "a key or pad", "bend": "a wheel of 14 bits", "program": "a program change",
        "pressure": "pressure", "key-pressure": "a key's pressure",
    }  # fmt: skip
    kind = kinds.get(source.kind, "a knob of 7 bits")
    if learned.mode == "relative":
        kind = f"an endless encoder, {learned.encoding if source.kind == 'cc' else 'increments'}"
    elif learned.mode == "toggle" and source.kind == "cc":
        kind = "a button" if learned.trigger == "down" else "a button that latches"
    elif source.kind in ("cc14", "nrpn", "rpn"):
        kind += f", {learned.order}"
    if source.is_mpe:
        return f"{source} of {source.device}: a finger on an MPE controller, any note"
    return f"{source} on channel {source.channel} of {source.device}: {kind}"
