"""Groups received MIDI messages by the source that sent them: the first step of recognising a gesture.

The decoder knows from the mapping which controllers form a 14-bit pair or a parameter number; here that is inferred
from the messages.
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
"""A message: the device's name, mido's message, and the time of its arrival in seconds."""
NOISE = 2 / 127
"""Movement up to which a source counts as jittering: two steps of 7 bits."""
PRESS_ALONE = 0.5
"""The movement of a controller that sent a single 127 or 0: a press, or a knob that was at its end."""
ENCODER_STEPS = 8
"""How many repeated steps of an encoder count as a whole movement: an encoder has no position."""
SLOW_STEPS = frozenset({*range(1, 5), *range(124, 128), *range(60, 64), *range(65, 69)})
"""The values that a slowly turned encoder repeats, in any encoding."""
NO_STEPS = frozenset({0, 64})
"""Values that no encoder sends, but a knob sends while it passes them."""
SELECTORS: dict[int, Kind] = {NRPN_MSB: "nrpn", NRPN_LSB: "nrpn", RPN_MSB: "rpn", RPN_LSB: "rpn"}
NUMBER_HALVES: dict[Kind, tuple[int, int]] = {"nrpn": (NRPN_MSB, NRPN_LSB), "rpn": (RPN_MSB, RPN_LSB)}
DATA = (DATA_MSB, DATA_LSB, INCREMENT, DECREMENT)


@dataclass
class SourceData:
    """The data that one source sent.

    Attributes:
        data: its values in order; 0 for a released key.
        times: when each value came, in seconds.
        indices: the index of each value's message among all messages.
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
        """Add one more value."""
        self.data.append(data)
        self.times.append(time)
        self.indices.append(index)

    @property
    def is_button(self) -> bool:
        """Whether it sent only 0 and 127, as buttons and pedals do."""
        return self.source.kind == "cc" and set(self.data) <= {0, 127}

    @property
    def movement(self) -> float:
        """How far it has moved, as a share of its whole range; 1 for a strike, a press and a program change."""
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


def group_by_source(received: Sequence[Received]) -> list[SourceData]:
    """The messages grouped by source, in the order of the sources' first messages."""
    collector = _SourceCollector()
    for index, (device, message, time) in enumerate(received):
        collector.add(device, message, time, index)
    return collector.sources()


class _SourceCollector:
    def __init__(self) -> None:
        self._sources: dict[MidiSource, SourceData] = {}
        self._selectors: dict[MidiSource, SourceData] = {}
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

    def sources(self) -> list[SourceData]:
        channels = {
            (each.source.device, each.source.channel)
            for each in self._sources.values()
            if each.source.kind in NUMBER_HALVES
        }
        plain = [
            each
            for each in self._selectors.values()
            if (each.source.device, each.source.channel) not in channels
        ]
        sources = _paired([*self._sources.values(), *plain])
        programs = {
            (each.source.device, each.source.channel) for each in sources if each.source.kind == "program"
        }
        banks = [
            each
            for each in sources
            if (each.source.device, each.source.channel) in programs
            and each.source.number in (0, LSB_OFFSET)
            and each.source.kind in ("cc", "cc14")
        ]
        return sorted((each for each in sources if each not in banks), key=lambda each: each.indices[0])

    def _parameter(self, device: str, message: Any, time: float, index: int) -> bool:
        """Take the message if it selects or moves a parameter; False if it doesn't."""
        channel, number = message.channel + 1, message.control
        if number in SELECTORS:
            self._numbers.setdefault((device, channel), {})[number] = message.value
            self._selected[device, channel] = SELECTORS[number]
            source = MidiSource("cc", number, channel, device)
            self._selectors.setdefault(source, SourceData(source)).add(message.value, time, index)
            return True
        kind = self._selected.get((device, channel))
        if number not in DATA or kind is None:
            return False
        halves = tuple(self._numbers[device, channel].get(each) for each in NUMBER_HALVES[kind])
        if None in halves or halves == NO_PARAMETER:
            return False
        parameter = self._of(MidiSource(kind, (halves[0] or 0) << 7 | (halves[1] or 0), channel, device))
        if number in (INCREMENT, DECREMENT):
            parameter.steps.append(1 if number == INCREMENT else -1)
            parameter.add(parameter.data[-1] if parameter.data else 0, time, index)
        else:
            _add_half(parameter, number == DATA_MSB, message.value, time, index)
        return True

    def _of(self, source: MidiSource) -> SourceData:
        if source not in self._sources:
            self._sources[source] = SourceData(source)
        return self._sources[source]


def _add_half(target: SourceData, coarse: bool, value: int, time: float, index: int) -> None:
    if not target.data:
        target.order = "msb-first" if coarse else "lsb-first"
    last = target.data[-1] if target.data else 0
    target.add(value << 7 | last & 127 if coarse else last & ~127 | value, time, index)


def _paired(sources: Iterable[SourceData]) -> list[SourceData]:
    """The same sources, with each coarse controller and its fine one joined into one 14-bit source."""
    by_source = {each.source: each for each in sources}
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


def _go_together(coarse: SourceData, fine: SourceData) -> bool:
    """Whether at least half of the coarse values have a fine one next to them."""
    near = Counter(index + step for index in fine.indices for step in (-1, 1))
    return 2 * sum(index in near for index in coarse.indices) >= len(coarse.indices)


def _pair(coarse: SourceData, fine: SourceData) -> SourceData:
    source = coarse.source
    pair = SourceData(MidiSource("cc14", source.number, source.channel, source.device))
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
