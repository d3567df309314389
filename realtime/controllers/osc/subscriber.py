"""A subscribed client: the values that it has, and the addresses of which it is to be sent the value."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from realtime.controllers.osc.clients import Client

INTERVAL_S = 1 / 60
"""The least time between two messages to one client for one address: a screen shows no more. The first goes at once."""

METER_INTERVAL_S = 1 / 20
"""The same for meters and levels, which change all the time."""

Reading = float | tuple[str | float, ...]
"""What an address is sent with: a value, or several arguments."""

CROSSING_S = 0.1
"""A client that moves a target so soon after it was sent another value may not have received that one yet."""


@dataclass
class Subscriber:
    """A client that is sent changes. Not safe to use from several threads.

    Args:
        client: the client.
        port: the UDP port to which changes are sent; None: the client's own.
        expires: when the subscription ends, on the feedback's clock.
        addresses: the addresses whose changes are sent; None: all.
        since: when it subscribed, on the same clock.
        fixed: whether the user has named it, because it can't ask; then it is whoever sends from its host, and stays.
    """

    client: Client
    port: int | None
    expires: float
    addresses: set[str] | None = None
    since: float = 0.0
    fixed: bool = False
    known: dict[str, Reading] = field(default_factory=dict)
    """By address: the value that the client has, if that is certain."""
    notified: dict[str, float] = field(default_factory=dict)
    """By address: when it was last sent a value that it didn't set itself."""
    sent: dict[str, float] = field(default_factory=dict)
    """By address: when it was last sent anything."""
    pending: dict[str, float] = field(default_factory=dict)
    """By address that may have changed: the moment from which its value may be sent."""

    def is_origin(self, origin: object) -> bool:
        """Whether a change came from this client."""
        if not self.fixed or not isinstance(origin, Client):
            return self.client == origin
        return (self.client.transport, self.client.host) == (origin.transport, origin.host)

    def subscribes_to(self, address: str) -> bool:
        """Whether it is sent the changes of an address."""
        return self.addresses is None or address in self.addresses

    def mark_pending(self, address: str, interval: float) -> None:
        """Note that an address may have changed."""
        if self.subscribes_to(address):
            self.pending.setdefault(address, self.sent.get(address, -interval) + interval)

    def invalidate(self, addresses: Iterable[str]) -> None:
        """Drop what it knows of these addresses, so that their values are sent now."""
        for address in filter(self.subscribes_to, addresses):
            self.known.pop(address, None)
            self.pending[address] = 0.0

    def ignore(self, address: str) -> None:
        """Send it this address no more, unless it subscribes to all."""
        if self.addresses is not None:
            self.addresses.discard(address)
            self.pending.pop(address, None)

    def take_due(self, now: float) -> list[str]:
        """Take the pending addresses whose moment has come."""
        due = [address for address, moment in self.pending.items() if moment <= now]
        for address in due:
            del self.pending[address]
        return due

    def moved(self, address: str, value: float, now: float) -> None:
        """Note that the client itself sent a value."""
        if not self.subscribes_to(address):
            return
        notified = self.notified.get(address, -CROSSING_S)
        if now - notified < CROSSING_S and self.known.get(address) != value:
            self.known.pop(address, None)
            self.pending[address] = notified + CROSSING_S
        else:
            self.known[address] = value
            self.mark_pending(address, INTERVAL_S)  # sent only if another thread's change came between
