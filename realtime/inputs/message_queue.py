"""A queue of the messages that MIDI inputs receive, for `drawstop learn` and `drawstop monitor`."""

import queue
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from realtime.controllers.midi.names import MissingBoxes
from realtime.inputs.midi_ports import MidiPorts

ShowLine = Callable[[str], None]
Received = tuple[str, Any, float]
"""A message: the device's name, mido's message, and the time of its arrival (`time.monotonic`)."""
NO_INPUT = "no MIDI input is here; one that is plugged in is taken up (drawstop devices lists them)"
MessageQueue = queue.Queue[Received]


@contextmanager
def message_queue(
    midi: Sequence[str], show_line: ShowLine, boxes: Collection[str] = ()
) -> Iterator[MessageQueue]:
    """Open MIDI inputs and put their messages into a queue.

    Args:
        midi: parts of the names of inputs; none: every input.
        show_line: takes a line for the user whenever an input comes or goes.
        boxes: the devices that a mapping names; a line says which of them aren't here.
    """
    messages: MessageQueue = queue.Queue()
    names: set[str] = set()
    missing, awaited = MissingBoxes(boxes), MissingBoxes(midi, "--midi waits for its input:")

    def changed(inputs: Sequence[str], outputs: Sequence[str]) -> None:
        for name in sorted(set(inputs) ^ names):
            show_line(f"MIDI {name} {'is here' if name in inputs else 'has gone'}")
        names.clear()
        names.update(inputs)
        if line := missing.line(names):
            show_line(line)
        if line := awaited.line(names):
            show_line(line)
        if not names and not midi:
            show_line(NO_INPUT)

    with MidiPorts(lambda *received: messages.put(received), midi or ("",), on_change=changed):
        yield messages
