"""Simulated controllers, each a process of its own as a real box or surface is: MIDI boxes, OSC clients.

Every controller sends given messages at given moments, and records when it sent and what it received.
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
    """A message to send.

    Args:
        moment: when to send it, on the clock of `time.monotonic`; one that has passed: at once.
        content: the bytes of a MIDI message or an OSC packet.
        tag_ahead_s: for OSC: wrap it in a bundle whose time tag is so long after `moment`.
    """

    moment: float
    content: bytes
    tag_ahead_s: float | None = None


Received = tuple[float, bytes]
"""The moment and the bytes of a received message."""


class SimulatedController:
    """The handle of a controller's process. A context: its cable is pulled at the end.

    Args:
        target: the function that the process runs, with the arguments and a pipe.

    Attributes:
        address: the name of a MIDI box, the own port of an OSC client.
    """

    def __init__(self, target: str, *arguments: object) -> None:
        self._pipe, child_end = CONTEXT.Pipe()
        self._process = start_child(
            f"bench.controllers.simulated_controllers:{target}", *arguments, child_end
        )
        child_end.close()
        self.address = self._pipe.recv()

    def __enter__(self) -> "SimulatedController":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()

    def play(self, dues: Iterable[Due]) -> None:
        """Send messages, in this order, each at its moment; doesn't wait."""
        self._pipe.send(("play", list(dues)))

    def play_from(self, maker: str, *arguments: object) -> None:
        """Send the messages that `module:function` returns, called in the controller's process with these arguments."""
        self._pipe.send(("make", (maker, arguments)))

    def sent(self) -> list[float]:
        """Wait until all is sent. Returns the moments of sending since the last call."""
        moments: list[float] = self._request("sent")
        return moments

    def done(self) -> None:
        """Wait until all is sent, and drop the moments of sending."""
        self._request("done")

    def send(self, content: bytes) -> float:
        """Send a message now. Returns the moment of sending."""
        self.play([Due(0.0, content)])
        return self.sent()[-1]

    def received(self) -> list[Received]:
        """The messages received since the last call."""
        received: list[Received] = self._request("received")
        return received

    def pull(self) -> None:
        """Pull its cable."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _request(self, what: str) -> Any:
        self._pipe.send((what, None))
        return self._pipe.recv()


def midi_box(name: str, *, listens: bool = False, echoes: bool = False) -> SimulatedController:
    """A box with a port `<name>:out` and, if it listens, `<name>-motor:in`. One that echoes sends back what it receives."""
    return SimulatedController("run_box", name, listens, echoes)


def osc_client(transport: Transport, port: int) -> SimulatedController:
    """An OSC client of a server on this machine."""
    return SimulatedController("run_client", transport, port)


def message(address: str, *arguments: str | float) -> bytes:
    """An OSC packet of one message."""
    return build_msg(address, list(arguments)).dgram


def numbers_of(received: Sequence[Received], address: str) -> list[tuple[float, float]]:
    """The moments and numbers of the OSC messages with an address."""
    messages = ((moment, OscMessage(content)) for moment, content in received)
    return [(moment, float(each.params[0])) for moment, each in messages if each.address == address]


def run_box(name: str, listens: bool, echoes: bool, pipe: Connection) -> None:
    """Run a MIDI box's process."""
    import mido

    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    port = backend.open_output("out", virtual=True, client_name=name)
    received: deque[Received] = deque()

    def receive(each: Any) -> None:
        received.append((time.monotonic(), bytes(each.bin())))
        if echoes:
            port.send(each)

    if listens:
        motor = backend.open_input("in", virtual=True, client_name=f"{name}-motor", callback=receive)
        assert motor is not None
    pipe.send(name)
    _run_controller(pipe, lambda content: port.send(mido.Message.from_bytes(content)), received)


def run_client(transport: Transport, port: int, pipe: Connection) -> None:
    """Run an OSC client's process. Over TCP each packet has its length before it."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    sock = socket.socket(socket.AF_INET, kind)
    sock.connect(("127.0.0.1", port))
    if transport == "tcp":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received: deque[Received] = deque()
    unread = b""

    def send(content: bytes) -> None:
        sock.sendall(content if transport == "udp" else len(content).to_bytes(LENGTH_BYTES, "big") + content)

    def receive() -> None:
        nonlocal unread
        data = sock.recv(1 << 16)
        if transport == "udp":
            received.append((time.monotonic(), data))
            return
        unread += data
        while len(unread) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(unread[:LENGTH_BYTES], "big")
            if len(unread) < end:
                break
            received.append((time.monotonic(), unread[LENGTH_BYTES:end]))
            unread = unread[end:]

    pipe.send(sock.getsockname()[1])
    _run_controller(pipe, send, received, sock, receive)


def _run_controller(
    pipe: Connection,
    send: Callable[[bytes], None],
    received: "deque[Received]",
    sock: socket.socket | None = None,
    receive: Callable[[], None] = lambda: None,
) -> None:
    """Run a controller's loop, until the parent is gone."""
    due: deque[Due] = deque()
    sent: list[float] = []
    waiting_request = ""
    while True:
        while due and due[0].moment <= time.monotonic():
            each = due.popleft()
            content = each.content if each.tag_ahead_s is None else _tagged(each)
            sent.append(time.monotonic())
            send(content)
        if waiting_request and not due:
            pipe.send(sent if waiting_request == "sent" else None)
            sent, waiting_request = [], ""
        left = None if not due else max(0.0, due[0].moment - time.monotonic())
        ready = wait([pipe] if sock is None else [pipe, sock], left)
        if sock in ready:
            receive()
        if pipe in ready:
            try:
                what, content = pipe.recv()
            except EOFError:
                return
            if what == "play":
                due.extend(content)
            elif what == "make":
                module, maker = content[0].split(":")
                due.extend(getattr(importlib.import_module(module), maker)(*content[1]))
            elif what in ("sent", "done"):
                waiting_request = what
            else:
                pipe.send([received.popleft() for _ in range(len(received))])


def _tagged(due: Due) -> bytes:
    """A bundle of one message whose time tag is `tag_ahead_s` after the moment, by the wall clock as it is now."""
    assert due.tag_ahead_s is not None
    wall = time.time() + due.moment + due.tag_ahead_s - time.monotonic()
    size = len(due.content).to_bytes(LENGTH_BYTES, "big")
    return b"#bundle\0" + ntp.system_time_to_ntp(wall) + size + due.content
