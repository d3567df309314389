"""A TCP client's socket: receives and sends bytes without ever waiting."""

import contextlib
import selectors
import socket
from collections.abc import Callable

from realtime.controllers.osc.clients import Client, ErrorCounters

READ_BYTES = 1 << 13
"""Read at once before other sockets have their turn: a few hundred messages, some milliseconds of work."""

MAX_UNSENT_BYTES = 1 << 18
"""The most bytes that may wait for a client that doesn't read, before its connection is closed."""


class TcpSocket:
    """A socket that never waits. Used by the selector's thread alone.

    Args:
        sock: the accepted socket, which belongs to this object from now on.
        client: the client at its other end.
        selector: calls it when there is something to read, or room to write.
        receive: called with the received bytes.
        on_close: called once, when the socket has been closed.
        errors: counts what was wrong.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Client,
        selector: selectors.BaseSelector,
        receive: Callable[[bytes], None],
        on_close: Callable[[Client], None],
        errors: ErrorCounters,
    ) -> None:
        self._sock, self._client, self._selector = sock, client, selector
        self._receive, self._on_close, self._errors = receive, on_close, errors
        self._unsent = b""
        self._ending = False
        sock.setblocking(False)
        # without delay: a fader's step must not wait for the next one
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # keep-alive: a client whose cable was pulled sends no end
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        selector.register(sock, selectors.EVENT_READ, self._ready)
        self._open = True

    def send(self, data: bytes) -> None:
        """Send as much as there is room for; the rest follows by itself."""
        if not self._open:
            return
        if len(self._unsent) > MAX_UNSENT_BYTES:
            self._errors.add("client that doesn't read", f"{self._client}'s connection was closed")
            self.close()
            return
        self._unsent += data
        self._write()

    def end(self) -> None:
        """Send nothing more: signal the end of the stream once all that waits is sent."""
        self._ending = True
        self._write()

    def close(self) -> None:
        """Close the socket."""
        if self._open:
            self._open = False
            self._selector.unregister(self._sock)
            self._sock.close()
            self._on_close(self._client)

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
            self._receive(data)
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
            with contextlib.suppress(OSError):  # closed already
                self._sock.shutdown(socket.SHUT_WR)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._sock, events, self._ready)
