"""OSC by TCP: packets in a stream, framed in either of OSC's two ways, and a client's connection."""

import socket
from collections.abc import Callable

from pythonosc import slip

from realtime.controllers.osc.clients import Client, TransportName
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, PacketError
from realtime.controllers.osc.tcp_socket import TcpSocket
from realtime.controllers.osc.transport import ServerContext

_LENGTH_BYTES = 4
_FIRST_BYTES = b"\0/#" + slip.END
MAX_SLIP_BYTES = 2 * MAX_PACKET_BYTES
"""The size of a SLIP frame in which every byte is escaped."""


class StreamFraming:
    """Cuts the bytes of one connection into packets, and frames packets to send.

    OSC 1.1 puts END bytes around a packet (SLIP), OSC 1.0 its length before it, as liblo does. The first byte shows
    which: a length's is 0, since a packet is shorter than 16 MB; neither END nor a packet's beginning is. Any other first
    byte is no OSC: a browser that a web page makes send something here begins with a letter, and packets may follow.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._length_first: bool | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes. Returns the packets that are complete now; an empty one stands for a broken packet.

        Raises:
            PacketError: no packet can end any more; close the connection.
        """
        self._buffer += data
        if self._length_first is None and self._buffer:
            if self._buffer[0] not in _FIRST_BYTES:
                raise PacketError(
                    f"OSC by TCP begins with a length, END, '/' or '#', got {self._buffer[:8]!r}"
                )
            self._length_first = self._buffer[0] == 0
        return self._by_length() if self._length_first else self._by_end()

    def wrap(self, packet: bytes) -> bytes:
        """A packet in the framing that the client uses; SLIP before it has sent anything."""
        if self._length_first:
            return len(packet).to_bytes(_LENGTH_BYTES, "big") + packet
        return bytes(slip.encode(packet))

    def _by_end(self) -> list[bytes]:
        *frames, self._buffer = self._buffer.split(slip.END)
        if len(self._buffer) > MAX_SLIP_BYTES:
            raise PacketError(f"{len(self._buffer)} bytes came without the end of a packet")
        return [slip.decode(frame) if slip.is_valid(frame) else b"" for frame in frames if frame]

    def _by_length(self) -> list[bytes]:
        packets = []
        while len(self._buffer) >= _LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
            if length > MAX_PACKET_BYTES:
                raise PacketError(f"a packet takes {MAX_PACKET_BYTES} bytes or fewer, got {length}")
            end = _LENGTH_BYTES + length
            if len(self._buffer) < end:
                break
            packets.append(self._buffer[_LENGTH_BYTES:end])
            self._buffer = self._buffer[end:]
        return packets


class TcpConnection:
    """A connected client that sends and receives OSC packets. Used by the server's thread alone.

    Args:
        sock: the accepted socket, which belongs to the connection from now on.
        client: the client at its other end.
        context: the server's context.
        on_close: called once, when the connection has been closed.
    """

    def __init__(
        self, sock: socket.socket, client: Client, context: ServerContext, on_close: Callable[[Client], None]
    ) -> None:
        self._client, self._receive, self._errors = client, context.receive, context.errors
        self._framing = StreamFraming()
        self._socket = TcpSocket(sock, client, context.selector, self._feed, on_close, context.errors)

    def send(self, packet: bytes) -> None:
        """Send a packet, without waiting."""
        self._socket.send(self._framing.wrap(packet))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _feed(self, data: bytes) -> None:
        try:
            packets = self._framing.feed(data)
        except PacketError as error:
            self._errors.add("malformed packet", f"{self._client}: {error}; its connection was closed")
            self._socket.close()
            return
        for packet in packets:
            self._receive(self._client, packet)


class TcpTransport:
    """The transport of OSC by TCP."""

    name: TransportName = "tcp"

    host: str | None = None

    def __init__(self, port: int) -> None:
        self.port = port

    def start(self, context: ServerContext, port: int) -> None:
        """Called when the server listens at a port."""
        self._context = context

    def accept(
        self, sock: socket.socket, client: Client, on_close: Callable[[Client], None]
    ) -> TcpConnection:
        """Make a connection of an accepted socket."""
        return TcpConnection(sock, client, self._context, on_close)

    def poll(self, now: float) -> float | None:
        """Nothing is ever due here."""
        return None
