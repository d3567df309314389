"""The OSCQuery service: a transport of the OSC server that describes all parameters and sends their changes."""

import json
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import values_by_address
from realtime.controllers.osc.clients import Client, TransportName
from realtime.controllers.osc.subscriber import Reading
from realtime.controllers.osc.transport import ServerContext
from realtime.controllers.oscquery.connection import WebConnection
from realtime.controllers.oscquery.http_answers import HttpResponse, answer, host_info
from realtime.controllers.oscquery.namespace import describe
from realtime.controllers.oscquery.node import Namespace, changes, removed
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene

PORT = 9001


class WebPages(Protocol):
    """Web pages that are served at the same port, and the decision whom the port serves."""

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> HttpResponse | None:
        """The response to a request that is refused, or that brings a code; None: the request is accepted.

        Args:
            client: the client that asks.
            target: path and perhaps a query.
            cookies: the values of Cookie.
        """
        ...

    def answer(self, target: str) -> HttpResponse | None:
        """The file at a target; None: the target is OSCQuery's."""
        ...


class OscQuery:
    """A transport of the OSC server. All methods but `refresh` are for the server's thread.

    Args:
        parameters: the parameters that it describes.
        port: TCP port; 0: any free one, which `open_port` then holds.
        name: the name of this program, for people.
        scenes: returns the present scenes, in their order.
        host: the address to bind; None: the OSC server's.
        pages: web pages at the same port; None: none, and everybody is let in.

    Attributes:
        open_port: the port at which it listens, once the server has started.
    """

    name: TransportName = "ws"

    def __init__(
        self,
        parameters: ParameterStore,
        port: int,
        name: str,
        scenes: Callable[[], Sequence[Scene]] = tuple,
        host: str | None = None,
        pages: WebPages | None = None,
    ) -> None:
        if not 0 <= port <= 65535:
            raise DrawstopError(f"OSCQuery's port must be in 0..65535, got {port}")
        self.port = self.open_port = port
        self.host, self._pages = host, pages
        self._parameters, self._program_name, self._scenes = parameters, name, scenes
        self._connections: dict[Client, WebConnection] = {}
        self._requests: deque[tuple[WebConnection, str, bool]] = deque()
        self._described: tuple[object, ...] = ()
        self._namespace: Namespace | None = None
        self._refresh_wanted = False

    def refresh(self) -> None:
        """Send clients what has changed, when stops or scenes may have come or gone. From any thread; doesn't wait."""
        if self._namespace is not None:
            self._refresh_wanted = True
            self._context.wake()

    def start(self, context: ServerContext, port: int) -> None:
        """Called when the server listens at a port."""
        self._context, self.open_port = context, port
        self._described, self._namespace = (), None
        self._present_namespace()

    def accept(
        self, sock: socket.socket, client: Client, on_close: Callable[[Client], None]
    ) -> WebConnection:
        """Make a connection of an accepted socket."""

        def closed(client: Client) -> None:
            self._connections.pop(client, None)
            on_close(client)

        self._connections[client] = WebConnection(sock, client, self._context, self, closed)
        return self._connections[client]

    def poll(self, now: float) -> float | None:
        """Send what has changed and respond to one request. Returns the moment at which more is due."""
        if self._refresh_wanted:
            self._refresh_wanted = False
            self._present_namespace()
        if self._requests:
            self._respond(*self._requests.popleft())
        moments = [connection.tick(now) for connection in list(self._connections.values())]
        return now if self._requests else min(moments, default=None)

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> HttpResponse | None:
        """The response to a request that isn't handled further; None: it is let in."""
        return None if self._pages is None else self._pages.admit(client, target, cookies)

    def request(self, connection: WebConnection, target: str, with_body: bool) -> None:
        """Queue a request until other sockets had their turn: a large response takes some milliseconds."""
        self._requests.append((connection, target, with_body))

    def command(self, client: Client, command: str, address: str) -> None:
        """Execute LISTEN or IGNORE. An address that can't be read may be listened to; nothing is sent of it."""
        node = self._present_namespace().by_path.get(address)
        if command == "IGNORE":
            self._context.feedback.ignore(client, address)
        elif node is None:
            raise DrawstopError(f"LISTEN takes an address that is here, got {address[:80]!r}")
        elif node.readable:
            self._context.feedback.listen(client, address, self._context.clock())

    def _respond(self, connection: WebConnection, target: str, with_body: bool) -> None:
        page = None if self._pages is None else self._pages.answer(target)
        if page is not None:
            connection.respond(page, with_body)
            return
        feedback = self._context.feedback
        values: dict[str, Reading] = {
            **values_by_address(self._parameters),
            **feedback.readings,
            **feedback.status_readings,
        }
        host = host_info(self._program_name, connection.address, self._context.udp_port)
        short_values = {path: _shortest(value) for path, value in values.items()}
        response = answer(target, self._present_namespace(), short_values, host)
        if response.error:
            self._context.errors.add("malformed request", f"{connection.client}: {response.error}")
        connection.respond(response, with_body)

    def _present_namespace(self) -> Namespace:
        """The namespace as it is now; if it has changed, the changes are sent to clients."""
        content = (
            tuple(self._parameters.targets.values()),
            tuple(self._scenes()),
            tuple(self._context.feedback.readings),
            tuple((path, _tags(value)) for path, value in self._context.feedback.status_readings.items()),
        )
        if self._namespace is None or content != self._described:
            old, self._described = self._namespace, content
            self._namespace = describe(*content)
            if old is not None:
                self._send_changes(old, self._namespace)
        return self._namespace

    def _send_changes(self, old: Namespace, new: Namespace) -> None:
        self._context.feedback.drop(removed(old, new))
        for change in changes(old, new):
            text = json.dumps(change, ensure_ascii=False)
            for connection in list(self._connections.values()):
                connection.send_text(text)


def _shortest(value: Reading) -> Reading:
    """The shortest decimal number that is the same in OSC's 32 bits: 0.02, not 0.019999999552965164."""
    if isinstance(value, tuple):
        return tuple(each if isinstance(each, str) else float(str(np.float32(each))) for each in value)
    return float(str(np.float32(value)))


def _tags(arguments: Sequence[str | float]) -> str:
    """The OSC type tags of some arguments."""
    return "".join("s" if isinstance(each, str) else "f" for each in arguments)
