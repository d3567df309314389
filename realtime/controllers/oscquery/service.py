"""OSCQuery at a port of the OSC server: who asks is told what is here, who listens is told where it stands."""

import json
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import Client, Transport
from realtime.controllers.osc.feedback import values_by_address
from realtime.controllers.osc.listener import House
from realtime.controllers.oscquery.changes import changes, removed
from realtime.controllers.oscquery.connection import WebConnection
from realtime.controllers.oscquery.http_answers import answer, host_info
from realtime.controllers.oscquery.namespace import describe
from realtime.controllers.oscquery.node import Namespace
from realtime.controllers.parameters import ControlHub
from realtime.controllers.scenes.scene import Scene

PORT = 9001


class OscQuery:
    """An entrance of the OSC server. All but `look` is for the server's thread.

    Args:
        hub: whose targets are told.
        port: of TCP; 0: any free one, see `open_port`.
        name: of this program, for people.
        scenes: gives those that there are, in their order.

    Attributes:
        open_port: where it is heard, once the server has begun.
    """

    transport: Transport = "ws"

    def __init__(
        self, hub: ControlHub, port: int, name: str, scenes: Callable[[], Sequence[Scene]] = tuple
    ) -> None:
        if not 0 <= port <= 65535:
            raise DrawstopError(f"OSCQuery's port must be in 0..65535, got {port}")
        self.port = self.open_port = port
        self._hub, self._name, self._scenes = hub, name, scenes
        self._connections: dict[Client, WebConnection] = {}
        self._questions: deque[tuple[WebConnection, str, bool]] = deque()
        self._described: tuple[object, ...] = ()
        self._namespace: Namespace | None = None
        self._looking = False

    def look(self) -> None:
        """Stops or scenes may have come or gone: tell clients. From any thread; doesn't wait."""
        if self._namespace is not None:
            self._looking = True
            self._house.wake()

    def open(self, house: House, port: int) -> None:
        """The port is open."""
        self._house, self.open_port = house, port
        self._described, self._namespace = (), None
        self._refresh()

    def let_in(self, sock: socket.socket, client: Client, left: Callable[[Client], None]) -> WebConnection:
        """A client has come."""

        def gone(client: Client) -> None:
            self._connections.pop(client, None)
            left(client)

        self._connections[client] = WebConnection(sock, client, self._house, self, gone)
        return self._connections[client]

    def round(self, now: float) -> float | None:
        """Tell what has changed, answer one question; gives when there's more to do."""
        if self._looking:
            self._looking = False
            self._refresh()
        if self._questions:
            self._answer(*self._questions.popleft())
        moments = [connection.tick(now) for connection in list(self._connections.values())]
        return now if self._questions else min(moments, default=None)

    def ask(self, connection: WebConnection, target: str, with_body: bool) -> None:
        """Keep a question until the others had their turn: a large answer takes some milliseconds."""
        self._questions.append((connection, target, with_body))

    def command(self, client: Client, command: str, address: str) -> None:
        """Listen, or don't. What can't be read may be listened to, and stays silent."""
        node = self._refresh().by_path.get(address)
        if command == "IGNORE":
            self._house.feedback.ignore(client, address)
        elif node is None:
            raise DrawstopError(f"LISTEN takes an address that is here, got {address[:80]!r}")
        elif node.readable:
            self._house.feedback.listen(client, address, time.monotonic())

    def _answer(self, connection: WebConnection, target: str, with_body: bool) -> None:
        values = values_by_address(self._hub) | self._house.feedback.readings
        about = host_info(self._name, connection.address, self._house.udp_port)
        found = answer(
            target, self._refresh(), {path: _short(value) for path, value in values.items()}, about
        )
        if found.complaint:
            self._house.complaints.add("malformed request", f"{connection.client}: {found.complaint}")
        connection.respond(found.status, found.body, with_body)

    def _refresh(self) -> Namespace:
        """The namespace as it is now; if it has changed, clients are told."""
        here = (
            tuple(self._hub.targets.values()),
            tuple(self._scenes()),
            tuple(self._house.feedback.readings),
        )
        if self._namespace is None or here != self._described:
            before, self._described = self._namespace, here
            self._namespace = describe(*here)
            if before is not None:
                self._tell(before, self._namespace)
        return self._namespace

    def _tell(self, before: Namespace, after: Namespace) -> None:
        self._house.feedback.drop(removed(before, after))
        for change in changes(before, after):
            text = json.dumps(change, ensure_ascii=False)
            for connection in list(self._connections.values()):
                connection.tell(text)


def _short(value: float) -> float:
    """The shortest number that is the same in OSC's 32 bits: 0.02, not 0.019999999552965164."""
    return float(str(np.float32(value)))
