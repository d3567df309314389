"""Standard MIDI Files to control events. Pure but for reading the one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import mido

from drawstop.base.errors import DrawstopError
from realtime.controls.events import ControlEvent

CC_CENTRE = 64
"""The controller value that lands exactly in the middle of a route's range: a knob at rest is exactly 0."""
DATA_MAXIMUM = 127
FIRST_DEFAULT_CC, LAST_CC = 20, 119  # 120..127 are channel mode messages, not knobs
FIRST_DEFAULT_NOTE = 60
DEFAULT_TEMPO = 500_000  # microseconds per quarter note, until a file says otherwise (SMF 1.0)


@dataclass(frozen=True)
class MidiRoute:
    """One controller or key that moves one stop.

    Args:
        kind: "cc" (a knob or fader) or "note" (a key).
        number: controller 0..127 or note 0..127.
        slug: the stop it moves.
        channel: MIDI channel 0..15; None listens to all.
        minimum: value at controller 0. Unused by notes.
        maximum: value at controller 127, or at note velocity 127.
        toggle: a press flips the stop between 0 and on, a release does nothing. For a cc, 64..127 is a press
            and on is `maximum`. Without toggle a note keeps its value while held, then 0.
    """

    kind: Literal["cc", "note"]
    number: int
    slug: str
    channel: int | None = None
    minimum: float = -1.0
    maximum: float = 1.0
    toggle: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("cc", "note"):
            raise DrawstopError(f"a MIDI route's kind is 'cc' or 'note', got {self.kind!r}")
        if not 0 <= self.number <= DATA_MAXIMUM:
            raise DrawstopError(f"a MIDI {self.kind} number must be in 0..{DATA_MAXIMUM}, got {self.number}")
        if self.channel is not None and not 0 <= self.channel <= 15:
            raise DrawstopError(f"a MIDI channel must be in 0..15, got {self.channel}")


def default_routes(slugs: Sequence[str]) -> tuple[MidiRoute, ...]:
    """CC 20, 21, … and notes 60, 61, … on any channel, one each per stop, in the stops' order.

    Stops beyond CC 119 or note 127 get no default route.
    """
    controllers = zip(range(FIRST_DEFAULT_CC, LAST_CC + 1), slugs, strict=False)
    notes = zip(range(FIRST_DEFAULT_NOTE, DATA_MAXIMUM + 1), slugs, strict=False)
    return tuple(MidiRoute("cc", number, slug) for number, slug in controllers) + tuple(
        MidiRoute("note", number, slug) for number, slug in notes
    )


def cc_value(data: int, minimum: float = -1.0, maximum: float = 1.0) -> float:
    """Controller data to a value: 0, 64 and 127 land exactly on minimum, middle and maximum.

    >>> [cc_value(data) for data in (0, 32, 64, 127)]
    [-1.0, -0.5, 0.0, 1.0]
    """
    middle = (minimum + maximum) / 2
    if data < CC_CENTRE:
        return minimum + (middle - minimum) * data / CC_CENTRE
    return middle + (maximum - middle) * (data - CC_CENTRE) / (DATA_MAXIMUM - CC_CENTRE)


class MidiTranslator:
    """Turns MIDI messages into event values; remembers which toggles are on and nothing else."""

    def __init__(self, routes: Sequence[MidiRoute]) -> None:
        self._routes = tuple(routes)
        self._toggled: set[MidiRoute] = set()

    def events(self, message: mido.Message, sample: int) -> list[ControlEvent]:
        """The events that one message causes at one sample; empty for messages that no route takes."""
        found = []
        for route in self._routes:
            value = self._value(route, message)
            if value is not None:
                found.append(ControlEvent(sample, route.slug, value, f"{route.kind} {route.number}"))
        return found

    def _value(self, route: MidiRoute, message: mido.Message) -> float | None:
        number, data = _number_and_data(route.kind, message)
        if number != route.number or route.channel not in (None, message.channel):
            return None
        on = cc_value(data, route.minimum, route.maximum) if route.kind == "cc" else _note_value(route, data)
        if not route.toggle:
            return on
        if data < (CC_CENTRE if route.kind == "cc" else 1):
            return None
        if route in self._toggled:
            self._toggled.remove(route)
            return 0.0
        self._toggled.add(route)
        return route.maximum if route.kind == "cc" else on


def read_midi_file(path: Path, sample_rate: int, routes: Sequence[MidiRoute]) -> list[ControlEvent]:
    """The control events of a Standard MIDI File (type 0 or 1), tempo changes honoured, sorted by time.

    Times are kept as fractions of a second and rounded once, so that a long file doesn't drift.

    Args:
        sample_rate: hertz of the audio that the events play along with.
        routes: which messages move which stop; see `default_routes`.

    Raises:
        DrawstopError: missing, unreadable or damaged file, or a type 2 file.
    """
    translator = MidiTranslator(routes)
    found: list[ControlEvent] = []
    for seconds, message in _timed_messages(_open(path)):
        found.extend(translator.events(message, round(seconds * sample_rate)))
    return found


def _note_value(route: MidiRoute, velocity: int) -> float:
    return route.maximum * velocity / DATA_MAXIMUM


def _number_and_data(kind: str, message: mido.Message) -> tuple[int, int]:
    """Number and value of a message of the route's kind (a release is velocity 0); -1 for any other."""
    if kind == "cc" and message.type == "control_change":
        return message.control, message.value
    if kind == "note" and message.type == "note_on":
        return message.note, message.velocity
    if kind == "note" and message.type == "note_off":
        return message.note, 0
    return -1, 0


def _open(path: Path) -> mido.MidiFile:
    if not path.is_file():
        raise DrawstopError(f"no MIDI file at {path}; check the path")
    try:
        midi_file = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
        raise DrawstopError(
            f"{path} can't be read as a MIDI file ({str(error) or 'it ends too early'})"
        ) from error
    if midi_file.type == 2:
        raise DrawstopError(f"{path} is a type 2 MIDI file; type 0 or 1 is needed, export it as one sequence")
    if midi_file.ticks_per_beat == 0:
        raise DrawstopError(f"{path} is damaged: its header says 0 ticks per beat")
    return midi_file


def _timed_messages(midi_file: mido.MidiFile) -> Iterator[tuple[Fraction, mido.Message]]:
    division = midi_file.ticks_per_beat
    tick = _seconds_per_tick(division, DEFAULT_TEMPO)
    now = Fraction(0)
    for message in mido.merge_tracks(midi_file.tracks):
        now += tick * message.time
        if message.type == "set_tempo":
            tick = _seconds_per_tick(division, message.tempo)
        elif not message.is_meta:
            yield now, message


def _seconds_per_tick(division: int, tempo: int) -> Fraction:
    if division > 0:
        return Fraction(tempo, 1_000_000 * division)
    # SMPTE division: the high byte is minus the frames per second (29 stands for 29.97), tempo plays no part.
    frames_per_second = -(division >> 8)
    rate = Fraction(30_000, 1001) if frames_per_second == 29 else Fraction(frames_per_second)
    return 1 / (rate * max(division & 0xFF, 1))
