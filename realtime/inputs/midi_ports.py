"""The MIDI ports of this machine, held by a process of their own that is started again when it has ended.

Another one looks for what is plugged in and out: while it looks, no message waits.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import mido

from realtime.processes.child_process import CONTEXT, start_child

START_AGAIN_S = 1.0
IDLE_S = 0.01

Heard = Callable[[str, Any, float], None]


class MidiPorts:
    """Open ports, from entering the context to leaving it.

    Args:
        on_message: called with the device's name, mido's message and the moment (`time.monotonic`) at which it came, in
            a thread of its own.
        inputs: parts of names; an input whose name has one of them in it is held whenever it is there.
        outputs: the same for outputs.
        on_change: called with the names of the open inputs and outputs when those change.
        on_idle: called whenever nothing has come for `IDLE_S`.
    """

    def __init__(
        self,
        on_message: Heard,
        inputs: Sequence[str] = ("",),
        outputs: Sequence[str] = (),
        on_change: Callable[[Sequence[str], Sequence[str]], None] = lambda inputs, outputs: None,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_message, self._on_change, self._on_idle = on_message, on_change, on_idle
        self._wanted = (tuple(inputs), tuple(outputs))
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._listen, name="midi", daemon=True)

    def __enter__(self) -> "MidiPorts":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def send(self, device: str, message: Any) -> None:
        """Send a message (mido's) to the output of that name, if it is there. From any thread."""
        with self._lock, suppress(OSError):
            if self._pipe is not None:
                self._pipe.send(("out", device, bytes(message.bin())))

    def _listen(self) -> None:
        names_here, names_there = CONTEXT.Pipe()
        self._looker = start_child("realtime.inputs.midi_port_process:run_names", names_there)
        names_there.close()
        names: Any = None
        while not self._ended.is_set():
            here = self._start()
            with suppress(EOFError, OSError):
                if names is not None:
                    here.send(("there", names))
                while not self._ended.is_set():
                    ready = wait([here, names_here], IDLE_S)
                    if names_here in ready:
                        names = names_here.recv()
                        here.send(("there", names))
                    if here in ready:
                        self._take(here.recv())
                    if not ready:
                        self._on_idle()
            with self._lock:
                self._pipe = None
            assert self._process is not None
            self._process.kill()
            self._process.join()
            here.close()
            self._on_change((), ())
            self._ended.wait(START_AGAIN_S)
        self._looker.kill()
        self._looker.join()
        names_here.close()

    def _start(self) -> Connection:
        here, there = CONTEXT.Pipe()
        process = start_child("realtime.inputs.midi_port_process:run_midi", *self._wanted, there)
        there.close()
        with self._lock:
            self._pipe, self._process = here, process
        return here

    def _take(self, told: tuple[Any, ...]) -> None:
        if told[0] == "ports":
            self._on_change(told[1], told[2])
            return
        _, device, content, time = told
        for message in mido.parse_all(content):
            self._on_message(device, message, time)
