"""The notes that sound on an MPE controller, and what each finger does: bend, pressure, timbre, strike and lift.

A note has a member channel of its own for as long as it sounds, so that channel's bend, pressure and controller 74 are
that note's (MIDI Polyphonic Expression 1.0, MMA M1-100-UM). What comes on a channel before its note begins is the note's
beginning; what comes after its end moves nothing. No ports, no clock.
"""

from collections.abc import Iterable
from typing import Any

from realtime.controllers.midi.mpe_zones import MOST_MEMBERS, Zones
from realtime.controllers.midi.source import MAXIMA, MPE_MASTERS, MPE_RESTS, Kind, Notes

TIMBRE = 74
BEND_RANGE, CONFIGURATION = 0, 6
"""Registered parameter numbers: pitch bend sensitivity, and the MPE Configuration Message."""
MEMBER_SEMITONES, PLAIN_SEMITONES = 48, 2
"""How far a bend goes until RPN 0 says otherwise: on a member channel (MPE 1.0), on a master or a plain one (MIDI 1.0)."""
LIFT_UNSAID = 64
"""The release velocity of a note that ends by a note-on of velocity 0 (MIDI 1.0)."""
NOTES_OFF = (120, 123)
"""All sound off, all notes off."""
RESET_CONTROLLERS = 121
_OF_A_CHANNEL: tuple[Kind, ...] = ("mpe bend", "mpe pressure", "mpe timbre")


class MpeNotes:
    """One controller's zones and notes. Without a zone there is nothing but the bends' ranges.

    Args:
        zones: as they are until the controller says otherwise.

    Attributes:
        zones: as they are now.
    """

    def __init__(self, zones: Zones) -> None:
        self.zones = zones
        self._channels: dict[int, dict[Kind, int]] = {}
        self._strikes: dict[tuple[int, int], int] = {}
        """By channel and key; the newest note comes last."""
        self._lifts = dict.fromkeys(MPE_MASTERS, 0)
        self._ranges: dict[tuple[int, bool], tuple[int, int]] = {}
        """Semitones and cents, by channel; or by master, for all members of its zone."""

    def hear(self, message: Any) -> bool:
        """Take note of a message (mido's); whether it was a note's bend, pressure or timbre, and no plain channel's."""
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
                lift = message.velocity if message.type == "note_off" else LIFT_UNSAID
                if self._strikes.pop((channel, message.note), None) is not None:
                    self._lifts[master] = lift
        moved = movement(message)
        if moved is not None:
            self._channels.setdefault(channel, {})[moved[0]] = moved[1]
        return moved is not None

    def data(self, kind: Kind, master: int, notes: Notes = "last") -> int:
        """What the notes of a zone have together: 0 to the kind's maximum; its rest while none sounds.

        The lift is the newest release's, until the next note begins.
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
        """How far a bend on this channel goes each way; or one on the members of the zone that has this master."""
        whole, cents = self._range(channel, of_members)
        return whole + cents / 100

    def set_parameter(self, channel: int, number: int, data: int, *, coarse: bool) -> None:
        """A half of a registered parameter has come; all but RPN 0 and 6 mean nothing here."""
        if number == BEND_RANGE:
            master = self.zones.master_of(channel)  # one member speaks for all of its zone
            place = (channel, False) if master is None else (master, True)
            whole, cents = self._range(*place)
            self._ranges[place] = (data, cents) if coarse else (whole, data)
        elif number == CONFIGURATION and coarse:
            self._configure(channel, data)

    def _configure(self, channel: int, members: int) -> None:
        """The zone's notes end and its channels begin anew, as the specification asks; so do those that change hands."""
        if channel not in MPE_MASTERS or members > MOST_MEMBERS:
            return
        before, self.zones = self.zones, self.zones.configured(channel, members)
        for each in range(1, 17):
            master = self.zones.master_of(each)
            if channel in (each, master) or master != before.master_of(each):
                self._channels.pop(each, None)
                self._end(each)
        for of_members in (False, True):
            self._ranges.pop((channel, of_members), None)

    def _silence(self, channel: int, control: int) -> None:
        """On a master channel, for its whole zone."""
        for each in range(1, 17):
            if channel in (each, self.zones.master_of(each)):
                self._channels.pop(each, None) if control == RESET_CONTROLLERS else self._end(each)

    def _end(self, channel: int) -> None:
        self._strikes = {note: strike for note, strike in self._strikes.items() if note[0] != channel}

    def _each(self, kind: Kind, master: int) -> Iterable[int]:
        """The data of each note that sounds in a zone, the newest note's last."""
        for (channel, _), strike in self._strikes.items():
            if self.zones.master_of(channel) == master:
                here = self._channels.get(channel, {})
                yield here.get(kind, MPE_RESTS[kind]) if kind in _OF_A_CHANNEL else strike

    def _range(self, channel: int, of_members: bool) -> tuple[int, int]:
        usual = MEMBER_SEMITONES if of_members else PLAIN_SEMITONES
        return self._ranges.get((channel, of_members), (usual, 0))


def movement(message: Any) -> tuple[Kind, int] | None:
    """What a member channel's message says of its note while it sounds; None for any other."""
    match message.type:
        case "pitchwheel":
            return "mpe bend", message.pitch + MPE_RESTS["mpe bend"]
        case "aftertouch":
            return "mpe pressure", message.value
        case "control_change" if message.control == TIMBRE:
            return "mpe timbre", message.value
    return None
