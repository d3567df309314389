"""One client of the HTTP port: a question and its answer, or a WebSocket.

The `websockets` library reads and writes the bytes and does no input or output here: the OSC server's thread does.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import Protocol

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import Client, Kind
from realtime.controllers.osc.listener import House
from realtime.controllers.osc.packets import MAX_PACKET_BYTES
from realtime.controllers.osc.tcp_socket import Wire
from realtime.controllers.oscquery.commands import read_command
from realtime.controllers.oscquery.origin_check import refusal

MAX_REQUEST_BYTES = 1 << 14
"""A request with all its headers; browsers' take a tenth."""

EXCHANGE_S = 10.0
"""For a request and its answer; a client that takes longer is hung up on."""

CLOSING_S = 1.0
"""For the other side to end a connection that we have ended."""

PING_S, GONE_S = 20.0, 60.0
"""A WebSocket that has been silent so long is asked whether it's there; and is hung up on."""

_SILENT = logging.Logger("oscquery", logging.CRITICAL + 1)  # complaints tell what the library would log
_PHRASES = {
    200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
}  # fmt: skip


class Service(Protocol):
    """What connections ask of OSCQuery."""

    def ask(self, connection: "WebConnection", target: str, with_body: bool) -> None:
        """A question has come; `respond` answers it, soon."""
        ...

    def command(self, client: Client, command: str, address: str) -> None:
        """A client sent a command. Raises DrawstopError where it can't be done."""
        ...


class WebConnection:
    """Used by the server's thread alone.

    Args:
        sock: the accepted socket, which belongs to the connection from now on.
        client: who it is.
        house: the server's.
        service: answers questions.
        left: called once, when the connection has ended.
    """

    def __init__(
        self,
        sock: socket.socket,
        client: Client,
        house: House,
        service: Service,
        left: Callable[[Client], None],
    ) -> None:
        self.client, self._house, self._service = client, house, service
        self._protocol = ServerProtocol(max_size=MAX_PACKET_BYTES, logger=_SILENT)
        self._asked = 0  # bytes of a request that isn't complete
        self._reading = True
        self._binary, self._message = True, bytearray()
        self._heard = time.monotonic()
        self._pinged = False
        self._until = self._heard + EXCHANGE_S
        self._wire = Wire(sock, client, house.selector, self._feed, left, house.complaints)

    @property
    def is_websocket(self) -> bool:
        """Whether it is one now."""
        return self._protocol.state is State.OPEN

    @property
    def address(self) -> str:
        """See `Wire.address`."""
        return self._wire.address

    def send(self, packet: bytes) -> None:
        """Send an OSC packet, if it's a WebSocket."""
        if self.is_websocket:
            self._protocol.send_binary(packet)
            self._flush()

    def tell(self, text: str) -> None:
        """Send a text, if it's a WebSocket."""
        if self.is_websocket:
            self._protocol.send_text(text.encode(errors="replace"))
            self._flush()

    def respond(self, status: int, body: str = "", with_body: bool = True) -> None:
        """Answer the question, and end.

        Args:
            status: HTTP's.
            body: JSON.
            with_body: whether to send it, or to tell its length only.
        """
        content = body.encode(errors="replace")
        headers = Headers(
            {"Connection": "close", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        )
        if status != 204:
            headers["Content-Type"], headers["Content-Length"] = "application/json", str(len(content))
        if status == 405:
            headers["Allow"] = "GET, HEAD"
        response = Response(status, _PHRASES[status], headers, content if with_body else b"")
        self._wire.send(response.serialize())
        self._end()

    def tick(self, now: float) -> float:
        """Ask a silent WebSocket whether it's there, hang up on whoever takes too long; gives the next moment."""
        if not self.is_websocket or not self._reading:
            if now >= self._until:
                self.close()
            return self._until
        if now - self._heard >= GONE_S:
            self.close()
        elif now - self._heard >= PING_S and not self._pinged:
            self._pinged = True
            self._protocol.send_ping(b"")
            self._flush()
        return self._heard + (GONE_S if self._pinged else PING_S)

    def close(self) -> None:
        """Hang up; a WebSocket is told so."""
        if self.is_websocket:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()
        self._wire.close()

    def _end(self) -> None:
        self._reading = False
        self._until = max(self._until, time.monotonic() + CLOSING_S)
        self._wire.end()

    def _feed(self, data: bytes) -> None:
        if not self._reading:
            return  # it's told that nothing more is heard
        self._heard, self._pinged = time.monotonic(), False
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._request(event)
            elif isinstance(event, Frame):
                self._frame(event)
        if self._reading:
            self._check(len(data))
            self._flush()

    def _check(self, came: int) -> None:
        """Tell what the library found wrong."""
        if self._protocol.state is State.CONNECTING:
            self._asked += came
            if self._protocol.handshake_exc is not None:
                self._complain("malformed request", str(self._protocol.handshake_exc))
                if self._protocol.writes == [SEND_EOF]:  # it has no answer to what is no request at all
                    self.respond(400)
            elif self._asked > MAX_REQUEST_BYTES:
                self._complain("malformed request", f"a request takes {MAX_REQUEST_BYTES} bytes or fewer")
                self.respond(431)
        elif self._protocol.parser_exc is not None:
            self._complain(
                "malformed packet", f"by WebSocket: {self._protocol.parser_exc}; it was hung up on"
            )

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data == SEND_EOF:
                self._end()
            else:
                self._wire.send(data)

    def _request(self, request: Request) -> None:
        headers = request.headers
        refused = refusal(headers.get_all("Host"), headers.get_all("Origin"))
        if refused:
            self._complain("web page not allowed", refused)
            self.respond(403)
        elif any("websocket" in value.lower() for value in headers.get_all("Upgrade")):
            self._open(request)
        elif request.method not in ("GET", "HEAD"):
            self._complain("malformed request", f"questions are asked by GET, got {request.method[:20]!r}")
            self.respond(405)
        else:
            self._reading = False
            self._service.ask(self, request.path, request.method == "GET")

    def _open(self, request: Request) -> None:
        response = self._protocol.accept(request)
        if response.status_code != 101:
            self._complain("malformed request", f"no WebSocket: {self._protocol.handshake_exc}")
        if self._protocol.eof_sent:  # frames came before the answer, and they were wrong
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
            self._whole(bytes(self._message))

    def _whole(self, message: bytes) -> None:
        if self._binary:
            self._house.take(self.client, message)
            return
        try:
            self._service.command(self.client, *read_command(message))
        except DrawstopError as error:
            self._complain("malformed request", str(error))

    def _complain(self, kind: Kind, text: str) -> None:
        self._house.complaints.add(kind, f"{self.client}: {text}")
