"""The table of `monitor`: one row a source, channels from 1, the newest source as a mapping has it."""

import io
from pathlib import Path

from rich.console import Console

from realtime.controllers.mapping.file import parse_mapping
from realtime.controllers.midi.source import ControllerInput, MidiSource
from realtime.controllers.parameters import ParameterChange
from realtime.inputs.monitor import SourceTable

KNOB = MidiSource("cc", 20, 1, "nano:nano MIDI 1 20:0")
PAD = MidiSource("note", 40, 16, "pads")


def drawn(table: SourceTable) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_source_has_one_row_with_its_last_value_and_what_it_moved() -> None:
    table = SourceTable()
    assert "Move something" in drawn(table)
    table.add([ControllerInput(KNOB, 12)], [])
    table.add([ControllerInput(PAD, 100)], [])
    table.add([ControllerInput(KNOB, 127)], [ParameterChange("guitar", 1.0, "cc 20")])
    table.show_line("MIDI nano is here")
    text = drawn(table)
    assert text.count("127 of 127") == 1 and "12 of" not in text and "100 of 127" in text
    assert "guitar +1.00" in text and "MIDI nano is here" in text
    (row,) = [line for line in text.splitlines() if "note 40" in line]
    assert row.split()[:4] == ["note", "40", "16", "pads"]


def test_what_stands_below_the_table_is_a_mapping() -> None:
    table = SourceTable()
    table.add([ControllerInput(PAD, 100), ControllerInput(KNOB, 1)], [])
    text = drawn(table)
    pasted = "\n".join(line.rstrip() for line in text[text.index("[[knob]]") :].splitlines())
    (knob,) = parse_mapping(pasted, Path("m.toml")).knobs
    assert (str(knob.source), knob.source.channel, knob.source.device) == ("cc 20", 1, "nano MIDI 1")
