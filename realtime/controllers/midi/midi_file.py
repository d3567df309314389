"""Converts a Standard MIDI File to control events, by the same mapping and decoder as live playing."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import mido

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Mapping, default_mapping, for_stops
from realtime.controllers.midi.decoder import MidiDecoder
from realtime.controllers.parameters import ParameterStore
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import Ranged

DEFAULT_TEMPO = 500_000  # microseconds per quarter note, until a file says otherwise (SMF 1.0)


class _Timeline:
    """An `EngineTarget` that collects its events, with a clock that `read_midi_file` sets."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate, self.sample = sample_rate, 0
        self.events: list[ControlEvent] = []

    def now(self) -> int:
        return self.sample

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        self.events.extend(events)


def read_midi_file(
    path: Path, sample_rate: int, targets: Sequence[Ranged], mapping: Mapping | None = None
) -> list[ControlEvent]:
    """The control events of a Standard MIDI File (type 0 or 1), with its tempo changes, sorted by time.

    Times are added up as exact fractions of a second and rounded once, so that a long file doesn't drift.

    Args:
        path: the file.
        sample_rate: rate in hertz of the audio that the events play along with.
        targets: the stops that can be moved.
        mapping: which messages move which stop; None: `default_mapping`.

    Raises:
        DrawstopError: missing, unreadable or damaged file, or a type 2 file.
    """
    slugs = [target.slug for target in targets]
    mapping = for_stops(mapping, slugs) if mapping else default_mapping(slugs)
    timeline = _Timeline(sample_rate)
    mapper = Mapper(mapping, ParameterStore(timeline, targets))
    decoder = MidiDecoder(path.name, mapping.pairs, mapping.mpe_sources, mapping.mpe)
    seconds = Fraction(0)
    for seconds, message in _timed_messages(_open(path)):
        timeline.sample = round(seconds * sample_rate)
        for controller_input in decoder.decode(message, float(seconds)):
            mapper.apply(controller_input)
    for controller_input in decoder.overdue(float(seconds) + 1.0):
        mapper.apply(controller_input)
    return timeline.events


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
