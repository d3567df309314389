"""A process that holds the MIDI ports: JACK's library crashes whoever closes a port after its server has gone.

It opens what is plugged in, closes what is pulled out, and tells whole messages with the moment at which they came.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from realtime.processes.child_process import begin_child, orphaned

BACKENDS = ("mido.backends.rtmidi", "mido.backends.rtmidi/UNIX_JACK")
"""The system's own (ALSA, CoreMIDI, WinMM), and JACK's."""
LOOK_S = 1.0
OWN_CLIENT = "RtMidi"
"""What the ports that rtmidi opens to talk to others are called. (mido names a client only if its port is virtual.)"""
Direction = str
DIRECTIONS: tuple[Direction, ...] = ("input", "output")
Place = tuple[str, str]
"""A port: its backend and its name."""
Names = dict[Direction, dict[str, list[str] | None]]
"""What is there, by direction and backend."""


def run_names(parent: Connection) -> None:
    """A process that looks for ports: JACK's library takes a tenth of a second for it, and holds Python's lock.

    Tells, whenever it has changed, the names by direction and backend; None for a backend that isn't there.
    """
    begin_child()
    told: Names = {}
    with _quiet_stderr():
        while not orphaned():
            names = {
                direction: {system: _names(system, direction) for system in BACKENDS}
                for direction in DIRECTIONS
            }
            if names != told:
                told = names
                with suppress(OSError):
                    parent.send(names)
            with suppress(EOFError, OSError):
                parent.poll(LOOK_S)


def run_midi(inputs: Sequence[str], outputs: Sequence[str], parent: Connection) -> None:
    """The process: hold the ports whose names have one of these parts in them, until the parent ends it or is gone.

    Tells `("in", device, bytes, time.monotonic())` per message, and `("ports", inputs, outputs)`, with the names of all
    that are open, whenever that changes. Asked `("out", device, bytes)` it sends; asked `("there", names)`, as
    `run_names` tells them, it opens and closes.
    """
    begin_child()
    with _quiet_stderr():
        ports = _Ports(inputs, outputs, parent)
        while not orphaned():
            try:
                if not parent.poll(LOOK_S):
                    continue
                asked = parent.recv()
            except (EOFError, OSError):
                break
            if asked[0] == "out":
                ports.send(asked[1], asked[2])
            else:
                ports.look(asked[1])
        os._exit(0)  # not the way out by Python's: that would close the ports


def input_names() -> list[str]:
    """The MIDI inputs of every system that answers."""
    with _quiet_stderr():
        return [name for system in BACKENDS for name in _names(system, "input") or ()]


def _names(system: str, direction: str) -> list[str] | None:
    """The ports of one system; None if it isn't there."""
    import mido

    backend = mido.Backend(system)
    list_names = backend.get_input_names if direction == "input" else backend.get_output_names
    try:
        names: list[str] = list_names()
    except Exception:  # noqa: BLE001 - python-rtmidi raises a plain error of its own where a system is missing
        return None
    return [name for name in names if not name.startswith(OWN_CLIENT)]


class _Ports:
    """The ports that are open."""

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str], parent: Connection) -> None:
        self._wanted = {"input": inputs, "output": outputs}
        self._open: dict[str, dict[Place, Any]] = {"input": {}, "output": {}}
        self._parent = parent
        self._lock = threading.Lock()
        self._told: Any = None

    def look(self, names_there: Names) -> None:
        """Open what is new, close what has gone; tell it."""
        for direction, wanted in self._wanted.items():
            there = set(self._places(names_there[direction])) if wanted else set()
            ports = self._open[direction]
            for place in ports.keys() - there:
                ports.pop(place).close()
            for place in sorted(there - ports.keys()):
                if any(part.lower() in place[1].lower() for part in wanted):
                    with suppress(Exception):  # somebody else has it: tried again when something changes
                        ports[place] = self._opened(direction, place)
        names = tuple(sorted({name for _, name in self._open[direction]}) for direction in self._open)
        if names != self._told:
            self._told = names
            self._tell("ports", *names)

    def send(self, device: str, message: bytes) -> None:
        """Send to every output of that name."""
        import mido

        for (_, name), port in self._open["output"].items():
            if name == device:
                port.send(mido.Message.from_bytes(message))

    def _places(self, names_there: Mapping[str, list[str] | None]) -> Iterator[Place]:
        for system, names in names_there.items():
            if names is not None:
                yield from ((system, name) for name in names)
            elif any(place[0] == system for ports in self._open.values() for place in ports):
                os._exit(0)  # its server has gone; whoever starts us again gets fresh ports

    def _opened(self, direction: str, place: Place) -> Any:
        import mido

        system, name = place
        backend = mido.Backend(system)
        if direction == "output":
            return backend.open_output(name)
        return backend.open_input(
            name,
            callback=lambda message: self._tell("in", name, bytes(message.bin()), time.monotonic()),
        )

    def _tell(self, *message: Any) -> None:
        with self._lock, suppress(OSError):
            self._parent.send(message)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """JACK's library writes a screenful whenever there is no server."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
