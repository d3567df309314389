"""OSC in a performance: the OSC server, OSCQuery beside it, and their announcement in the network."""

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.clients import AllowList, Client
from realtime.controllers.osc.listener import bound_socket
from realtime.controllers.osc.server import LOOPBACK, OscServer
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene

if TYPE_CHECKING:
    from realtime.controllers.oscquery.service import OscQuery
    from realtime.panel.access import PanelAccess
    from realtime.panel.pages import PanelPages

EVERY_NETWORK = "0.0.0.0"


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
        panel: whether the panel is served, at OSCQuery's port.
        panel_open: whether other machines reach it, with a code.
    """

    port: int | None = None
    query: int | None = None
    listen: str = LOOPBACK
    allow: Sequence[str] = ()
    announce: bool = False
    feedback: Sequence[str] = ()
    panel: bool = False
    panel_open: bool = False

    @property
    def wanted(self) -> bool:
        """Whether any server is to run."""
        return self.port is not None or self.panel

    @property
    def osc_host(self) -> str:
        """The address of OSC itself; without `--osc` no other machine reaches it."""
        return LOOPBACK if self.port is None else self.listen

    @property
    def web_host(self) -> str:
        """The address of OSCQuery and the panel."""
        if self.panel_open and is_loopback(self.listen):
            return EVERY_NETWORK
        return self.listen if self.panel_open or self.query is not None else LOOPBACK

    @property
    def opens_oscquery(self) -> bool:
        """Whether other machines reach OSCQuery without the panel's code."""
        return self.query is not None and not is_loopback(self.listen)

    def check(self) -> None:
        """Check the options, before anything is started for them.

        Raises:
            DrawstopError: options that don't fit each other.
        """
        AllowList(self.allow)
        destinations = [host_and_port(text) for text in self.feedback]
        if self.port is None and destinations:
            raise DrawstopError("--osc-feedback sends what --osc takes; add --osc 9000")
        if self.port is None and ((self.query is not None and not self.panel) or self.announce):
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
        show_line: takes lines for the user, from any thread.

    """

    def __init__(
        self,
        parameters: ParameterStore,
        options: OscOptions,
        commands: Commands,
        scenes: Callable[[], Sequence[Scene]],
        name: str,
        show_line: Callable[[str], None],
    ) -> None:
        self._options, self._name, self._show_line = options, f"Drawstop {name}", show_line
        self._query: OscQuery | None = None
        self._access: PanelAccess | None = None
        self._port, self._address = 0, ("", "")
        if options.query is not None or options.panel:
            from realtime.controllers.oscquery import service  # its library takes a while to import

            self._port = options.query or free_port(options.web_host, service.PORT)
            self._query = service.OscQuery(
                parameters, self._port, self._name, scenes, options.web_host, self._pages(self._port)
            )
        self._server = OscServer(
            parameters,
            host=options.osc_host,
            port=options.port or 0,
            allow=options.allow,
            commands=commands,
            show_line=show_line,
            transports=() if self._query is None else (self._query,),
            feedback_to=[host_and_port(text) for text in options.feedback],
        )
        self._open = ExitStack()

    def __enter__(self) -> "LiveOsc":
        self._open.enter_context(self._server)
        if self._options.port is not None:
            self._show_line(f"OSC listens at {self._options.osc_host}:{self._options.port}, UDP and TCP")
        if self._query is not None and self._options.query is not None:
            self._show_line(f"OSCQuery is at http://{self._options.listen}:{self._query.open_port}/")
        if self.panel_address:
            self._show_line(f"The panel is at {self.panel_address}")
        if self._options.announce:
            from realtime.controllers.oscquery.zeroconf import Announcement, addresses_of

            port = None if self._query is None else self._query.open_port
            addresses = addresses_of(self._options.listen)
            self._open.enter_context(
                Announcement(self._name, addresses, self._server.udp_port, port, self._show_line)
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

    def _pages(self, port: int) -> "PanelPages | None":
        """The panel's files, if they are served at this port."""
        if not self._options.panel:
            return None
        from realtime.panel.access import PanelAccess
        from realtime.panel.address import qr_picture
        from realtime.panel.pages import PATH, PanelPages

        self._access = PanelAccess(PATH, port, self._options.opens_oscquery, self._note_used)
        return PanelPages(
            self._access, (lambda: qr_picture(self.panel_address)) if self._options.panel_open else None
        )

    def _note_used(self, client: Client) -> None:
        self._show_line(f"A browser at {client.host} has come in. For the next one: {self.panel_address}")

    @property
    def panel_address(self) -> str:
        """The panel's address, for people, with the present code; empty if there is none."""
        from realtime.panel.address import panel_address

        if self._access is None:
            return ""
        code = self._access.code
        if self._address[0] != code:  # this machine's addresses take a while to find
            self._address = (code, panel_address(self._options.web_host, self._port, self._access))
        return self._address[1]

    @property
    def codes_used(self) -> int | None:
        """The number of browsers of other machines that were let in; None: no other machine reaches the panel."""
        return self._access.used if self._access is not None and self._options.panel_open else None

    @property
    def web_clients(self) -> int:
        """The number of connected panels and surfaces that listen by WebSocket."""
        return sum(client.transport == "ws" for client in self._server.feedback.clients)

    @property
    def surfaces(self) -> int:
        """The number of clients that are sent values by UDP or TCP."""
        return sum(client.transport != "ws" for client in self._server.feedback.clients)

    def status(self, messages: Mapping[str, tuple[str | float, ...]]) -> None:
        """Send the panel what it shows beside values and meters, by address."""
        self._server.status(messages)

    def meters(self, decibels: Mapping[str, float], levels: Mapping[str, float]) -> None:
        """Send the meters, in dBFS, and how strongly each stop sounds, 0..1."""
        self._server.meters(decibels)
        self._server.levels(levels)


def free_port(host: str, port: int) -> int:
    """This TCP port if it is free, else any that is."""
    for each in (port, 0):
        with suppress(DrawstopError), bound_socket(host, each, socket.SOCK_STREAM) as sock:
            return int(sock.getsockname()[1])
    return port  # the server says what is wrong with the address


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
