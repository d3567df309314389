"""One TCP client."""

import selectors
import socket
from collections.abc import Callable

from realtime.controls.osc.clients import Client, Complaints
from realtime.controls.osc.framing import StreamFraming
from realtime.controls.osc.packets import PacketError

READ_BYTES = 1 << 13
"""Read at once before others have their turn: a few hundred messages, some milliseconds of work."""

MAX_UNSENT_BYTES = 1 << 18
"""What may wait for a client that doesn't read; one beyond that is hung up on."""


class Connection:
    """Packets in and out of a socket that never waits. Used by the selector's thread alone.

    Args:
        sock: the accepted socket, which belongs to the connection from now on.
        client: who it is.
        selector: calls it when there's something to read, or room to write.
        take: gets each packet.
        left: called once, when the connection has ended.
        complaints: where to tell what was wrong.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Client,
        selector: selectors.BaseSelector,
        take: Callable[[Client, bytes], None],
        left: Callable[[Client], None],
        complaints: Complaints,
    ) -> None:
        self._sock, self._client, self._selector = sock, client, selector
        self._take, self._left, self._complaints = take, left, complaints
        self._framing = StreamFraming()
        self._unsent = b""
        sock.setblocking(False)
        sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # a fader's step shall not wait for the next
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a cable that was pulled says nothing
        selector.register(sock, selectors.EVENT_READ, self._ready)
        self._open = True

    def send(self, packet: bytes) -> None:
        """Send as much as there's room for; the rest follows by itself."""
        self._unsent += self._framing.wrap(packet)
        self._write()

    def close(self) -> None:
        """Hang up."""
        if self._open:
            self._open = False
            self._selector.unregister(self._sock)
            self._sock.close()
            self._left(self._client)

    def _ready(self) -> None:
        if self._unsent:
            self._write()
        if self._open:
            self._read()

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            packets = self._framing.feed(data)
        except PacketError as error:
            self._complaints.add("malformed packet", f"{self._client}: {error}; it was hung up on")
            self.close()
            return
        for packet in packets:
            self._take(self._client, packet)

    def _write(self) -> None:
        if not self._open:
            return
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if len(self._unsent) > MAX_UNSENT_BYTES:
            self._complaints.add("client that doesn't read", f"{self._client} was hung up on")
            self.close()
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._sock, events, self._ready)
