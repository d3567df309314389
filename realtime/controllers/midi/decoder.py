"""MIDI messages to touches: halves are joined to 14-bit values, parameter numbers are followed. No ports, no clock.

The halves of a 14-bit controller look like two controllers. Which controllers are pairs, and which half comes first,
stands in the mapping; whatever isn't named there is taken as 7 bits. A value's time is that of the message that
completes it. If the other half doesn't come within `WAIT_S`, the coarse half counts alone.

Of an MPE controller, a member channel's bend, pressure and timbre are its note's alone (`mpe`); its notes are keys too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from realtime.controllers.midi.mpe import BEND_RANGE, MpeNotes
from realtime.controllers.midi.mpe_zones import NO_ZONES, Zones
from realtime.controllers.midi.source import (
    FOURTEEN_BITS,
    MPE_MASTERS,
    MPE_RESTS,
    Kind,
    MidiSource,
    Notes,
    Order,
    Touch,
)

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
    """When the coarse half came that waits for its other one."""
    fine_waits: tuple[int, float] | None = None
    """A fine half that comes first, and when; one that has waited too long lost its other half on the way."""

    def coarse(self, data: int, time: float) -> int | None:
        """The most significant half has come; the whole value, if that completes it."""
        self.msb, self.lsb = data, 0  # MIDI 1.0: a new coarse value resets the fine one
        if self.fine_waits is not None and time - self.fine_waits[1] < WAIT_S:
            self.lsb = self.fine_waits[0]
            return self._whole()
        self.waiting = time
        return None

    def fine(self, data: int, time: float) -> int | None:
        """The least significant half has come; the whole value, if that completes it."""
        if self.order == "lsb-first":
            self.fine_waits = data, time
        elif self.waiting is not None:
            self.lsb = data
            return self._whole()
        return None

    def overdue(self, time: float) -> int | None:
        """The value without its other half, if that hasn't come in time."""
        if self.waiting is None or time - self.waiting < WAIT_S:
            return None
        fine, value = self.fine_waits, self._whole()
        self.fine_waits = fine  # the next value's
        return value

    def _whole(self) -> int:
        self.waiting = self.fine_waits = None
        assert self.msb is not None
        return self.msb << 7 | self.lsb


class MidiDecoder:
    """One MIDI input's messages to touches.

    Args:
        device: the input's name; touches carry it.
        pairs: the 14-bit sources of the mapping (`cc14`, `nrpn`, `rpn`) and which half each sends first.
        mpe: the mapping's MPE sources. An input that none of them can mean has no zones, whatever it sends.
        zones: an MPE controller's, until it says otherwise.
    """

    def __init__(
        self,
        device: str = "",
        pairs: Mapping[MidiSource, Order] | None = None,
        mpe: Collection[MidiSource] = (),
        zones: Zones = NO_ZONES,
    ) -> None:
        self._device = device
        here = [source for source in mpe if (source.device or "").lower() in device.lower()]
        self._mpe = dict.fromkeys((source.kind, source.notes) for source in here)
        self._zones = zones if here else NO_ZONES
        self._notes = MpeNotes(self._zones)
        self._told: dict[tuple[Kind, Notes, int], int] = {}
        self._orders = dict(pairs or {})
        self._pairs: dict[MidiSource, _Pair] = {}
        self._numbers: dict[tuple[int, Kind], tuple[int | None, int | None]] = {}
        self._chosen: dict[int, Kind] = {}

    def touches(self, message: Any, time: float = 0.0) -> list[Touch]:
        """What one message completes. Args: a mido message; seconds.

        SysEx, clock and whatever else isn't a touch gives none.
        """
        late = self.overdue(time)
        if self._notes.hear(message):
            return late + self._of_notes(time)
        return late + self._plain(message, time) + self._of_notes(time)

    def go_on_from(self, before: "MidiDecoder") -> None:
        """Know what another decoder of this input has heard: MPE zones, the notes that sound, the bends' ranges."""
        if before._zones == self._zones:
            self._notes = before._notes

    def _plain(self, message: Any, time: float) -> list[Touch]:
        channel = getattr(message, "channel", 0) + 1
        match message.type:
            case "control_change":
                return self._controller(channel, message.control, message.value, time)
            case "note_on" | "note_off":
                data = message.velocity if message.type == "note_on" else 0
                return [self._touch("note", message.note, channel, data, time)]
            case "pitchwheel":
                return [self._touch("bend", None, channel, message.pitch + 8192, time)]
            case "aftertouch":
                return [self._touch("pressure", None, channel, message.value, time)]
            case "polytouch":
                return [self._touch("key-pressure", message.note, channel, message.value, time)]
            case "program_change":
                return [self._touch("program", message.program, channel, 127, time)]
        return []

    def _of_notes(self, time: float) -> list[Touch]:
        """What has changed of the MPE sources: a finger that doesn't bend leaves a stop alone that bending moves."""
        found = []
        for kind, notes in self._mpe:
            for master in MPE_MASTERS:
                data = self._notes.data(kind, master, notes)
                if data != self._told.get((kind, notes, master), MPE_RESTS[kind]):
                    self._told[kind, notes, master] = data
                    source = MidiSource(kind, None, master, self._device, notes)
                    bends = kind == "mpe bend"
                    semitones = self._notes.semitones(master, of_members=True) if bends else 0.0
                    found.append(Touch(source, data, time, semitones))
        return found

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
            if kind == "rpn" and (self._mpe or (msb, lsb) == (0, BEND_RANGE)):
                self._notes.set_parameter(channel, msb << 7 | lsb, data, coarse=number == DATA_MSB)
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
        semitones = self._notes.semitones(channel) if kind == "bend" else 0.0
        return Touch(MidiSource(kind, number, channel, self._device), data, time, semitones)
