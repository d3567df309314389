"""What one client knows, and what it's still to be told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from realtime.controllers.osc.clients import Client

INTERVAL_S = 1 / 60
"""Between two messages to one client for one address: a screen shows no more. The first goes out at once."""

METER_INTERVAL_S = 1 / 20
"""The same for meters and levels, which never rest."""

CROSSING_S = 0.1
"""A client that moves a target so soon after it was told another value may not have seen that one."""


@dataclass
class Subscriber:
    """A client that is told changes. For one thread at a time.

    Args:
        client: who it is.
        port: the UDP port at which it wants to be told; None: its own.
        expires: when it's told no more, on the clock of `time.monotonic`.
        listens: the addresses that it's told; None: all.
    """

    client: Client
    port: int | None
    expires: float
    listens: set[str] | None = None
    knows: dict[str, float] = field(default_factory=dict)
    """By address: the value that the client has, where we're sure of it."""
    told: dict[str, float] = field(default_factory=dict)
    """By address: when it was last told another's value."""
    sent: dict[str, float] = field(default_factory=dict)
    """By address: when something was last sent to it."""
    marks: dict[str, float] = field(default_factory=dict)
    """By address: the moment from which it may be sent, if it's news."""

    def wants(self, address: str) -> bool:
        """Whether it's told of this address."""
        return self.listens is None or address in self.listens

    def mark(self, address: str, interval: float) -> None:
        """Something may be news."""
        if self.wants(address):
            self.marks.setdefault(address, self.sent.get(address, -interval) + interval)

    def forget(self, addresses: Iterable[str]) -> None:
        """Whatever it knows of these addresses is no longer so; tell it where they stand, now."""
        for address in filter(self.wants, addresses):
            self.knows.pop(address, None)
            self.marks[address] = 0.0

    def ignore(self, address: str) -> None:
        """Tell it of this address no more."""
        if self.listens is not None:
            self.listens.discard(address)
            self.marks.pop(address, None)

    def take_marks(self, now: float) -> list[str]:
        """The marked addresses whose moment has come."""
        found = [address for address, moment in self.marks.items() if moment <= now]
        for address in found:
            del self.marks[address]
        return found

    def moved(self, address: str, value: float, now: float) -> None:
        """It sent a value itself."""
        if not self.wants(address):
            return
        told = self.told.get(address, -CROSSING_S)
        if now - told < CROSSING_S and self.knows.get(address) != value:
            self.knows.pop(address, None)
            self.marks[address] = told + CROSSING_S
        else:
            self.knows[address] = value
            self.mark(address, INTERVAL_S)  # it's no news unless another thread's change came between
