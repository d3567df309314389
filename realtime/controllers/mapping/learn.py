"""From what one touch sends to the kind of knob it is: 7 bits, 14 bits, endless, a key, a wheel.

A touch is heard until it is over; nothing is decided from a single message, which every kind could have sent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.mapping import Encoding, Knob, Mode
from realtime.controllers.midi.decoder import (
    DATA_LSB,
    DATA_MSB,
    LSB_OFFSET,
    NRPN_LSB,
    NRPN_MSB,
    RPN_LSB,
    RPN_MSB,
)
from realtime.controllers.midi.mpe_learn import touched_by
from realtime.controllers.midi.source import Kind, MidiSource, Order

QUIET_S = 0.8
"""A touch is over when nothing has come for so long."""
FARTHEST_STEP = 15
"""Endless encoders that are turned fast send steps of up to about this."""
BANDS: dict[Encoding, tuple[range, range]] = {
    "twos-complement": (range(1, FARTHEST_STEP + 1), range(128 - FARTHEST_STEP, 128)),
    "binary-offset": (range(65, 65 + FARTHEST_STEP), range(64 - FARTHEST_STEP, 64)),
    "sign-bit": (range(1, FARTHEST_STEP + 1), range(65, 65 + FARTHEST_STEP)),
}
"""The data that each coding sends, upwards and downwards."""
PARAMETERS: dict[Kind, tuple[int, int]] = {"nrpn": (NRPN_MSB, NRPN_LSB), "rpn": (RPN_MSB, RPN_LSB)}


@dataclass(frozen=True)
class Learned:
    """What was touched, and how it sends.

    Attributes:
        source: with its device, and with its channel but for an MPE controller's, whose notes change theirs.
        mode: `absolute`, `relative`, `toggle` (a button that sends cc) or `velocity` (a key).
        order: which half of a 14-bit value comes first.
        encoding: of an endless encoder.
        sure: whether the touch could be nothing else; a person is told to turn both ways where it could.
    """

    source: MidiSource
    mode: Mode = "absolute"
    order: Order = "msb-first"
    encoding: Encoding = "twos-complement"
    sure: bool = True

    def knob(self, stop: str) -> Knob:
        """A knob for a stop."""
        return Knob(self.source, stop, self.mode, order=self.order, encoding=self.encoding)


def detect(messages: Sequence[Any], device: str | None = None) -> Learned:
    """The kind of knob that has sent these messages (mido's, in their order).

    Raises:
        DrawstopError: there is nothing among them that can be mapped.
    """
    notes = [message for message in messages if message.type == "note_on" and message.velocity > 0]
    controllers = [message for message in messages if message.type == "control_change"]
    if (finger := touched_by(messages)) is not None:
        return Learned(MidiSource(finger.kind, device=device), sure=finger.sure)
    if notes:  # before anything else: pads send pressure too
        note = notes[0]
        return Learned(MidiSource("note", note.note, note.channel + 1, device), "velocity")
    for kind in ("nrpn", "rpn"):
        learned = _parameter(kind, controllers, device)
        if learned is not None:
            return learned
    if controllers:
        return _controller(controllers, device)
    simple: dict[str, Kind] = {"pitchwheel": "bend", "aftertouch": "pressure", "polytouch": "key-pressure"}
    for message in messages:
        if message.type in simple:
            number = message.note if message.type == "polytouch" else None
            return Learned(MidiSource(simple[message.type], number, message.channel + 1, device))
    raise DrawstopError("nothing came that moves a knob; touch a knob, a fader, a pad or a key")


def _parameter(kind: Kind, messages: Sequence[Any], device: str | None) -> Learned | None:
    msb, lsb = PARAMETERS[kind]
    chosen = {message.control: message.value for message in messages if message.control in (msb, lsb)}
    data = [message for message in messages if message.control in (DATA_MSB, DATA_LSB)]
    if len(chosen) < 2 or not data:
        return None
    number = chosen[msb] << 7 | chosen[lsb]
    order: Order = "lsb-first" if data[0].control == DATA_LSB else "msb-first"
    return Learned(MidiSource(kind, number, data[0].channel + 1, device), order=order)


def _controller(messages: Sequence[Any], device: str | None) -> Learned:
    counts = Counter((message.channel, message.control) for message in messages)
    (channel, number), _ = counts.most_common(1)[0]
    coarse = number % LSB_OFFSET
    if number < 2 * LSB_OFFSET and {(channel, coarse), (channel, coarse + LSB_OFFSET)} <= counts.keys():
        halves = [m.control for m in messages if m.channel == channel and m.control % LSB_OFFSET == coarse]
        order: Order = "msb-first" if halves[0] == coarse else "lsb-first"
        return Learned(MidiSource("cc14", coarse, channel + 1, device), order=order)
    data = [message.value for message in messages if (message.channel, message.control) == (channel, number)]
    source = MidiSource("cc", number, channel + 1, device)
    if set(data) <= {0, 127}:
        return Learned(source, "toggle", sure=len(data) > 1)
    return _turned(source, data)


def _turned(source: MidiSource, data: Sequence[int]) -> Learned:
    """Absolute or endless. Only an endless one sends the same data twice running: the others send changes."""
    again = any(first == second for first, second in pairwise(data))
    fitting: list[Encoding] = [
        encoding
        for encoding, (up, down) in BANDS.items()
        if all(value in up or value in down for value in data)
    ]
    if not fitting or not again:
        return Learned(source, sure=len(data) > 2 or not fitting)
    return Learned(source, "relative", encoding=fitting[0], sure=len(fitting) == 1)
