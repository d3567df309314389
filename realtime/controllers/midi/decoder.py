"""Decodes MIDI messages to controller inputs: joins the halves of 14-bit values, follows parameter numbers.

The two halves of a 14-bit controller look like two controllers. The mapping says which controllers are pairs, and
which half comes first; a controller that it doesn't name has 7 bits. A value's time is the time of the message that
completes it. If the second half doesn't come within `WAIT_S`, the coarse half counts alone.

On an MPE controller, the bend, pressure and timbre of a member channel belong to its note (`mpe.py`); the notes are keys
as well. The decoder opens no ports and reads no clock.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from realtime.controllers.midi.banks import Banks
from realtime.controllers.midi.mpe import BEND_RANGE, NOTES_OFF, MpeNotes
from realtime.controllers.midi.mpe_zones import NO_ZONES, Zones
from realtime.controllers.midi.names import is_part_of
from realtime.controllers.midi.source import (
    FOURTEEN_BITS,
    MPE_MASTERS,
    MPE_RESTS,
    ControllerInput,
    Kind,
    MidiSource,
    Notes,
    Order,
)

WAIT_S = 0.02
"""The two halves of a value come within a millisecond on a cable (MIDI 1.0: 31,250 baud), within a few over USB."""
LSB_OFFSET = 32
DATA_MSB, DATA_LSB, INCREMENT, DECREMENT = 6, 38, 96, 97
NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB = 98, 99, 100, 101
NO_PARAMETER = (127, 127)
"""The null parameter number, after which data bytes mean nothing (MIDI 1.0)."""
CONTROLLERS = 120


@dataclass
class _Pair:
    """The halves of one 14-bit value received so far."""

    order: Order
    msb: int | None = None
    lsb: int = 0
    coarse_since: float | None = None
    """The time at which a coarse half came, while it waits for the fine one."""
    early_fine: tuple[int, float] | None = None
    """A fine half that came first, and its time; after `WAIT_S` its coarse half is taken as lost."""

    def coarse(self, data: int, time: float) -> int | None:
        """Receive the most significant half. Returns the value if that completes it."""
        self.msb, self.lsb = data, 0  # MIDI 1.0: a new coarse value resets the fine one
        if self.early_fine is not None and time - self.early_fine[1] < WAIT_S:
            self.lsb = self.early_fine[0]
            return self._complete()
        self.coarse_since = time
        return None

    def fine(self, data: int, time: float) -> int | None:
        """Receive the least significant half. Returns the value if that completes it."""
        if self.order == "lsb-first":
            self.early_fine = data, time
        elif self.coarse_since is not None:
            self.lsb = data
            return self._complete()
        return None

    def overdue(self, time: float) -> int | None:
        """The coarse half as the value, if the fine one hasn't come in time."""
        if self.coarse_since is None or time - self.coarse_since < WAIT_S:
            return None
        fine, value = self.early_fine, self._complete()
        self.early_fine = fine  # belongs to the next value
        return value

    def _complete(self) -> int:
        self.coarse_since = self.early_fine = None
        assert self.msb is not None
        return self.msb << 7 | self.lsb


class MidiDecoder:
    """Decodes the messages of one MIDI input.

    Args:
        device: the input's name, which becomes the device of every controller input.
        pairs: the 14-bit sources of the mapping (`cc14`, `nrpn`, `rpn`) and which half each sends first.
        mpe: the mapping's MPE sources. If none of them can come from this device, it has no zones, whatever it sends.
        zones: the MPE zones, until the controller configures others.
    """

    def __init__(
        self,
        device: str = "",
        pairs: Mapping[MidiSource, Order] | None = None,
        mpe: Collection[MidiSource] = (),
        zones: Zones = NO_ZONES,
    ) -> None:
        self._device = device
        mpe_sources = [source for source in mpe if is_part_of(source.device, device)]
        self._mpe = dict.fromkeys((source.kind, source.notes) for source in mpe_sources)
        self._zones = zones if mpe_sources else NO_ZONES
        self._notes = MpeNotes(self._zones)
        self._last_mpe_data: dict[tuple[Kind, Notes, int], int] = {}
        self._orders = dict(pairs or {})
        self._pairs: dict[MidiSource, _Pair] = {}
        self._numbers: dict[tuple[int, Kind], tuple[int | None, int | None]] = {}
        self._selected: dict[int, Kind] = {}
        self._banks = Banks()
        self._sounding: set[tuple[int, int]] = set()

    def decode(self, message: Any, time: float = 0.0) -> list[ControllerInput]:
        """The controller inputs that a message completes; none for SysEx, clock and other messages without a source.

        Args:
            message: mido's message.
            time: when it came, in seconds.
        """
        late = self.overdue(time)
        if self._notes.receive(message):
            return late + self._mpe_inputs(time)
        return late + self._plain(message, time) + self._mpe_inputs(time)

    def continue_from(self, previous: "MidiDecoder") -> None:
        """Take over the state of this input's previous decoder: MPE zones, sounding notes, ranges of the bends, the
        parameter numbers and banks that the controller has chosen and won't send again."""
        self._numbers, self._selected, self._banks = previous._numbers, previous._selected, previous._banks
        self._sounding = previous._sounding
        if previous._zones == self._zones:
            self._notes = previous._notes

    def let_go(self, time: float) -> list[ControllerInput]:
        """The releases of all keys and fingers that are down, because the box has gone."""
        keys = [each for channel in range(1, 17) for each in self._silence(channel, time)]
        self._notes = MpeNotes(self._zones)
        return keys + self._mpe_inputs(time)

    def _silence(self, channel: int, time: float) -> list[ControllerInput]:
        silent = sorted(note for at, note in self._sounding if at == channel)
        self._sounding -= {(channel, note) for note in silent}
        return [self._input("note", note, channel, 0, time) for note in silent]

    def _plain(self, message: Any, time: float) -> list[ControllerInput]:
        channel = getattr(message, "channel", 0) + 1
        match message.type:
            case "control_change":
                return self._controller(channel, message.control, message.value, time)
            case "note_on" | "note_off":
                data = message.velocity if message.type == "note_on" else 0
                (self._sounding.add if data else self._sounding.discard)((channel, message.note))
                return [self._input("note", message.note, channel, data, time)]
            case "pitchwheel":
                return [self._input("bend", None, channel, message.pitch + 8192, time)]
            case "aftertouch":
                return [self._input("pressure", None, channel, message.value, time)]
            case "polytouch":
                return [self._input("key-pressure", message.note, channel, message.value, time)]
            case "program_change":
                return [
                    self._input("program", self._banks.number(channel, message.program), channel, 127, time)
                ]
        return []

    def _mpe_inputs(self, time: float) -> list[ControllerInput]:
        """The MPE sources whose data have changed. Without a change there is no input: a finger that doesn't bend
        doesn't move a stop that is mapped to bending."""
        inputs = []
        for kind, notes in self._mpe:
            for master in MPE_MASTERS:
                data = self._notes.data(kind, master, notes)
                if data != self._last_mpe_data.get((kind, notes, master), MPE_RESTS[kind]):
                    self._last_mpe_data[kind, notes, master] = data
                    source = MidiSource(kind, None, master, self._device, notes)
                    bends = kind == "mpe bend"
                    semitones = self._notes.semitones(master, of_members=True) if bends else 0.0
                    inputs.append(ControllerInput(source, data, time, semitones))
        return inputs

    def overdue(self, time: float) -> list[ControllerInput]:
        """The values whose fine half hasn't come in time. To be called now and then."""
        inputs = []
        for source, pair in self._pairs.items():
            value = pair.overdue(time)
            if value is not None:
                inputs.append(ControllerInput(source, value, time))
        return inputs

    def _controller(self, channel: int, number: int, data: int, time: float) -> list[ControllerInput]:
        if number >= CONTROLLERS:
            return self._silence(channel, time) if number in NOTES_OFF else []
        inputs = [self._input("cc", number, channel, data, time)]
        self._banks.receive(channel, number, data)
        if number in (NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB):
            self._select_parameter(channel, number, data)
        elif number in (DATA_MSB, DATA_LSB, INCREMENT, DECREMENT):
            inputs += self._parameter(channel, number, data, time)
        if number < 2 * LSB_OFFSET:
            inputs += self._half("cc14", number % LSB_OFFSET, channel, number < LSB_OFFSET, data, time)
        return inputs

    def _select_parameter(self, channel: int, number: int, data: int) -> None:
        kind: Kind = "nrpn" if number in (NRPN_LSB, NRPN_MSB) else "rpn"
        msb, lsb = self._numbers.get((channel, kind), (None, None))
        self._numbers[channel, kind] = (data, lsb) if number in (NRPN_MSB, RPN_MSB) else (msb, data)
        self._selected[channel] = kind

    def _parameter(self, channel: int, number: int, data: int, time: float) -> list[ControllerInput]:
        kind = self._selected.get(channel)
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
        step = 1 if number == INCREMENT else -1
        if state.msb is None:
            return [ControllerInput(source, 0, time, steps=step, known=False)]
        value = min(max((state.msb << 7 | state.lsb) + step, 0), FOURTEEN_BITS)
        state.msb, state.lsb = divmod(value, 128)
        return [ControllerInput(source, value, time, steps=step)]

    def _half(
        self, kind: Kind, number: int, channel: int, coarse: bool, data: int, time: float
    ) -> list[ControllerInput]:
        pair = self._pair(kind, number, channel)
        if pair is None:
            return []
        source, state = pair
        value = state.coarse(data, time) if coarse else state.fine(data, time)
        return [] if value is None else [ControllerInput(source, value, time)]

    def _pair(self, kind: Kind, number: int, channel: int) -> tuple[MidiSource, _Pair] | None:
        source = MidiSource(kind, number, channel, self._device)
        if source not in self._pairs:
            probe = ControllerInput(source, 0)
            order = next((order for pair, order in self._orders.items() if pair.matches(probe)), None)
            if order is None:
                return None
            self._pairs[source] = _Pair(order)
        return source, self._pairs[source]

    def _input(self, kind: Kind, number: int | None, channel: int, data: int, time: float) -> ControllerInput:
        semitones = self._notes.semitones(channel) if kind == "bend" else 0.0
        return ControllerInput(MidiSource(kind, number, channel, self._device), data, time, semitones)
