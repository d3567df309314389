"""Clients, the list of allowed ones, and the counters of their errors."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from drawstop.errors import DrawstopError

TransportName = Literal["udp", "tcp", "ws"]
"""The transport of a client; "ws" is a WebSocket of OSCQuery."""

ErrorKind = Literal[
    "malformed packet",
    "malformed request",
    "unknown address",
    "wrong arguments",
    "time tag too far ahead",
    "command refused",
    "client not allowed",
    "web page not allowed",
    "too many clients",
    "client that doesn't read",
    "fault in Drawstop",
]
"""The kinds of errors; each is counted, and only its first occurrence is reported."""


@dataclass(frozen=True)
class Client:
    """A client's address; two with equal fields are the same client. It is the `origin` of its `ParameterChange`s."""

    transport: TransportName
    host: str
    port: int

    def destination(self, port: int | None = None) -> tuple[str, str, int]:
        """The transport, host and port to which its packets go, if it asked for that UDP port."""
        return self.transport, self.host, port if port and self.transport == "udp" else self.port

    def __str__(self) -> str:
        return f"osc {self.host}:{self.port}"


class ErrorCounters:
    """Counts errors by kind, and reports the first of each kind.

    Args:
        show_line: takes the reports, lines for the user.

    Attributes:
        counts: the number of errors of each kind.
    """

    def __init__(self, show_line: Callable[[str], None] = lambda line: None) -> None:
        self.counts: Counter[ErrorKind] = Counter()
        self._show_line = show_line

    def add(self, kind: ErrorKind, text: str) -> None:
        """Count an error; `text` says what was expected and what came."""
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            self._show_line(f"OSC, {kind}: {text}. Others of this kind are counted, not shown.")


class AllowList:
    """The addresses and networks of allowed clients; an empty list allows everybody.

    Args:
        entries: such as "192.168.1.20" or "10.0.0.0/8".

    Raises:
        DrawstopError: an entry that is neither.
    """

    def __init__(self, entries: Sequence[str] = ()) -> None:
        self._networks = tuple(_network(entry) for entry in entries)

    def __contains__(self, host: str) -> bool:
        if not self._networks:
            return True
        address = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(entry)
    except ValueError as error:
        raise DrawstopError(
            f"an allowed client is an address like 192.168.1.20 or a network like 10.0.0.0/8, got {entry!r} ({error})"
        ) from error
