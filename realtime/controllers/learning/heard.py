"""The sources that have sent some messages, each with its data: the first step of recognising a gesture.

Unlike the decoder, which is told what the mapping takes for a pair or a parameter, this finds it out from the messages.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from realtime.controllers.midi.decoder import (
    DATA_LSB,
    DATA_MSB,
    DECREMENT,
    INCREMENT,
    LSB_OFFSET,
    NO_PARAMETER,
    NRPN_LSB,
    NRPN_MSB,
    RPN_LSB,
    RPN_MSB,
    MidiDecoder,
)
from realtime.controllers.midi.source import MAXIMA, Kind, MidiSource, Order

Received = tuple[str, Any, float]
"""A message: the device's name, mido's message, the moment at which it came in seconds."""
NOISE = 2 / 127
"""A source that has moved no farther trembles: two steps of 7 bits."""
PRESS_ALONE = 0.5
"""The movement of a controller that has sent one 127 or 0: a press, or a knob that was at its end."""
ENCODER_STEPS = 8
"""Repeated steps of an encoder that count as a whole movement: its data don't travel."""
SLOW_STEPS = frozenset({*range(1, 5), *range(124, 128), *range(60, 64), *range(65, 69)})
"""What a slowly turned encoder sends again and again, in any encoding."""
NO_STEPS = frozenset({0, 64})
"""What no encoder sends, and a knob on its way does."""
SELECTORS: dict[int, Kind] = {NRPN_MSB: "nrpn", NRPN_LSB: "nrpn", RPN_MSB: "rpn", RPN_LSB: "rpn"}
NUMBER_HALVES: dict[Kind, tuple[int, int]] = {"nrpn": (NRPN_MSB, NRPN_LSB), "rpn": (RPN_MSB, RPN_LSB)}
DATA = (DATA_MSB, DATA_LSB, INCREMENT, DECREMENT)


@dataclass
class Heard:
    """One source and what it has sent.

    Attributes:
        data: its values in order; a released key's is 0.
        times: the moment of each.
        indices: the index of each among all messages.
        steps: a parameter's increments and decrements, as +1 and -1.
        order: which half of a 14-bit value came first.
    """

    source: MidiSource
    data: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    order: Order = "msb-first"

    def add(self, data: int, time: float, index: int) -> None:
        """Note one more value."""
        self.data.append(data)
        self.times.append(time)
        self.indices.append(index)

    @property
    def is_button(self) -> bool:
        """Whether it has sent the two ends alone, as buttons and pedals do."""
        return self.source.kind == "cc" and set(self.data) <= {0, 127}

    @property
    def movement(self) -> float:
        """How far it has moved, as a share of its whole way; a strike, a press and a program change are a whole one."""
        kind = self.source.kind
        if kind in ("note", "program"):
            return float(any(self.data))
        if kind in ("pressure", "key-pressure"):
            return max(self.data) / MAXIMA[kind]
        span = (max(self.data) - min(self.data)) / MAXIMA[kind] if self.data else 0.0
        if self.is_button:
            return 1.0 if len(self.data) > 1 else PRESS_ALONE
        if kind != "cc":
            return max(span, min(1.0, len(self.steps) / ENCODER_STEPS))
        if set(self.data) & NO_STEPS:
            return span
        repeated = sum(first == second and first in SLOW_STEPS for first, second in pairwise(self.data))
        return max(span, min(1.0, repeated / ENCODER_STEPS))


def heard_sources(received: Sequence[Received]) -> list[Heard]:
    """The sources of some messages, in the order in which they began."""
    listener = _Listener()
    for index, (device, message, time) in enumerate(received):
        listener.add(device, message, time, index)
    return listener.sources()


class _Listener:
    def __init__(self) -> None:
        self._heard: dict[MidiSource, Heard] = {}
        self._selectors: dict[MidiSource, Heard] = {}
        self._numbers: dict[tuple[str, int], dict[int, int]] = {}
        self._selected: dict[tuple[str, int], Kind] = {}
        self._decoders: dict[str, MidiDecoder] = {}

    def add(self, device: str, message: Any, time: float, index: int) -> None:
        if message.type == "control_change" and self._parameter(device, message, time, index):
            return
        if device not in self._decoders:
            self._decoders[device] = MidiDecoder(device)
        for each in self._decoders[device].decode(message, time):
            self._of(each.source).add(each.data, time, index)

    def sources(self) -> list[Heard]:
        channels = {
            (h.source.device, h.source.channel)
            for h in self._heard.values()
            if h.source.kind in NUMBER_HALVES
        }
        plain = [h for h in self._selectors.values() if (h.source.device, h.source.channel) not in channels]
        heard = _paired([*self._heard.values(), *plain])
        programs = {(h.source.device, h.source.channel) for h in heard if h.source.kind == "program"}
        banks = [
            h
            for h in heard
            if (h.source.device, h.source.channel) in programs and h.source.number in (0, LSB_OFFSET)
            and h.source.kind in ("cc", "cc14")
        ]  # fmt: skip
        return sorted((h for h in heard if h not in banks), key=lambda each: each.indices[0])

    def _parameter(self, device: str, message: Any, time: float, index: int) -> bool:
        """Take a message that selects or moves a parameter; whether it does."""
        channel, number = message.channel + 1, message.control
        if number in SELECTORS:
            self._numbers.setdefault((device, channel), {})[number] = message.value
            self._selected[device, channel] = SELECTORS[number]
            source = MidiSource("cc", number, channel, device)
            self._selectors.setdefault(source, Heard(source)).add(message.value, time, index)
            return True
        kind = self._selected.get((device, channel))
        if number not in DATA or kind is None:
            return False
        halves = tuple(self._numbers[device, channel].get(each) for each in NUMBER_HALVES[kind])
        if None in halves or halves == NO_PARAMETER:
            return False
        heard = self._of(MidiSource(kind, (halves[0] or 0) << 7 | (halves[1] or 0), channel, device))
        if number in (INCREMENT, DECREMENT):
            heard.steps.append(1 if number == INCREMENT else -1)
            heard.add(heard.data[-1] if heard.data else 0, time, index)
        else:
            _add_half(heard, number == DATA_MSB, message.value, time, index)
        return True

    def _of(self, source: MidiSource) -> Heard:
        if source not in self._heard:
            self._heard[source] = Heard(source)
        return self._heard[source]


def _add_half(heard: Heard, coarse: bool, value: int, time: float, index: int) -> None:
    if not heard.data:
        heard.order = "msb-first" if coarse else "lsb-first"
    last = heard.data[-1] if heard.data else 0
    heard.add(value << 7 | last & 127 if coarse else last & ~127 | value, time, index)


def _paired(heard: Iterable[Heard]) -> list[Heard]:
    """The same sources, with each coarse controller and the fine one beside it as one of 14 bits."""
    by_source = {each.source: each for each in heard}
    for source, coarse in list(by_source.items()):
        if source.kind != "cc" or source.number is None or source.number >= LSB_OFFSET:
            continue
        fine_source = MidiSource("cc", source.number + LSB_OFFSET, source.channel, source.device)
        fine = by_source.get(fine_source)
        if fine is not None and _go_together(coarse, fine):
            del by_source[source], by_source[fine_source]
            pair = _pair(coarse, fine)
            by_source[pair.source] = pair
    return list(by_source.values())


def _go_together(coarse: Heard, fine: Heard) -> bool:
    """Whether at least half of the coarse values have a fine one next to them."""
    near = Counter(index + step for index in fine.indices for step in (-1, 1))
    return 2 * sum(index in near for index in coarse.indices) >= len(coarse.indices)


def _pair(coarse: Heard, fine: Heard) -> Heard:
    source = coarse.source
    pair = Heard(MidiSource("cc14", source.number, source.channel, source.device))
    halves = [
        (index, time, True, data)
        for index, time, data in zip(coarse.indices, coarse.times, coarse.data, strict=True)
    ]
    halves += [
        (index, time, False, data)
        for index, time, data in zip(fine.indices, fine.times, fine.data, strict=True)
    ]
    for index, time, is_coarse, data in sorted(halves):
        _add_half(pair, is_coarse, data, time, index)
    return pair
