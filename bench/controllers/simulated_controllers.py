"""Hands that play, each a program of its own as a real box or surface is: MIDI boxes, OSC clients.

Every hand sends what it is told at the moments that it is told, and keeps when it sent and what it heard.
"""

import importlib
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Literal

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg
from pythonosc.parsing import ntp

from realtime.processes.child_process import CONTEXT, start_child

Transport = Literal["udp", "tcp"]
LENGTH_BYTES = 4


@dataclass(frozen=True)
class Due:
    """Something to be sent.

    Args:
        moment: when, on the clock of `time.monotonic`; one that has passed: at once.
        content: a MIDI message's or an OSC packet's bytes.
        tag_ahead_s: for OSC: wrap it in a bundle whose time tag is so long after `moment`.
    """

    moment: float
    content: bytes
    tag_ahead_s: float | None = None


Heard = tuple[float, bytes]
"""The moment and the bytes."""


class Hand:
    """This side of a hand's process. A context: its cable is pulled at the end.

    Args:
        target: what its process runs, see `start_child`; it gets the arguments and a pipe.
    """

    def __init__(self, target: str, *arguments: object) -> None:
        self._pipe, there = CONTEXT.Pipe()
        self._process = start_child(f"bench.controllers.simulated_controllers:{target}", *arguments, there)
        there.close()
        self.about = self._pipe.recv()

    def __enter__(self) -> "Hand":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()

    def play(self, dues: Iterable[Due]) -> None:
        """Send these, in this order, each at its moment; doesn't wait."""
        self._pipe.send(("play", list(dues)))

    def play_made(self, maker: str, *arguments: object) -> None:
        """Send what `module:function` gives, called in the hand's process with these arguments."""
        self._pipe.send(("make", (maker, arguments)))

    def sent(self) -> list[float]:
        """Wait until all is sent; the moments of sending since this was last asked."""
        moments: list[float] = self._asked("sent")
        return moments

    def done(self) -> None:
        """Wait until all is sent; the moments are forgotten."""
        self._asked("done")

    def send(self, content: bytes) -> float:
        """Send now; the moment."""
        self.play([Due(0.0, content)])
        return self.sent()[-1]

    def heard(self) -> list[Heard]:
        """What has come since this was last asked."""
        found: list[Heard] = self._asked("heard")
        return found

    def pull(self) -> None:
        """Pull its cable."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _asked(self, what: str) -> Any:
        self._pipe.send((what, None))
        return self._pipe.recv()


def midi_box(name: str, *, listens: bool = False, echoes: bool = False) -> Hand:
    """A box with a port `<name>:out` and, if it listens, `<name>-motor:in`. One that echoes sends back what it is told."""
    return Hand("run_box", name, listens, echoes)


def osc_client(transport: Transport, port: int) -> Hand:
    """An OSC client of a server on this machine; its own port is `about`."""
    return Hand("run_client", transport, port)


def message(address: str, *arguments: str | float) -> bytes:
    """An OSC packet of one message."""
    return build_msg(address, list(arguments)).dgram


def told(heard: Sequence[Heard], address: str) -> list[tuple[float, float]]:
    """The moments and numbers of OSC messages with this address."""
    read = ((moment, OscMessage(content)) for moment, content in heard)
    return [(moment, float(each.params[0])) for moment, each in read if each.address == address]


def run_box(name: str, listens: bool, echoes: bool, pipe: Connection) -> None:
    """A MIDI box's process."""
    import mido

    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    port = backend.open_output("out", virtual=True, client_name=name)
    heard: deque[Heard] = deque()

    def hear(each: Any) -> None:
        heard.append((time.monotonic(), bytes(each.bin())))
        if echoes:
            port.send(each)

    if listens:
        motor = backend.open_input("in", virtual=True, client_name=f"{name}-motor", callback=hear)
        assert motor is not None
    pipe.send(name)
    _obey(pipe, lambda content: port.send(mido.Message.from_bytes(content)), heard)


def run_client(transport: Transport, port: int, pipe: Connection) -> None:
    """An OSC client's process. Over TCP each packet has its length before it."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    sock = socket.socket(socket.AF_INET, kind)
    sock.connect(("127.0.0.1", port))
    if transport == "tcp":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    heard: deque[Heard] = deque()
    waiting = b""

    def send(content: bytes) -> None:
        sock.sendall(content if transport == "udp" else len(content).to_bytes(LENGTH_BYTES, "big") + content)

    def hear() -> None:
        nonlocal waiting
        data = sock.recv(1 << 16)
        if transport == "udp":
            heard.append((time.monotonic(), data))
            return
        waiting += data
        while len(waiting) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(waiting[:LENGTH_BYTES], "big")
            if len(waiting) < end:
                break
            heard.append((time.monotonic(), waiting[LENGTH_BYTES:end]))
            waiting = waiting[end:]

    pipe.send(sock.getsockname()[1])
    _obey(pipe, send, heard, sock, hear)


def _obey(
    pipe: Connection,
    send: Callable[[bytes], None],
    heard: "deque[Heard]",
    sock: socket.socket | None = None,
    hear: Callable[[], None] = lambda: None,
) -> None:
    """A hand's loop, until its other end is gone."""
    due: deque[Due] = deque()
    sent: list[float] = []
    asked_sent = ""
    while True:
        while due and due[0].moment <= time.monotonic():
            each = due.popleft()
            content = each.content if each.tag_ahead_s is None else _tagged(each)
            sent.append(time.monotonic())
            send(content)
        if asked_sent and not due:
            pipe.send(sent if asked_sent == "sent" else None)
            sent, asked_sent = [], ""
        left = None if not due else max(0.0, due[0].moment - time.monotonic())
        ready = wait([pipe] if sock is None else [pipe, sock], left)
        if sock in ready:
            hear()
        if pipe in ready:
            try:
                what, asked = pipe.recv()
            except EOFError:
                return
            if what == "play":
                due.extend(asked)
            elif what == "make":
                module, maker = asked[0].split(":")
                due.extend(getattr(importlib.import_module(module), maker)(*asked[1]))
            elif what in ("sent", "done"):
                asked_sent = what
            else:
                pipe.send([heard.popleft() for _ in range(len(heard))])


def _tagged(due: Due) -> bytes:
    """A bundle of one message whose time tag is `tag_ahead_s` after the moment, by the wall clock as it is now."""
    assert due.tag_ahead_s is not None
    wall = time.time() + due.moment + due.tag_ahead_s - time.monotonic()
    size = len(due.content).to_bytes(LENGTH_BYTES, "big")
    return b"#bundle\0" + ntp.system_time_to_ntp(wall) + size + due.content
