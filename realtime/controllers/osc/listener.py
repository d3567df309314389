"""A TCP port that listens, and the clients that came in by it."""

import contextlib
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drawstop.errors import DrawstopError, reason_of
from realtime.controllers.osc.clients import AllowList, Client, Complaints, Transport
from realtime.controllers.osc.feedback import Feedback

MAX_CONNECTIONS = 32
"""Clients at once by one port; one more is hung up on."""

RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the system for datagrams that wait; Linux gives less unless told otherwise (net.core.rmem_max)."""


@dataclass(frozen=True)
class House:
    """What the server shares with whoever is let in.

    Args:
        selector: of the server's thread, which alone may use all of this but `wake`.
        take: does what a packet says.
        feedback: tells clients where everything stands.
        complaints: where to tell what was wrong.
        udp_port: where OSC is heard.
        wake: makes the thread go round once; from any thread.
    """

    selector: selectors.BaseSelector
    take: Callable[[Client, bytes], None]
    feedback: Feedback
    complaints: Complaints
    udp_port: int
    wake: Callable[[], None]


class Guest(Protocol):
    """A connected client."""

    def send(self, packet: bytes) -> None:
        """Send it an OSC packet, without waiting."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Entrance(Protocol):
    """A way in beside UDP. Its methods are called by the server's thread alone, `open` before that begins."""

    @property
    def port(self) -> int:
        """The TCP port that it wants; 0: any."""
        ...

    @property
    def transport(self) -> Transport:
        """What its clients are."""
        ...

    def open(self, house: House, port: int) -> None:
        """The server listens now, at this port."""
        ...

    def let_in(self, sock: socket.socket, client: Client, left: Callable[[Client], None]) -> Guest:
        """A client has come; `left` is to be called once, when it has gone. May raise OSError: it's gone already."""
        ...

    def round(self, now: float) -> float | None:
        """Do what is due, a few milliseconds' work at most; gives the next moment at which there's something."""
        ...


class Door:
    """Lets clients in by an entrance, those that are allowed and not too many.

    Args:
        entrance: what they become.
        sock: listens.
        allow: who may come in.
        complaints: where to tell who may not.
        left: told of each that has gone.
    """

    def __init__(
        self,
        entrance: Entrance,
        sock: socket.socket,
        allow: AllowList,
        complaints: Complaints,
        left: Callable[[Client], None],
    ) -> None:
        self.entrance, self.sock = entrance, sock
        self._allow, self._complaints, self._told = allow, complaints, left
        self._guests: dict[Client, Guest] = {}

    def meet(self) -> None:
        """Accept one client."""
        try:
            sock, address = self.sock.accept()
        except OSError:  # gone again
            return
        client = Client(self.entrance.transport, address[0], address[1])
        if client.host not in self._allow:
            refuse(self._complaints, client)
        elif len(self._guests) >= MAX_CONNECTIONS:
            self._complaints.add(
                "too many clients", f"{MAX_CONNECTIONS} clients are at this port, {client} isn't let in"
            )
        else:
            with contextlib.suppress(OSError):  # gone already
                self._guests[client] = self.entrance.let_in(sock, client, self._left)
                return
        sock.close()

    def send(self, client: Client, packet: bytes) -> None:
        """Send a packet to a client, if it's still here."""
        if client in self._guests:
            self._guests[client].send(packet)

    def close(self) -> None:
        """Hang up on all and close the port."""
        for guest in list(self._guests.values()):
            guest.close()
        self.sock.close()

    def _left(self, client: Client) -> None:
        self._guests.pop(client, None)
        self._told(client)


def refuse(complaints: Complaints, client: Client) -> None:
    """Tell that a client isn't allowed."""
    complaints.add("client not allowed", f"{client} isn't among those allowed")


def bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket at an address; one of TCP listens.

    Raises:
        DrawstopError: the port is taken, or the address isn't this machine's.
    """
    sock = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        sock = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.bind(address)
        if kind == socket.SOCK_STREAM:
            sock.listen(MAX_CONNECTIONS)
        sock.setblocking(False)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise DrawstopError(
            f"OSC can't listen at {host}:{port} ({reason_of(error)}); end the program that has the port, "
            "or choose another port or address"
        ) from error
    return sock
