"""Listening sockets, and the connections that they have accepted."""

import contextlib
import socket
import sys
from collections.abc import Callable

from drawstop.errors import DrawstopError, reason_of
from realtime.controllers.osc.clients import AllowList, Client, ErrorCounters
from realtime.controllers.osc.transport import Connection, Transport

MAX_CONNECTIONS = 32
"""Connections of one port at once; one more is closed."""

RECEIVE_BUFFER_BYTES = 1 << 20
"""The requested size of the buffer for datagrams; Linux gives less unless net.core.rmem_max is raised."""


class Listener:
    """Accepts the allowed clients of one transport, up to a number.

    Args:
        transport: makes connections of accepted sockets.
        sock: the listening socket.
        allow: the allowed clients.
        errors: counts the refused ones.
        on_close: called with each client whose connection has been closed.
    """

    def __init__(
        self,
        transport: Transport,
        sock: socket.socket,
        allow: AllowList,
        errors: ErrorCounters,
        on_close: Callable[[Client], None],
    ) -> None:
        self.transport, self.sock = transport, sock
        self._allow, self._errors, self._on_close = allow, errors, on_close
        self._connections: dict[Client, Connection] = {}

    def accept(self) -> None:
        """Accept one client."""
        try:
            sock, address = self.sock.accept()
        except OSError:  # gone again
            return
        client = Client(self.transport.name, address[0], address[1])
        if client.host not in self._allow:
            refuse(self._errors, client)
        elif len(self._connections) >= MAX_CONNECTIONS:
            self._errors.add(
                "too many clients", f"{MAX_CONNECTIONS} clients are at this port, {client} was refused"
            )
        else:
            with contextlib.suppress(OSError):  # closed already
                self._connections[client] = self.transport.accept(sock, client, self._closed)
                return
        sock.close()

    def send(self, client: Client, packet: bytes) -> None:
        """Send a packet to a client, if it is still connected."""
        if client in self._connections:
            self._connections[client].send(packet)

    def close(self) -> None:
        """Close all connections and the listening socket."""
        for connection in list(self._connections.values()):
            connection.close()
        self.sock.close()

    def _closed(self, client: Client) -> None:
        self._connections.pop(client, None)
        self._on_close(client)


def refuse(errors: ErrorCounters, client: Client) -> None:
    """Count a client that isn't allowed."""
    errors.add("client not allowed", f"{client} isn't among those allowed")


def bound_socket(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket, bound to an address; a TCP socket listens.

    Raises:
        DrawstopError: the port is taken, or the address isn't this machine's.
    """
    sock = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        sock = socket.socket(family, kind)
        if (
            sys.platform == "win32"
        ):  # there a port that is reused can be taken by a second program, which then receives instead
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        elif kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.SOCK_DGRAM:
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
