"""The child processes behind `MidiPorts`: one holds the ports, one lists them.

The ports are in a child because JACK's library crashes the process that closes a port after its server has gone. The
child opens what is plugged in, closes what is pulled out, and sends whole messages with the moment at which they came.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from realtime.controllers.midi.names import is_same_box, meant
from realtime.processes.child_process import begin_child, orphaned

BACKENDS = ("mido.backends.rtmidi", "mido.backends.rtmidi/UNIX_JACK")
"""The system's own (ALSA, CoreMIDI, WinMM), and JACK's."""
LIST_S = 1.0
OWN_CLIENT = "RtMidi"
"""The client name of the ports that rtmidi itself opens. (mido names a client only if its port is virtual.)"""
Direction = str
DIRECTIONS: tuple[Direction, ...] = ("input", "output")
Port = tuple[str, str]
"""A port: its backend and its name."""
Names = dict[Direction, dict[str, list[str] | None]]
"""The names of all ports, by direction and backend; None for a backend that isn't there."""


def run_port_list(parent: Connection) -> None:
    """List the ports every second, and send the names whenever they have changed.

    JACK's library takes a tenth of a second for a list and holds Python's lock, hence a process of its own.
    """
    begin_child()
    sent: Names = {}
    with _quiet_stderr():
        while not orphaned():
            names = {
                direction: {system: _names(system, direction) for system in BACKENDS}
                for direction in DIRECTIONS
            }
            if names != sent:
                sent = names
                with suppress(OSError):
                    parent.send(names)
            with suppress(EOFError, OSError):
                parent.poll(LIST_S)


def run_ports(inputs: Sequence[str], outputs: Sequence[str], parent: Connection) -> None:
    """Hold the ports whose names contain one of these parts, until the parent ends this process or is gone.

    Sends the parent `("in", device, bytes, time.monotonic())` for each message, and `("ports", inputs, outputs)`, with
    the names of all open ports, whenever they change. Receives `("out", device, bytes)`, a message to send, and
    `("available", names)`, the names from `run_port_list`, by which it opens and closes ports.
    """
    begin_child()
    with _quiet_stderr():
        ports = _Ports(inputs, outputs, parent)
        while not orphaned():
            try:
                if not parent.poll(LIST_S):
                    continue
                request = parent.recv()
            except (EOFError, OSError):
                break
            if request[0] == "out":
                ports.send(request[1], request[2])
            else:
                ports.update(request[1])
        os._exit(0)  # a normal exit of Python would close the ports


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
        self._name_parts = {"input": inputs, "output": outputs}
        self._open: dict[str, dict[Port, Any]] = {"input": {}, "output": {}}
        self._parent = parent
        self._lock = threading.Lock()
        self._sent_names: Any = None

    def update(self, names: Names) -> None:
        """Open the ports that are new and close those that have gone; send the names of the open ones.

        A box that two systems offer is opened by the first of `BACKENDS` that can.
        """
        for direction, parts in self._name_parts.items():
            available = set(self._available(names[direction])) if parts else set()
            ports = self._open[direction]
            for port in ports.keys() - available:
                ports.pop(port).close()
            names_meant = {name for part in parts for name in meant(part, [name for _, name in available])}
            for port in sorted(available - ports.keys()):
                if port[1] in names_meant and not any(is_same_box(port[1], name) for _, name in ports):
                    with suppress(Exception):  # another program has it: tried again when something changes
                        ports[port] = self._opened(direction, port)
        open_names = tuple(sorted({name for _, name in self._open[direction]}) for direction in self._open)
        if open_names != self._sent_names:
            self._sent_names = open_names
            self._send("ports", *open_names)

    def send(self, device: str, message: bytes) -> None:
        """Send to every output of that name."""
        import mido

        for (_, name), port in self._open["output"].items():
            if name == device:
                port.send(mido.Message.from_bytes(message))

    def _available(self, names_by_system: Mapping[str, list[str] | None]) -> Iterator[Port]:
        for system, names in names_by_system.items():
            if names is not None:
                yield from ((system, name) for name in names)
            elif any(port[0] == system for ports in self._open.values() for port in ports):
                os._exit(0)  # its server has gone; the process that replaces this one opens new ports

    def _opened(self, direction: str, port: Port) -> Any:
        import mido

        system, name = port
        backend = mido.Backend(system)
        if direction == "output":
            return backend.open_output(name)
        return backend.open_input(
            name,
            callback=lambda message: self._send("in", name, bytes(message.bin()), time.monotonic()),
        )

    def _send(self, *message: Any) -> None:
        with self._lock, suppress(OSError):
            self._parent.send(message)


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what is written to stderr: JACK's library writes a screenful whenever there is no server."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
