"""Who sends, who may, and what was wrong."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from drawstop.errors import DrawstopError

Transport = Literal["udp", "tcp", "ws"]
"""How a client is reached; "ws": a WebSocket, see `controls.oscquery`."""

Kind = Literal[
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
"""What can be wrong, each counted and told once."""


@dataclass(frozen=True)
class Client:
    """Whoever sends: two with equal fields are the same. It's the origin of its movements; see `Change`."""

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        return f"osc {self.host}:{self.port}"


class Complaints:
    """Counts what was wrong, and tells the first of each kind.

    Attributes:
        counts: how often, by kind.
    """

    def __init__(self, notes: Callable[[str], None] | None = None) -> None:
        self.counts: Counter[Kind] = Counter()
        self._notes = notes

    def add(self, kind: Kind, text: str) -> None:
        """Count one; `text` says what was expected and what came."""
        self.counts[kind] += 1
        if self.counts[kind] == 1 and self._notes is not None:
            self._notes(f"OSC, {kind}: {text}. Others of this kind are counted, not told.")


class AllowList:
    """Addresses and networks that are listened to; an empty list means everybody.

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
