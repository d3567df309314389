"""One connection to the HTTP port: a request and its response, or a WebSocket.

The `websockets` library parses and makes the bytes; the OSC server's thread receives and sends them.
"""

import logging
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import Client, ErrorKind
from realtime.controllers.osc.packets import MAX_PACKET_BYTES
from realtime.controllers.osc.tcp_socket import TcpSocket
from realtime.controllers.osc.transport import ServerContext
from realtime.controllers.oscquery.commands import read_command
from realtime.controllers.oscquery.http_answers import HttpResponse
from realtime.controllers.oscquery.origin_check import refusal

MAX_REQUEST_BYTES = 1 << 14
"""The largest request with all its headers; browsers' take a tenth."""

EXCHANGE_S = 10.0
"""The time limit for a request and its response; then the connection is closed."""

CLOSING_S = 1.0
"""The time in which the client must close a connection that the server has ended."""

PING_S, GONE_S = 20.0, 60.0
"""The silence after which a WebSocket is sent a ping; and after which it is closed."""

_SILENT = logging.Logger(
    "oscquery", logging.CRITICAL + 1
)  # the error counters report what the library would log
_PHRASES = {
    200: "OK", 204: "No Content", 303: "See Other", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 431: "Request Header Fields Too Large",
}  # fmt: skip


class Service(Protocol):
    """The part of OSCQuery that handles the requests of connections."""

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> HttpResponse | None:
        """The response to a request that isn't handled further; None: it is let in."""
        ...

    def request(self, connection: "WebConnection", target: str, with_body: bool) -> None:
        """Handle an HTTP request; the response follows soon, by `WebConnection.respond`."""
        ...

    def command(self, client: Client, command: str, address: str) -> None:
        """Execute a client's command. Raises DrawstopError if it fails."""
        ...


class WebConnection:
    """A connection that takes an HTTP request, or becomes a WebSocket. Used by the server's thread alone.

    Args:
        sock: the accepted socket, which belongs to the connection from now on.
        client: the client at its other end.
        context: the server's context.
        service: handles requests and commands.
        on_close: called once, when the connection has been closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Client,
        context: ServerContext,
        service: Service,
        on_close: Callable[[Client], None],
    ) -> None:
        self.client, self._context, self._service = client, context, service
        self._protocol = ServerProtocol(max_size=MAX_PACKET_BYTES, logger=_SILENT)
        self._request_bytes = 0  # of a request that isn't complete
        self._reading = True
        self._binary, self._message = True, bytearray()
        self._last_received = context.clock()
        self._pinged = False
        self._deadline = self._last_received + EXCHANGE_S
        self._socket = TcpSocket(sock, client, context.selector, self._feed, on_close, context.errors)

    @property
    def is_websocket(self) -> bool:
        """Whether the connection is an open WebSocket."""
        return self._protocol.state is State.OPEN

    @property
    def address(self) -> str:
        """This machine's address, as the client reached it."""
        return self._socket.address

    def send(self, packet: bytes) -> None:
        """Send an OSC packet, if it is a WebSocket."""
        if self.is_websocket:
            self._protocol.send_binary(packet)
            self._flush()

    def send_text(self, text: str) -> None:
        """Send a text message, if it is a WebSocket."""
        if self.is_websocket:
            self._protocol.send_text(text.encode(errors="replace"))
            self._flush()

    def respond(self, answer: HttpResponse, with_body: bool = True) -> None:
        """Send the response to the request, and end the connection.

        Args:
            answer: the response.
            with_body: whether to send the body, or only the headers with its length.
        """
        status, content = answer.status, answer.body.encode(errors="replace")
        headers = Headers(
            {"Connection": "close", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        )
        if status != 204:
            headers["Content-Type"], headers["Content-Length"] = answer.content_type, str(len(content))
        headers.update(answer.headers)
        if status == 405:
            headers["Allow"] = "GET, HEAD"
        response = Response(status, _PHRASES[status], headers, content if with_body else b"")
        self._socket.send(response.serialize())
        self._end()

    def tick(self, now: float) -> float:
        """Ping a silent WebSocket, and close a connection that takes too long. Returns the moment of the next call."""
        if not self.is_websocket or not self._reading:
            if now >= self._deadline:
                self.close()
            return self._deadline
        if now - self._last_received >= GONE_S:
            self.close()
        elif now - self._last_received >= PING_S and not self._pinged:
            self._pinged = True
            self._protocol.send_ping(b"")
            self._flush()
        return self._last_received + (GONE_S if self._pinged else PING_S)

    def close(self) -> None:
        """Close the connection; a WebSocket is sent a close frame first."""
        if self.is_websocket:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()
        self._socket.close()

    def _end(self) -> None:
        self._reading = False
        self._deadline = max(self._deadline, self._context.clock() + CLOSING_S)
        self._socket.end()

    def _feed(self, data: bytes) -> None:
        if not self._reading:
            return
        self._last_received, self._pinged = self._context.clock(), False
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._request(event)
            elif isinstance(event, Frame):
                self._frame(event)
        if self._reading:
            self._check(len(data))
            self._flush()

    def _check(self, received_bytes: int) -> None:
        """Count the errors that the library found."""
        if self._protocol.state is State.CONNECTING:
            self._request_bytes += received_bytes
            if self._protocol.handshake_exc is not None:
                self._count_error("malformed request", str(self._protocol.handshake_exc))
                if self._protocol.writes == [
                    SEND_EOF
                ]:  # the library doesn't respond to bytes that are no request
                    self.respond(HttpResponse(400))
            elif self._request_bytes > MAX_REQUEST_BYTES:
                self._count_error("malformed request", f"a request takes {MAX_REQUEST_BYTES} bytes or fewer")
                self.respond(HttpResponse(431))
        elif self._protocol.parser_exc is not None:
            self._count_error(
                "malformed packet", f"by WebSocket: {self._protocol.parser_exc}; its connection was closed"
            )

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data == SEND_EOF:
                self._end()
            else:
                self._socket.send(data)

    def _request(self, request: Request) -> None:
        headers = request.headers
        refused = refusal(headers.get_all("Host"), headers.get_all("Origin"))
        if refused:
            self._count_error("web page not allowed", refused)
            self.respond(HttpResponse(403))
        elif (
            refusing := self._service.admit(self.client, request.path, headers.get_all("Cookie"))
        ) is not None:
            if refusing.error:
                self._count_error("client not allowed", refusing.error)
            self.respond(refusing)
        elif any("websocket" in value.lower() for value in headers.get_all("Upgrade")):
            self._open(request)
        elif request.method not in ("GET", "HEAD"):
            self._count_error("malformed request", f"requests use GET or HEAD, got {request.method[:20]!r}")
            self.respond(HttpResponse(405))
        else:
            self._reading = False
            self._service.request(self, request.path, request.method == "GET")

    def _open(self, request: Request) -> None:
        response = self._protocol.accept(request)
        if response.status_code != 101:
            self._count_error("malformed request", f"no WebSocket: {self._protocol.handshake_exc}")
        if self._protocol.eof_sent:  # frames came before the response, and they were malformed
            self._end()
        else:
            self._protocol.send_response(response)
            self._flush()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._binary, self._message = frame.opcode is Opcode.BINARY, bytearray(frame.data)
        elif frame.opcode is Opcode.CONT:
            self._message += frame.data
        else:
            return
        if frame.fin and self.is_websocket:
            self._receive(bytes(self._message))

    def _receive(self, message: bytes) -> None:
        if self._binary:
            self._context.receive(self.client, message)
            return
        try:
            self._service.command(self.client, *read_command(message))
        except DrawstopError as error:
            self._count_error("malformed request", str(error))

    def _count_error(self, kind: ErrorKind, text: str) -> None:
        self._context.errors.add(kind, f"{self.client}: {text}")
