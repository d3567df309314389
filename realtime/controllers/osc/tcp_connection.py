"""OSC by TCP: one client, and how clients come in."""

import socket
from collections.abc import Callable

from realtime.controllers.osc.clients import Client, Transport
from realtime.controllers.osc.framing import StreamFraming
from realtime.controllers.osc.listener import House
from realtime.controllers.osc.packets import PacketError
from realtime.controllers.osc.tcp_socket import Wire


class Connection:
    """Packets in and out of a stream. Used by the selector's thread alone.

    Args:
        sock: the accepted socket, which belongs to the connection from now on.
        client: who it is.
        house: the server's.
        left: called once, when the connection has ended.
    """

    def __init__(
        self, sock: socket.socket, client: Client, house: House, left: Callable[[Client], None]
    ) -> None:
        self._client, self._take, self._complaints = client, house.take, house.complaints
        self._framing = StreamFraming()
        self._wire = Wire(sock, client, house.selector, self._feed, left, house.complaints)

    def send(self, packet: bytes) -> None:
        """Send a packet; see `Wire.send`."""
        self._wire.send(self._framing.wrap(packet))

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _feed(self, data: bytes) -> None:
        try:
            packets = self._framing.feed(data)
        except PacketError as error:
            self._complaints.add("malformed packet", f"{self._client}: {error}; it was hung up on")
            self._wire.close()
            return
        for packet in packets:
            self._take(self._client, packet)


class TcpEntrance:
    """Lets in clients that speak OSC by TCP. See `Entrance`."""

    transport: Transport = "tcp"

    def __init__(self, port: int) -> None:
        self.port = port

    def open(self, house: House, port: int) -> None:
        """The port is open."""
        self._house = house

    def let_in(self, sock: socket.socket, client: Client, left: Callable[[Client], None]) -> Connection:
        """A client has come."""
        return Connection(sock, client, self._house, left)

    def round(self, now: float) -> float | None:
        """Nothing happens by time here."""
        return None
