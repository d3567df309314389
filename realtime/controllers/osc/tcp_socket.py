"""A TCP client's socket: bytes in and out, without ever waiting."""

import contextlib
import selectors
import socket
from collections.abc import Callable

from realtime.controllers.osc.clients import Client, Complaints

READ_BYTES = 1 << 13
"""Read at once before others have their turn: a few hundred messages, some milliseconds of work."""

MAX_UNSENT_BYTES = 1 << 18
"""What may wait for a client that doesn't read; one for whom there is more by then is hung up on."""


class Wire:
    """A socket that never waits. Used by the selector's thread alone.

    Args:
        sock: the accepted socket, which belongs to the wire from now on.
        client: who is at its other end.
        selector: calls it when there's something to read, or room to write.
        take: gets the bytes that come.
        left: called once, when the connection has ended.
        complaints: where to tell what was wrong.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Client,
        selector: selectors.BaseSelector,
        take: Callable[[bytes], None],
        left: Callable[[Client], None],
        complaints: Complaints,
    ) -> None:
        self._sock, self._client, self._selector = sock, client, selector
        self._take, self._left, self._complaints = take, left, complaints
        self._unsent = b""
        self._ending = False
        sock.setblocking(False)
        sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # a fader's step shall not wait for the next
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a cable that was pulled says nothing
        selector.register(sock, selectors.EVENT_READ, self._ready)
        self._open = True

    def send(self, data: bytes) -> None:
        """Send as much as there's room for; the rest follows by itself."""
        if not self._open:
            return
        if len(self._unsent) > MAX_UNSENT_BYTES:
            self._complaints.add("client that doesn't read", f"{self._client} was hung up on")
            self.close()
            return
        self._unsent += data
        self._write()

    def end(self) -> None:
        """Send nothing more: tell the other side so, once all that waits is sent."""
        self._ending = True
        self._write()

    def close(self) -> None:
        """Hang up."""
        if self._open:
            self._open = False
            self._selector.unregister(self._sock)
            self._sock.close()
            self._left(self._client)

    @property
    def address(self) -> str:
        """This machine's address, as the client reached it."""
        return str(self._sock.getsockname()[0]) if self._open else ""

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
        if data:
            self._take(data)
        else:
            self.close()

    def _write(self) -> None:
        if not self._open:
            return
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :] if self._unsent else b""
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self._ending and not self._unsent:
            with contextlib.suppress(OSError):  # gone already
                self._sock.shutdown(socket.SHUT_WR)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._sock, events, self._ready)
