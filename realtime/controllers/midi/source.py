"""A source of MIDI values (a knob, a fader, a wheel, a key), how a mapping names it, and the values that it sends."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from drawstop.errors import DrawstopError
from realtime.controllers.midi.names import is_part_of

Kind = Literal[
    "cc", "cc14", "nrpn", "rpn", "bend", "pressure", "key-pressure", "note", "program",
    "mpe bend", "mpe pressure", "mpe timbre", "mpe strike", "mpe lift",
]  # fmt: skip
Notes = Literal["last", "max", "sum"]
"""Which note counts of several that sound together on an MPE controller: the newest, the one farthest from rest, all."""
Order = Literal["msb-first", "lsb-first"]
"""Which half of a 14-bit value a controller sends first. MIDI 1.0 says the most significant one; not all do."""

SEVEN_BITS, FOURTEEN_BITS = 127, 16383
MOST_PROGRAMS = 1024
"""Eight banks of 128, as many as a set has scenes."""
CC_CENTRE = 64
"""The controller data that mean exactly the middle, so that a centred knob gives exactly 0."""
MAXIMA: dict[Kind, int] = {
    "cc": SEVEN_BITS,
    "cc14": FOURTEEN_BITS,
    "nrpn": FOURTEEN_BITS,
    "rpn": FOURTEEN_BITS,
    "bend": FOURTEEN_BITS,
    "pressure": SEVEN_BITS,
    "key-pressure": SEVEN_BITS,
    "note": SEVEN_BITS,
    "program": SEVEN_BITS,
    "mpe bend": FOURTEEN_BITS,
    "mpe pressure": SEVEN_BITS,
    "mpe timbre": SEVEN_BITS,
    "mpe strike": SEVEN_BITS,
    "mpe lift": SEVEN_BITS,
}
"""The largest data value of each kind."""
NUMBERS: dict[Kind, int] = {
    "cc": 119,  # 120 to 127 are channel mode messages
    "cc14": 31,  # its other half is the controller 32 above
    "nrpn": FOURTEEN_BITS,
    "rpn": FOURTEEN_BITS,
    "key-pressure": 127,
    "note": 127,
    "program": MOST_PROGRAMS - 1,
}
"""The largest number of each kind; the others are one per channel."""
MPE_RESTS: dict[Kind, int] = {
    "mpe bend": 8192,
    "mpe pressure": 0,
    "mpe timbre": 64,
    "mpe strike": 0,
    "mpe lift": 0,
}
"""The kinds of source that belong to an MPE note, and their data while no note sounds."""
MPE_MASTERS = (1, 16)
"""The master channels of the lower and the upper zone (MPE 1.0, section 2.1)."""


@dataclass(frozen=True)
class MidiSource:
    """One knob, fader, wheel, key or other control of a MIDI controller.

    Args:
        kind: the kind of MIDI message; `cc14` is a controller with its other half 32 above.
        number: the number of the controller, key, parameter or program (those of bank 1 are 128 and up); None for a
            kind that each channel has once, and for any program.
        channel: 1 to 16, as controllers show it; None: any. For an MPE source, its zone's master: 1 for the lower,
            16 for the upper zone.
        device: a part of the MIDI input's name, without ALSA's numbers, which change (`20:0`); None: any.
        notes: for an MPE source: which of the notes that sound together counts, `last`, `max` (the one farthest from
            rest) or `sum`.
    """

    kind: Kind
    number: int | None = None
    channel: int | None = None
    device: str | None = None
    notes: Notes = "last"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise DrawstopError(f"a MIDI source is one of {', '.join(get_args(Kind))}; got {self.kind!r}")
        largest = NUMBERS.get(self.kind)
        if largest is None:
            if self.number is not None:
                raise DrawstopError(f"{self.kind} has no number, got {self.number}; give a channel instead")
        elif self.number is None:
            if self.kind != "program":
                raise DrawstopError(f"{self.kind} needs a number in 0..{largest}, as in '{self.kind} 20'")
        elif not 0 <= self.number <= largest:
            raise DrawstopError(f"a {self.kind} number must be in 0..{largest}, got {self.number}")
        if self.channel is not None and not 1 <= self.channel <= 16:
            raise DrawstopError(f"a MIDI channel must be in 1..16, got {self.channel}")
        self._check_mpe()

    def _check_mpe(self) -> None:
        if self.notes not in get_args(Notes):
            raise DrawstopError(f"notes is one of {', '.join(get_args(Notes))}; got {self.notes!r}")
        if self.notes != "last" and (not self.is_mpe or self.kind == "mpe lift"):
            raise DrawstopError(
                f"'{self}' is never of several notes; notes goes with mpe bend, pressure, timbre and strike"
            )
        if self.is_mpe and self.channel not in (None, *MPE_MASTERS):
            raise DrawstopError(
                f"an MPE zone is named by its master channel, 1 (lower) or 16 (upper), got {self.channel}"
            )

    @property
    def is_mpe(self) -> bool:
        """Whether this source belongs to a note of an MPE zone."""
        return self.kind in MPE_RESTS

    def __str__(self) -> str:
        return self.kind if self.number is None else f"{self.kind} {self.number}"

    def matches(self, controller_input: "ControllerInput") -> bool:
        """Whether a controller input came from this source."""
        other = controller_input.source
        return (
            self.kind == other.kind
            and self.number in (None, other.number)
            and self.channel in (None, other.channel)
            and self.notes == other.notes
            and (self.device is None or is_part_of(self.device, other.device or ""))
        )


@dataclass(frozen=True)
class ControllerInput:
    """One complete value that a controller has sent.

    Args:
        source: the source that sent it, with its channel and its device.
        data: 0 to `maximum`; a released key has 0.
        time: when the value's last message came, in seconds.
        semitones: for a bend: its range in each direction (RPN 0); else 0.
        steps: for an increment of a parameter 1, for a decrement −1, with the value that it leads to as the data; else 0.
        known: False if only the steps are known, because the parameter's value has never been sent.
    """

    source: MidiSource
    data: int
    time: float = 0.0
    semitones: float = 0.0
    steps: int = 0
    known: bool = True

    @property
    def maximum(self) -> int:
        """The largest data value of the source's kind."""
        return MAXIMA[self.source.kind]

    @property
    def position(self) -> float:
        """The data as a position in 0 to 1; the middle (64, 8192) is exactly 0.5.

        >>> [ControllerInput(MidiSource("cc", 1), data).position for data in (0, 32, 64, 127)]
        [0.0, 0.25, 0.5, 1.0]
        """
        middle = (self.maximum + 1) // 2
        if self.data <= middle:
            return self.data / (2 * middle)
        return 0.5 + (self.data - middle) / (2 * (self.maximum - middle))


def parse_source(
    text: str, channel: int | None = None, device: str | None = None, notes: Notes = "last"
) -> MidiSource:
    """Parse a source as mappings write it: `cc 20`, `cc14 1`, `nrpn 300`, `bend`, `note 60`, `mpe pressure`.

    Raises:
        DrawstopError: the text names no source.
    """
    match = re.fullmatch(r"((?:mpe )?[a-z0-9-]+?)(?: (\d{1,5}))?", " ".join(text.split()))
    if match is None or match[1] not in get_args(Kind):
        raise DrawstopError(
            f"a MIDI source is written as 'cc 20', 'cc14 1', 'nrpn 300', 'rpn 0', 'bend', 'pressure', "
            f"'key-pressure 60', 'note 60', 'program 3', 'mpe bend', 'mpe pressure', 'mpe timbre', 'mpe strike' "
            f"or 'mpe lift'; got {text!r}"
        )
    kind: Kind = match[1]  # type: ignore[assignment]
    return MidiSource(kind, None if match[2] is None else int(match[2]), channel, device, notes)
