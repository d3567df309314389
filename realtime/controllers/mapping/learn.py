"""Recognises the kind of a knob from the messages of one gesture: 7 bits, 14 bits, endless, a key, a wheel.

All messages of the gesture are needed: a single message could come from any kind.
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
from realtime.controllers.midi.mpe_learn import find_finger
from realtime.controllers.midi.source import Kind, MidiSource, Order

QUIET_S = 0.8
"""A gesture is over when nothing has come for so long."""
FARTHEST_STEP = 15
"""Endless encoders that are turned fast send steps of up to about this."""
BANDS: dict[Encoding, tuple[range, range]] = {
    "twos-complement": (range(1, FARTHEST_STEP + 1), range(128 - FARTHEST_STEP, 128)),
    "binary-offset": (range(65, 65 + FARTHEST_STEP), range(64 - FARTHEST_STEP, 64)),
    "sign-bit": (range(1, FARTHEST_STEP + 1), range(65, 65 + FARTHEST_STEP)),
}
"""The data that each encoding sends, upwards and downwards."""
PARAMETERS: dict[Kind, tuple[int, int]] = {"nrpn": (NRPN_MSB, NRPN_LSB), "rpn": (RPN_MSB, RPN_LSB)}


@dataclass(frozen=True)
class LearnedSource:
    """The source of a gesture, and how it sends.

    Attributes:
        source: the source with its device, and with its channel unless it is an MPE source, whose notes change channels.
        mode: `absolute`, `relative`, `toggle` (a button that sends cc) or `velocity` (a key).
        order: which half of a 14-bit value comes first.
        encoding: the encoding of an endless encoder.
        sure: False if another kind of source could have sent the same; then the user is asked to turn both ways.
    """

    source: MidiSource
    mode: Mode = "absolute"
    order: Order = "msb-first"
    encoding: Encoding = "twos-complement"
    sure: bool = True

    def knob(self, stop: str) -> Knob:
        """A knob that maps this source to a stop."""
        return Knob(self.source, stop, self.mode, order=self.order, encoding=self.encoding)


def detect(messages: Sequence[Any], device: str | None = None) -> LearnedSource:
    """The source that has sent some messages (mido's, in their order).

    Raises:
        DrawstopError: none of them can be mapped.
    """
    notes = [message for message in messages if message.type == "note_on" and message.velocity > 0]
    controllers = [message for message in messages if message.type == "control_change"]
    if (finger := find_finger(messages)) is not None:
        return LearnedSource(MidiSource(finger.kind, device=device), sure=finger.sure)
    if notes:  # before anything else: pads send pressure too
        note = notes[0]
        return LearnedSource(MidiSource("note", note.note, note.channel + 1, device), "velocity")
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
            return LearnedSource(MidiSource(simple[message.type], number, message.channel + 1, device))
    raise DrawstopError("nothing came that moves a knob; move a knob, a fader, a pad or a key")


def _parameter(kind: Kind, messages: Sequence[Any], device: str | None) -> LearnedSource | None:
    msb, lsb = PARAMETERS[kind]
    selected = {message.control: message.value for message in messages if message.control in (msb, lsb)}
    data = [message for message in messages if message.control in (DATA_MSB, DATA_LSB)]
    if len(selected) < 2 or not data:
        return None
    number = selected[msb] << 7 | selected[lsb]
    order: Order = "lsb-first" if data[0].control == DATA_LSB else "msb-first"
    return LearnedSource(MidiSource(kind, number, data[0].channel + 1, device), order=order)


def _controller(messages: Sequence[Any], device: str | None) -> LearnedSource:
    counts = Counter((message.channel, message.control) for message in messages)
    (channel, number), _ = counts.most_common(1)[0]
    coarse = number % LSB_OFFSET
    if number < 2 * LSB_OFFSET and {(channel, coarse), (channel, coarse + LSB_OFFSET)} <= counts.keys():
        halves = [m.control for m in messages if m.channel == channel and m.control % LSB_OFFSET == coarse]
        order: Order = "msb-first" if halves[0] == coarse else "lsb-first"
        return LearnedSource(MidiSource("cc14", coarse, channel + 1, device), order=order)
    data = [message.value for message in messages if (message.channel, message.control) == (channel, number)]
    source = MidiSource("cc", number, channel + 1, device)
    if set(data) <= {0, 127}:
        return LearnedSource(source, "toggle", sure=len(data) > 1)
    return _turned(source, data)


def _turned(source: MidiSource, data: Sequence[int]) -> LearnedSource:
    """An absolute knob or an endless encoder. Only an encoder sends the same data twice running."""
    repeats = any(first == second for first, second in pairwise(data))
    fitting: list[Encoding] = [
        encoding
        for encoding, (up, down) in BANDS.items()
        if all(value in up or value in down for value in data)
    ]
    if not fitting or not repeats:
        return LearnedSource(source, sure=len(data) > 2 or not fitting)
    return LearnedSource(source, "relative", encoding=fitting[0], sure=len(fitting) == 1)
