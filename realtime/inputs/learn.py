"""Waits for a gesture on a controller and recognises its source, for `drawstop learn`."""

import queue
import time
from collections import Counter
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.learn import QUIET_S, LearnedSource, detect
from realtime.inputs.message_queue import MessageQueue

NOT_A_GESTURE = (
    "clock",
    "start",
    "continue",
    "stop",
    "active_sensing",
    "songpos",
    "sysex",
    "reset",
    "quarter_frame",
)
"""The types of messages that a controller sends by itself."""


def next_gesture(messages: MessageQueue, quiet_s: float = QUIET_S) -> tuple[str, list[Any]]:
    """Wait until somebody has moved something on a controller and released it.

    Returns:
        The device that sent most, and its messages.
    """
    gesture: list[tuple[str, Any]] = []
    last = 0.0
    while not gesture or time.monotonic() - last < quiet_s:
        try:
            device, message, _ = messages.get(timeout=0.05)
        except queue.Empty:
            continue
        if message.type not in NOT_A_GESTURE:
            gesture.append((device, message))
            last = time.monotonic()
    device = Counter(device for device, _ in gesture).most_common(1)[0][0]
    return device, [message for name, message in gesture if name == device]


def learn_source(messages: MessageQueue) -> LearnedSource:
    """Wait for a gesture whose source can be mapped."""
    while True:
        device, gesture = next_gesture(messages)
        try:
            return detect(gesture, device)
        except DrawstopError:
            continue


def describe(learned: LearnedSource) -> str:
    """A learned source in words, for the user."""
    source = learned.source
    kinds = {
        "cc14": "a 14-bit controller", "nrpn": "a 14-bit parameter", "rpn": "a 14-bit parameter",
        "note": "a key or pad", "bend": "a wheel of 14 bits",
    }  # fmt: skip
    kind = kinds.get(source.kind, "a knob of 7 bits")
    if learned.mode == "relative":
        kind = f"an endless encoder, {learned.encoding}"
    elif learned.mode == "toggle":
        kind = "a button"
    if source.kind in ("cc14", "nrpn", "rpn"):
        kind += f", {learned.order}"
    if source.is_mpe:
        return f"{source} of {source.device}: a finger on an MPE controller, any note"
    return f"{source} on channel {source.channel} of {source.device}: {kind}"
