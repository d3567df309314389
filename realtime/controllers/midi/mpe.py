"""The sounding notes of an MPE controller, and each finger's movements: bend, pressure, timbre, strike and lift.

A note has a member channel of its own for as long as it sounds, so the channel's bend, pressure and controller 74
belong to that note (MIDI Polyphonic Expression 1.0, MMA M1-100-UM). Values that come on a channel before its note begins
are the note's first values; those that come after its end move nothing.
"""

from collections.abc import Iterable
from typing import Any

from realtime.controllers.midi.mpe_zones import MOST_MEMBERS, Zones
from realtime.controllers.midi.source import MAXIMA, MPE_MASTERS, MPE_RESTS, Kind, Notes

TIMBRE = 74
BEND_RANGE, CONFIGURATION = 0, 6
"""Registered parameter numbers: pitch bend sensitivity, and the MPE Configuration Message."""
MEMBER_SEMITONES, PLAIN_SEMITONES = 48, 2
"""The range of a bend until RPN 0 sets it: on a member channel (MPE 1.0), on a master or a plain one (MIDI 1.0)."""
DEFAULT_LIFT = 64
"""The release velocity of a note that ends by a note-on of velocity 0 (MIDI 1.0)."""
NOTES_OFF = (120, 123)
"""All sound off, all notes off."""
RESET_CONTROLLERS = 121
_PER_CHANNEL: tuple[Kind, ...] = ("mpe bend", "mpe pressure", "mpe timbre")


class MpeNotes:
    """The zones and notes of one controller. Without a zone it holds nothing but the ranges of the bends.

    Args:
        zones: the zones until the controller configures others.

    Attributes:
        zones: the present zones.
    """

    def __init__(self, zones: Zones) -> None:
        self.zones = zones
        self._channels: dict[int, dict[Kind, int]] = {}
        self._strikes: dict[tuple[int, int], int] = {}
        """Strike velocities by channel and key; the newest note comes last."""
        self._lifts = dict.fromkeys(MPE_MASTERS, 0)
        self._ranges: dict[tuple[int, bool], tuple[int, int]] = {}
        """Ranges of the bends in semitones and cents, by (channel, False), or (master, True) for its zone's members."""

    def receive(self, message: Any) -> bool:
        """Receive a message (mido's). Returns whether it was the bend, pressure or timbre of a member channel."""
        channel = getattr(message, "channel", -1) + 1
        if message.type == "control_change" and message.control in (*NOTES_OFF, RESET_CONTROLLERS):
            self._silence(channel, message.control)
            return False
        master = self.zones.master_of(channel)
        if master is None:
            return False
        match message.type:
            case "note_on" if message.velocity > 0:
                self._strikes.pop((channel, message.note), None)
                self._strikes[channel, message.note] = message.velocity
                self._lifts[master] = 0
            case "note_on" | "note_off":
                lift = message.velocity if message.type == "note_off" else DEFAULT_LIFT
                if self._strikes.pop((channel, message.note), None) is not None:
                    self._lifts[master] = lift
        moved = movement(message)
        if moved is not None:
            self._channels.setdefault(channel, {})[moved[0]] = moved[1]
        return moved is not None

    def data(self, kind: Kind, master: int, notes: Notes = "last") -> int:
        """The data of one kind for the notes of a zone together, 0 to the kind's maximum; its rest while none sounds.

        The lift is that of the newest release, until the next note begins.

        Args:
            kind: an MPE kind.
            master: the zone's master channel.
            notes: which note counts.
        """
        if kind == "mpe lift":
            return self._lifts[master]
        rest = MPE_RESTS[kind]
        offsets = [data - rest for data in self._each(kind, master)]
        if not offsets:
            return rest
        match notes:
            case "max":
                return rest + max(offsets, key=abs)
            case "sum":
                return min(max(rest + sum(offsets), 0), MAXIMA[kind])
        return rest + offsets[-1]

    def semitones(self, channel: int, *, of_members: bool = False) -> float:
        """The range of a bend in each direction, on a channel; or, `of_members`, on the members of this master's zone."""
        whole, cents = self._range(channel, of_members)
        return whole + cents / 100

    def set_parameter(self, channel: int, number: int, data: int, *, coarse: bool) -> None:
        """Receive one half of a registered parameter; only RPN 0 and 6 have an effect."""
        if number == BEND_RANGE:
            master = self.zones.master_of(channel)  # one member sets the range of its whole zone
            key = (channel, False) if master is None else (master, True)
            whole, cents = self._range(*key)
            self._ranges[key] = (data, cents) if coarse else (whole, data)
        elif number == CONFIGURATION and coarse:
            self._configure(channel, data)

    def _configure(self, channel: int, members: int) -> None:
        """Configure a zone. Its notes end and its channels are reset, as the specification asks; so are channels that
        leave another zone."""
        if channel not in MPE_MASTERS or members > MOST_MEMBERS:
            return
        old, self.zones = self.zones, self.zones.configured(channel, members)
        for each in range(1, 17):
            master = self.zones.master_of(each)
            if channel in (each, master) or master != old.master_of(each):
                self._channels.pop(each, None)
                self._end(each)
        for of_members in (False, True):
            self._ranges.pop((channel, of_members), None)

    def _silence(self, channel: int, control: int) -> None:
        """End the notes of a channel, or reset its controllers; on a master channel, of its whole zone."""
        for each in range(1, 17):
            if channel in (each, self.zones.master_of(each)):
                self._channels.pop(each, None) if control == RESET_CONTROLLERS else self._end(each)

    def _end(self, channel: int) -> None:
        self._strikes = {note: strike for note, strike in self._strikes.items() if note[0] != channel}

    def _each(self, kind: Kind, master: int) -> Iterable[int]:
        """The data of each note that sounds in a zone; the newest note's come last."""
        for (channel, _), strike in self._strikes.items():
            if self.zones.master_of(channel) == master:
                values = self._channels.get(channel, {})
                yield values.get(kind, MPE_RESTS[kind]) if kind in _PER_CHANNEL else strike

    def _range(self, channel: int, of_members: bool) -> tuple[int, int]:
        default = MEMBER_SEMITONES if of_members else PLAIN_SEMITONES
        return self._ranges.get((channel, of_members), (default, 0))


def movement(message: Any) -> tuple[Kind, int] | None:
    """The kind and data of a bend, pressure or timbre message on a member channel; None for any other message."""
    match message.type:
        case "pitchwheel":
            return "mpe bend", message.pitch + MPE_RESTS["mpe bend"]
        case "aftertouch":
            return "mpe pressure", message.value
        case "control_change" if message.control == TIMBRE:
            return "mpe timbre", message.value
    return None
