"""Shows the messages of MIDI controllers and what a mapping makes of them, for `drawstop monitor`. Nothing sounds."""

import queue
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import read_mapping
from realtime.controllers.mapping.mapping import Mapping
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.source import ControllerInput
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.engine.control_event import ControlEvent
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.message_queue import Say, message_queue


class _Silence:
    """A `Sound` that drops its events."""

    sample_rate = 44100

    def now(self) -> int:
        return 0

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        for _ in events:
            pass


def monitor(midi: Sequence[str], mapping_path: Path | None, seconds: float | None, say: Say) -> None:
    """Say each message and the movements that a mapping makes of it, until the user ends it or the time is over."""
    mapping = read_mapping(mapping_path) if mapping_path else Mapping()
    engine_slugs = {parameter.slug for parameter in PARAMETERS}
    stops = [
        StopDescription(slug, slug, slug)
        for slug in dict.fromkeys(knob.stop for knob in mapping.knobs)
        if slug not in engine_slugs
    ]
    parameters = ParameterStore(_Silence(), [*stops, *PARAMETERS])
    changes: list[ParameterChange] = []
    parameters.subscribe(changes.extend)
    inputs: list[ControllerInput] = []
    tempo, said = Tempo(), dict[str, float]()
    midi_input = MidiInput(parameters, mapping, tempo=tempo, watch=inputs.append)
    start = time.monotonic()
    end = None if seconds is None else start + seconds
    with message_queue(midi, say, mapping.devices) as messages:
        while end is None or time.monotonic() < end:
            try:
                device, message, moment = messages.get(timeout=0.02)
            except queue.Empty:
                midi_input.tick(time.monotonic())
            else:
                midi_input.receive(device, message, moment)
                if message.type == "clock":
                    _say_tempo(tempo, said, say)
                    continue
                say(f"{moment - start:9.3f} s  {device}  {message}")
            for each in inputs:
                if each.source.kind not in ("cc", "note"):
                    say(
                        f"{'':11}  {each.source} on channel {each.source.channel}: {each.data} of {each.maximum}"
                    )
            for change in changes:
                say(f"{'':11}  {change.source} -> {change.slug} {change.value:+.4f}")
            inputs.clear()
            changes.clear()


def _say_tempo(tempo: Tempo, said: dict[str, float], say: Say) -> None:
    """Say the tempo of each clock when it has changed by a beat per minute, and which one is followed."""
    for source, bpm in tempo.clocks.items():
        if abs(bpm - said.get(source, 0.0)) >= 1.0:
            said[source] = bpm
            say(f"{'':11}  clock of {source}: {bpm:.1f}{', followed' if source == tempo.followed else ''}")
