"""What the OSC server and its TCP transports know of each other: OSC by TCP, and OSCQuery by HTTP and WebSocket."""

import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from realtime.controllers.osc.clients import Client, ErrorCounters, TransportName
from realtime.controllers.osc.feedback import Feedback


@dataclass(frozen=True)
class ServerContext:
    """The parts of the running server that its connections use.

    Args:
        selector: the selector of the server's thread, which alone may use all of this but `wake`.
        receive: handles an OSC packet of a client.
        feedback: sends clients the values of parameters.
        errors: counts what was wrong.
        udp_port: the server's UDP port.
        wake: makes the server's thread run once more; from any thread.
        clock: seconds, from any thread.
    """

    selector: selectors.BaseSelector
    receive: Callable[[Client, bytes], None]
    feedback: Feedback
    errors: ErrorCounters
    udp_port: int
    wake: Callable[[], None]
    clock: Callable[[], float]


class Connection(Protocol):
    """A connected client."""

    def send(self, packet: bytes) -> None:
        """Send an OSC packet, without waiting."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Transport(Protocol):
    """A TCP port's protocol. The server's thread alone calls its methods; `start` is called before the thread runs."""

    @property
    def port(self) -> int:
        """The TCP port to listen at; 0: any free one."""
        ...

    @property
    def host(self) -> str | None:
        """The address to bind; None: the server's."""
        ...

    @property
    def name(self) -> TransportName:
        """The transport of its clients."""
        ...

    def start(self, context: ServerContext, port: int) -> None:
        """Called when the server listens at a port."""
        ...

    def accept(self, sock: socket.socket, client: Client, on_close: Callable[[Client], None]) -> Connection:
        """Make a connection of an accepted socket.

        Args:
            sock: the socket, which belongs to the connection from now on.
            client: the client at its other end.
            on_close: to be called once, when the connection has been closed.

        Raises:
            OSError: the client has closed it already.
        """
        ...

    def poll(self, now: float) -> float | None:
        """Do what is due, a few milliseconds' work at most. Returns the moment at which to call it again, or None."""
        ...
