"""OSC in a performance: the OSC server, OSCQuery beside it, and their announcement in the network."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.clients import AllowList
from realtime.controllers.osc.server import LOOPBACK, OscServer
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene


@dataclass(frozen=True)
class OscOptions:
    """The options of OSC and OSCQuery.

    Args:
        port: port for UDP and TCP; None: no OSC.
        query: port of OSCQuery; None: no OSCQuery.
        listen: the address to bind; "0.0.0.0": every network that this machine is in.
        allow: addresses and networks of allowed clients; none: every client that reaches it.
        announce: whether to announce the server in the network (zeroconf).
        feedback: "HOST:PORT" of surfaces that are sent all values, because they can't ask.
    """

    port: int | None = None
    query: int | None = None
    listen: str = LOOPBACK
    allow: Sequence[str] = ()
    announce: bool = False
    feedback: Sequence[str] = ()

    def check(self) -> None:
        """Check the options, before anything is started for them.

        Raises:
            DrawstopError: options that don't fit each other.
        """
        AllowList(self.allow)
        destinations = [host_and_port(text) for text in self.feedback]
        if self.port is None and destinations:
            raise DrawstopError("--osc-feedback sends what --osc takes; add --osc 9000")
        if self.port is None and (self.query is not None or self.announce):
            raise DrawstopError("--oscquery and --announce describe what --osc listens to; add --osc 9000")
        for name, port in (("OSC", self.port), ("OSCQuery", self.query)):
            if port is not None and not 1 <= port <= 65535:
                raise DrawstopError(f"{name}'s port must be in 1..65535, got {port}")
        if self.port is not None and self.query == self.port:
            raise DrawstopError(
                f"--osc listens at port {self.port} for TCP too; give --oscquery another, such as {self.port + 1}"
            )
        if self.announce and is_loopback(self.listen):
            raise DrawstopError(
                f"--announce is for other machines, and none can reach {self.listen}; add --listen 0.0.0.0"
            )


class LiveOsc:
    """Runs the servers from entering the context to leaving it.

    Args:
        parameters: moved by clients.
        options: the options, with a port.
        commands: executes the messages that aren't movements.
        scenes: returns the present scenes.
        name: the instrument's name, for people.
        notes: takes lines for the user, from any thread.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        options: OscOptions,
        commands: Commands,
        scenes: Callable[[], Sequence[Scene]],
        name: str,
        notes: Callable[[str], None],
    ) -> None:
        assert options.port is not None
        self._options, self._name, self._notes = options, f"Drawstop {name}", notes
        self._query = None
        if options.query is not None:
            from realtime.controllers.oscquery.service import OscQuery  # its library takes a while to import

            self._query = OscQuery(parameters, options.query, self._name, scenes)
        self._server = OscServer(
            parameters,
            host=options.listen,
            port=options.port,
            allow=options.allow,
            commands=commands,
            notes=notes,
            transports=() if self._query is None else (self._query,),
            feedback_to=[host_and_port(text) for text in options.feedback],
        )
        self._open = ExitStack()

    def __enter__(self) -> "LiveOsc":
        self._open.enter_context(self._server)
        if self._query is not None:
            self._notes(f"OSCQuery is at http://{self._options.listen}:{self._query.open_port}/")
        if self._options.announce:
            from realtime.controllers.oscquery.zeroconf import Announcement, addresses_of

            port = None if self._query is None else self._query.open_port
            addresses = addresses_of(self._options.listen)
            self._open.enter_context(
                Announcement(self._name, addresses, self._server.udp_port, port, self._notes)
            )
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def refresh(self, swapped: bool) -> None:
        """Send clients what has changed: scenes; and, if `swapped`, the stops of another instrument."""
        if swapped:
            self._server.send_all()
        if self._query is not None:
            self._query.refresh()

    def meters(self, decibels: Mapping[str, float], levels: Mapping[str, float]) -> None:
        """Send the meters, in dBFS, and how strongly each stop sounds, 0..1."""
        self._server.meters(decibels)
        self._server.levels(levels)


def host_and_port(text: str) -> tuple[str, int]:
    """The two parts of an option like `--osc-feedback 192.168.1.20:9001`.

    >>> host_and_port("tablet.local:9001"), host_and_port("[::1]:9001")
    (('tablet.local', 9001), ('::1', 9001))

    Raises:
        DrawstopError: it isn't written so, or the port isn't in 1..65535.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise DrawstopError(f"--osc-feedback takes HOST:PORT, such as 192.168.1.20:9001, got {text!r}")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
