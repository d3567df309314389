"""MIDI messages to touches: halves are joined to 14-bit values, parameter numbers are followed. No ports, no clock.

The halves of a 14-bit controller look like two controllers. Which controllers are pairs, and which half comes first,
stands in the mapping; whatever isn't named there is taken as 7 bits. A value's time is that of the message that
completes it. If the other half doesn't come within `WAIT_S`, the coarse half counts alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from realtime.controls.midi_sources import FOURTEEN_BITS, Kind, MidiSource, Order, Touch

WAIT_S = 0.02
"""The two halves of a value come within a millisecond on a cable (MIDI 1.0: 31,250 baud), within a few over USB."""
LSB_OFFSET = 32
DATA_MSB, DATA_LSB, INCREMENT, DECREMENT = 6, 38, 96, 97
NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB = 98, 99, 100, 101
NO_PARAMETER = (127, 127)
"""Chosen by controllers that are done: data that follow mean nothing (MIDI 1.0)."""
CONTROLLERS = 120


@dataclass
class _Pair:
    """The halves of one 14-bit value that have come."""

    order: Order
    msb: int | None = None
    lsb: int = 0
    waiting: float | None = None
    """When the half came that waits for its other one."""
    lsb_waits: bool = False

    def coarse(self, data: int, time: float) -> int | None:
        """The most significant half has come; the whole value, if that completes it."""
        self.msb = data
        if self.order == "lsb-first" and self.lsb_waits:
            return self._whole()
        if self.order == "msb-first":
            self.lsb = 0  # MIDI 1.0: a new coarse value resets the fine one
        self.waiting = time
        return None

    def fine(self, data: int, time: float) -> int | None:
        """The least significant half has come; the whole value, if that completes it."""
        self.lsb = data
        if self.order == "msb-first":
            return None if self.waiting is None else self._whole()
        self.lsb_waits = True
        return None

    def overdue(self, time: float) -> int | None:
        """The value without its other half, if that hasn't come in time."""
        if self.waiting is None or time - self.waiting < WAIT_S:
            return None
        return self._whole()

    def _whole(self) -> int:
        self.waiting, self.lsb_waits = None, False
        assert self.msb is not None
        return self.msb << 7 | self.lsb


class MidiDecoder:
    """One MIDI input's messages to touches.

    Args:
        device: the input's name; touches carry it.
        pairs: the 14-bit sources of the mapping (`cc14`, `nrpn`, `rpn`) and which half each sends first.
    """

    def __init__(self, device: str = "", pairs: Mapping[MidiSource, Order] | None = None) -> None:
        self._device = device
        self._orders = dict(pairs or {})
        self._pairs: dict[MidiSource, _Pair] = {}
        self._numbers: dict[tuple[int, Kind], tuple[int | None, int | None]] = {}
        self._chosen: dict[int, Kind] = {}

    def touches(self, message: Any, time: float = 0.0) -> list[Touch]:
        """What one message completes. Args: a mido message; seconds.

        SysEx, clock and whatever else isn't a touch gives none.
        """
        late = self.overdue(time)
        channel = getattr(message, "channel", 0) + 1
        match message.type:
            case "control_change":
                return late + self._controller(channel, message.control, message.value, time)
            case "note_on" | "note_off":
                data = message.velocity if message.type == "note_on" else 0
                return [*late, self._touch("note", message.note, channel, data, time)]
            case "pitchwheel":
                return [*late, self._touch("bend", None, channel, message.pitch + 8192, time)]
            case "aftertouch":
                return [*late, self._touch("pressure", None, channel, message.value, time)]
            case "polytouch":
                return [*late, self._touch("key-pressure", message.note, channel, message.value, time)]
            case "program_change":
                return [*late, self._touch("program", message.program, channel, 127, time)]
        return late

    def overdue(self, time: float) -> list[Touch]:
        """Values whose other half hasn't come in time; to be asked now and then."""
        found = []
        for source, pair in self._pairs.items():
            value = pair.overdue(time)
            if value is not None:
                found.append(Touch(source, value, time))
        return found

    def _controller(self, channel: int, number: int, data: int, time: float) -> list[Touch]:
        if number >= CONTROLLERS:
            return []
        found = [self._touch("cc", number, channel, data, time)]
        if number in (NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB):
            self._choose(channel, number, data)
        elif number in (DATA_MSB, DATA_LSB, INCREMENT, DECREMENT):
            found += self._parameter(channel, number, data, time)
        if number < 2 * LSB_OFFSET:
            found += self._half("cc14", number % LSB_OFFSET, channel, number < LSB_OFFSET, data, time)
        return found

    def _choose(self, channel: int, number: int, data: int) -> None:
        kind: Kind = "nrpn" if number in (NRPN_LSB, NRPN_MSB) else "rpn"
        msb, lsb = self._numbers.get((channel, kind), (None, None))
        self._numbers[channel, kind] = (data, lsb) if number in (NRPN_MSB, RPN_MSB) else (msb, data)
        self._chosen[channel] = kind

    def _parameter(self, channel: int, number: int, data: int, time: float) -> list[Touch]:
        kind = self._chosen.get(channel)
        if kind is None:
            return []
        msb, lsb = self._numbers[channel, kind]
        if msb is None or lsb is None or (msb, lsb) == NO_PARAMETER:
            return []
        if number in (DATA_MSB, DATA_LSB):
            return self._half(kind, msb << 7 | lsb, channel, number == DATA_MSB, data, time)
        pair = self._pair(kind, msb << 7 | lsb, channel)
        if pair is None:
            return []
        source, state = pair
        if state.msb is None:
            return []
        step = 1 if number == INCREMENT else -1
        value = min(max((state.msb << 7 | state.lsb) + step, 0), FOURTEEN_BITS)
        state.msb, state.lsb = divmod(value, 128)
        return [Touch(source, value, time)]

    def _half(
        self, kind: Kind, number: int, channel: int, coarse: bool, data: int, time: float
    ) -> list[Touch]:
        pair = self._pair(kind, number, channel)
        if pair is None:
            return []
        source, state = pair
        value = state.coarse(data, time) if coarse else state.fine(data, time)
        return [] if value is None else [Touch(source, value, time)]

    def _pair(self, kind: Kind, number: int, channel: int) -> tuple[MidiSource, _Pair] | None:
        source = MidiSource(kind, number, channel, self._device)
        if source not in self._pairs:
            probe = Touch(source, 0)
            order = next((order for pair, order in self._orders.items() if pair.takes(probe)), None)
            if order is None:
                return None
            self._pairs[source] = _Pair(order)
        return source, self._pairs[source]

    def _touch(self, kind: Kind, number: int | None, channel: int, data: int, time: float) -> Touch:
        return Touch(MidiSource(kind, number, channel, self._device), data, time)
