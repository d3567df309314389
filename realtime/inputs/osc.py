"""OSC in a performance: its server, OSCQuery beside it, and their announcement."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.clients import AllowList
from realtime.controllers.osc.server import LOOPBACK, OscServer
from realtime.controllers.parameters import ControlHub
from realtime.controllers.scenes.scene import Scene


@dataclass(frozen=True)
class OscRequest:
    """Where OSC is listened to, and by whom.

    Args:
        port: of UDP and TCP; None: no OSC.
        query: OSCQuery's port; None: none.
        listen: the address to listen at; "0.0.0.0": every network that this machine is in.
        allow: addresses and networks that may send; none: all that reach it.
        announce: whether to tell the network.
    """

    port: int | None = None
    query: int | None = None
    listen: str = LOOPBACK
    allow: Sequence[str] = ()
    announce: bool = False

    def check(self) -> None:
        """Refuse what can't be, before anything is started for it.

        Raises:
            DrawstopError: options that don't fit each other.
        """
        AllowList(self.allow)
        if self.port is None and (self.query is not None or self.announce):
            raise DrawstopError("--oscquery and --announce tell of what --osc listens to; add --osc 9000")
        for name, port in (("OSC", self.port), ("OSCQuery", self.query)):
            if port is not None and not 1 <= port <= 65535:
                raise DrawstopError(f"{name}'s port must be in 1..65535, got {port}")
        if self.port is not None and self.query == self.port:
            raise DrawstopError(
                f"--osc listens at port {self.port} for TCP too; give --oscquery another, such as {self.port + 1}"
            )
        if self.announce and is_loopback(self.listen):
            raise DrawstopError(
                f"--announce tells other machines, and none can reach {self.listen}; add --listen 0.0.0.0"
            )


class OscControl:
    """OSC from entering the context to leaving it.

    Args:
        hub: what is moved.
        request: where and for whom; with a port.
        commands: does what isn't a movement.
        scenes: gives those that there are.
        name: of the instrument, for people.
        notes: takes lines for the user; from any thread.
    """

    def __init__(
        self,
        hub: ControlHub,
        request: OscRequest,
        commands: Commands,
        scenes: Callable[[], Sequence[Scene]],
        name: str,
        notes: Callable[[str], None],
    ) -> None:
        assert request.port is not None
        self._request, self._name, self._notes = request, f"Drawstop {name}", notes
        self._query = None
        if request.query is not None:
            from realtime.controllers.oscquery.service import OscQuery  # its library takes a while to import

            self._query = OscQuery(hub, request.query, self._name, scenes)
        self._server = OscServer(
            hub,
            host=request.listen,
            port=request.port,
            allow=request.allow,
            commands=commands,
            notes=notes,
            entrances=() if self._query is None else (self._query,),
        )
        self._open = ExitStack()

    def __enter__(self) -> "OscControl":
        self._open.enter_context(self._server)
        if self._query is not None:
            self._notes(f"OSCQuery is at http://{self._request.listen}:{self._query.open_port}/")
        if self._request.announce:
            from realtime.controllers.oscquery.zeroconf import Announcement, addresses_of

            port = None if self._query is None else self._query.open_port
            addresses = addresses_of(self._request.listen)
            self._open.enter_context(
                Announcement(self._name, addresses, self._server.udp_port, port, self._notes)
            )
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def look(self, swapped: bool) -> None:
        """Scenes may have come or gone; swapped: the hub has got another instrument's stops."""
        if swapped:
            self._server.tell_all()
        if self._query is not None:
            self._query.look()

    def meters(self, decibels: Mapping[str, float], levels: Mapping[str, float]) -> None:
        """Tell the meters, in dBFS, and how strongly each stop sounds, 0..1."""
        self._server.meters(decibels)
        self._server.levels(levels)


def is_loopback(host: str) -> bool:
    """Whether an address is heard by this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
