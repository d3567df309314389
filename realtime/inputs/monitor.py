"""Shows the messages of MIDI controllers and what a mapping makes of them, for `drawstop monitor`. Nothing sounds."""

import queue
import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.add_knob import knob_toml
from realtime.controllers.mapping.file import read_mapping
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.names import box_of
from realtime.controllers.midi.source import ControllerInput, MidiSource
from realtime.controllers.parameters import NoEngine, ParameterChange, ParameterStore
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.message_queue import ShowLine, message_queue

NOTES = 4
BAR = 20
OTHER_LINES = 13
"""Lines below the table: a knob for a mapping, and lines for the user."""


class SourceTable:
    """The last value of each source and what it moved, as a table that rich draws in place.

    The source that was moved last stands below it as a mapping's file has it, ready to be copied.
    """

    def __init__(self) -> None:
        self._rows: dict[MidiSource, tuple[ControllerInput, str]] = {}
        self._newest: MidiSource | None = None
        self._notes: deque[str] = deque(maxlen=NOTES)

    def show_line(self, line: str) -> None:
        """Show a line below the table."""
        self._notes.append(line.strip())

    def add(self, inputs: Sequence[ControllerInput], changes: Sequence[ParameterChange]) -> None:
        """Show what came from controllers, and the movements that a mapping made of it."""
        moved = ", ".join(f"{change.slug} {change.value:+.2f}" for change in changes)
        for each in inputs:
            self._newest = each.source
            self._rows[each.source] = (each, moved)

    def __rich__(self) -> RenderableType:
        table = Table("source", "channel", "device", "value", "", "moves", box=None)
        rows = list(self._rows.items())[-max(1, shutil.get_terminal_size().lines - OTHER_LINES) :]
        for source, (last, moved) in rows:
            bar = "█" * round(last.position * BAR)
            mark = "bold" if source == self._newest else ""
            cells = (
                str(source),
                str(source.channel or ""),
                box_of(source.device or ""),
                f"{last.data} of {last.maximum}",
            )
            table.add_row(*map(escape, cells), f"{bar:░<{BAR}}", escape(moved), style=mark)
        return Group(table, Text(self._for_mapping()), *map(Text, self._notes))

    def _for_mapping(self) -> str:
        """The newest source as a knob of a mapping."""
        if self._newest is None:
            return "Move something. Ctrl-C ends."
        source = replace(self._newest, device=box_of(self._newest.device or "") or None)
        return f"\n{knob_toml(Knob(source, 'name-of-a-stop'))}"


def monitor(
    midi: Sequence[str],
    mapping_path: Path | None,
    seconds: float | None,
    show_line: ShowLine,
    table: SourceTable | None = None,
) -> None:
    """Show each message and the movements that a mapping makes of it, until the user ends it or the time is over.

    Args:
        midi: parts of the names of inputs; none: every input.
        mapping_path: the mapping's file; None: no mapping.
        seconds: how long; None: no end.
        show_line: takes lines for the user.
        table: shows the messages in place of a line for each.
    """
    show_line = show_line if table is None else table.show_line
    mapping = read_mapping(mapping_path) if mapping_path else Mapping()
    engine_slugs = {parameter.slug for parameter in PARAMETERS}
    stops = [
        StopDescription(slug, slug, slug)
        for slug in dict.fromkeys(knob.stop for knob in mapping.knobs)
        if slug not in engine_slugs
    ]
    parameters = ParameterStore(NoEngine(), [*stops, *PARAMETERS])
    changes: list[ParameterChange] = []
    parameters.subscribe(changes.extend)
    inputs: list[ControllerInput] = []
    tempo, said = Tempo(), dict[str, float]()
    midi_input = MidiInput(parameters, mapping, tempo=tempo, watch=inputs.append)
    start = time.monotonic()
    end = None if seconds is None else start + seconds
    with message_queue(midi, show_line, mapping.devices) as messages:
        while end is None or time.monotonic() < end:
            try:
                device, message, moment = messages.get(timeout=0.02)
            except queue.Empty:
                midi_input.tick(time.monotonic())
            else:
                midi_input.receive(device, message, moment)
                if message.type == "clock":
                    _show_tempo(tempo, said, show_line)
                    continue
                if table is None:
                    show_line(f"{moment - start:9.3f} s  {device}  {message}")
            if table is not None:
                table.add(inputs, changes)
                inputs.clear()
                changes.clear()
            for each in inputs:
                if each.source.kind not in ("cc", "note"):
                    show_line(
                        f"{'':11}  {each.source} on channel {each.source.channel}: {each.data} of {each.maximum}"
                    )
            for change in changes:
                show_line(f"{'':11}  {change.source} -> {change.slug} {change.value:+.4f}")
            inputs.clear()
            changes.clear()


def _show_tempo(tempo: Tempo, said: dict[str, float], show_line: ShowLine) -> None:
    """Show the tempo of each clock when it has changed by a beat per minute, and which one is followed."""
    for source, bpm in tempo.clocks.items():
        if abs(bpm - said.get(source, 0.0)) >= 1.0:
            said[source] = bpm
            show_line(
                f"{'':11}  clock of {source}: {bpm:.1f}{', followed' if source == tempo.followed else ''}"
            )
