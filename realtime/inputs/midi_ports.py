"""The MIDI ports of this machine, held by a child process that is started again when it has ended.

A second child process lists the ports, so that no message waits while it does.
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

OnMessage = Callable[[str, Any, float], None]


class MidiPorts:
    """Holds MIDI ports open, from entering the context to leaving it.

    Args:
        on_message: called with the device's name, mido's message and the moment (`time.monotonic`) at which it came, in
            a thread of its own.
        inputs: parts of names; an input whose name contains one of them is open whenever it exists.
        outputs: the same for outputs.
        on_change: called with the names of the open inputs and outputs when those change.
        on_idle: called whenever nothing has come for `IDLE_S`.
    """

    def __init__(
        self,
        on_message: OnMessage,
        inputs: Sequence[str] = ("",),
        outputs: Sequence[str] = (),
        on_change: Callable[[Sequence[str], Sequence[str]], None] = lambda inputs, outputs: None,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_message, self._on_change, self._on_idle = on_message, on_change, on_idle
        self._name_parts = (tuple(inputs), tuple(outputs))
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)

    def __enter__(self) -> "MidiPorts":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def send(self, device: str, message: Any) -> None:
        """Send a message (mido's) to the output of that name, if it is open. From any thread."""
        with self._lock, suppress(OSError):
            if self._pipe is not None:
                self._pipe.send(("out", device, bytes(message.bin())))

    def _run(self) -> None:
        list_pipe, list_child_end = CONTEXT.Pipe()
        list_process = start_child("realtime.inputs.midi_port_process:run_port_list", list_child_end)
        list_child_end.close()
        names: Any = None
        while not self._ended.is_set():
            pipe = self._start()
            with suppress(EOFError, OSError):
                if names is not None:
                    pipe.send(("available", names))
                while not self._ended.is_set():
                    ready = wait([pipe, list_pipe], IDLE_S)
                    if list_pipe in ready:
                        names = list_pipe.recv()
                        pipe.send(("available", names))
                    if pipe in ready:
                        self._receive(pipe.recv())
                    if not ready:
                        self._on_idle()
            with self._lock:
                self._pipe = None
            assert self._process is not None
            self._process.kill()
            self._process.join()
            pipe.close()
            self._on_change((), ())
            self._ended.wait(START_AGAIN_S)
        list_process.kill()
        list_process.join()
        list_pipe.close()

    def _start(self) -> Connection:
        pipe, child_end = CONTEXT.Pipe()
        process = start_child("realtime.inputs.midi_port_process:run_ports", *self._name_parts, child_end)
        child_end.close()
        with self._lock:
            self._pipe, self._process = pipe, process
        return pipe

    def _receive(self, sent: tuple[Any, ...]) -> None:
        if sent[0] == "ports":
            self._on_change(sent[1], sent[2])
            return
        _, device, content, time = sent
        for message in mido.parse_all(content):
            self._on_message(device, message, time)
