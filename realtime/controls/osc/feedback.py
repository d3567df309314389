"""Tells subscribed clients where everything stands, without making whoever moves it wait.

Key idea: a change leaves only a mark for each client: "this address may be news". What is sent later is where the
target stands then, and only if the client doesn't know that value: it was told it, or sent it itself. So of many
changes the last one always arrives, in whatever order threads make them, and what a client sends isn't sent back,
nor what it was told and sends again.

One movement of a target (one touch) gives at most one message to each other subscribed client, and none to the one
that moved it. There is one exception: where its message crossed one that told it another's value, it's told the
outcome, once, when `CROSSING_S` have passed.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from drawstop.base.errors import DrawstopError
from realtime.controls.hub import Change, ControlHub
from realtime.controls.osc.addresses import address_of
from realtime.controls.osc.clients import Client
from realtime.controls.osc.packets import write_message

INTERVAL_S = 1 / 60
"""Between two messages to one client for one address: a screen shows no more. The first goes out at once."""

METER_INTERVAL_S = 1 / 20
"""The same for meters and levels, which never rest."""

METER_FLOOR_DBFS = -120.0
"""What silence is told as: surfaces can't draw minus infinity."""

CROSSING_S = 0.1
"""A client that moves a target so soon after it was told another value may not have seen that one."""

SUBSCRIPTION_S = 300.0
"""A UDP client is told changes for so long after its last message of any kind; /ping will do."""

MAX_SUBSCRIBERS = 32
"""More than a stage has surfaces; each costs a message per change."""

LEVEL = "/level/"  # before a stop's slug
MAX_METERS = 256
"""Addresses of meters and levels: two, and one for every stop."""


@dataclass(frozen=True)
class Outgoing:
    """A packet, and where to: a UDP client's own port, or the one it asked for."""

    client: Client
    packet: bytes
    port: int | None = None


@dataclass
class _Subscriber:
    client: Client
    port: int | None
    expires: float
    knows: dict[str, float] = field(default_factory=dict)
    """By address: the value that the client has, where we're sure of it."""
    told: dict[str, float] = field(default_factory=dict)
    """By address: when it was last told another's value."""
    sent: dict[str, float] = field(default_factory=dict)
    """By address: when something was last sent to it."""
    marks: dict[str, float] = field(default_factory=dict)
    """By address: the moment from which it may be sent, if it's news."""

    def mark(self, address: str, interval: float) -> None:
        """Something may be news."""
        self.marks.setdefault(address, self.sent.get(address, -interval) + interval)

    def take_marks(self, now: float) -> list[str]:
        """The marked addresses whose moment has come."""
        found = [address for address, moment in self.marks.items() if moment <= now]
        for address in found:
            del self.marks[address]
        return found

    def moved(self, address: str, value: float, now: float) -> None:
        """It sent a value itself."""
        told = self.told.get(address, -CROSSING_S)
        if now - told < CROSSING_S and self.knows.get(address) != value:
            self.knows.pop(address, None)
            self.marks[address] = told + CROSSING_S
        else:
            self.knows[address] = value
            self.mark(address, INTERVAL_S)  # it's no news unless another thread's change came between


class Feedback:
    """The subscribed clients, and what each of them has to be told. Safe to use from several threads.

    Args:
        hub: whose changes are told.
        wake: called when something may have become due; it must not wait.
    """

    def __init__(self, hub: ControlHub, wake: Callable[[], None]) -> None:
        self._hub, self._wake = hub, wake
        self._lock = threading.Lock()
        self._subscribers: dict[Client, _Subscriber] = {}
        self._movers: dict[str, object] = {}
        self._meters: dict[str, float] = {}

    @property
    def clients(self) -> tuple[Client, ...]:
        """Who is told."""
        return tuple(self._subscribers)

    def subscribe(self, client: Client, port: int | None, now: float) -> None:
        """Tell a client everything now and every change from now on.

        Raises:
            DrawstopError: too many subscribe.
        """
        self.unsubscribe(client, port)
        with self._lock:
            if len(self._subscribers) >= MAX_SUBSCRIBERS:
                raise DrawstopError(f"{MAX_SUBSCRIBERS} clients are told changes already; /unsubscribe one")
            expires = now + SUBSCRIPTION_S if client.transport == "udp" else float("inf")
            self._subscribers[client] = _Subscriber(client, port, expires)
        self.tell_all(client)

    def unsubscribe(self, client: Client, port: int | None = None) -> None:
        """Tell a client no more, nor another program of its machine that asked to be told at the same UDP port."""
        place = _place(client, port)
        with self._lock:
            for each in list(self._subscribers.values()):
                if each.client == client or _place(each.client, each.port) == place:
                    del self._subscribers[each.client]

    def heard(self, client: Client, now: float) -> None:
        """A client has sent something, so it's there."""
        subscriber = self._subscribers.get(client)
        if subscriber is not None and client.transport == "udp":
            subscriber.expires = now + SUBSCRIPTION_S

    def port_of(self, client: Client) -> int | None:
        """The port at which a client asked to be told."""
        subscriber = self._subscribers.get(client)
        return None if subscriber is None else subscriber.port

    def tell_all(self, client: Client | None = None) -> None:
        """Tell one client, or all of them, where everything stands, known or not."""
        addresses = values_by_address(self._hub)
        with self._lock:
            for subscriber in self._chosen(client):
                subscriber.knows.clear()
                subscriber.marks.update(dict.fromkeys(addresses, 0.0))
        self._wake()

    def hear(self, changes: Sequence[Change]) -> None:
        """The hub's listener."""
        now = time.monotonic()
        with self._lock:
            for change in changes:
                address = address_of(change.slug)
                if address is None:
                    continue
                self._movers[address] = change.origin
                for subscriber in self._subscribers.values():
                    if subscriber.client == change.origin:
                        subscriber.moved(address, _float32(change.value), now)
                    else:
                        subscriber.mark(address, INTERVAL_S)
        self._wake()

    def meters(self, levels: Mapping[str, float]) -> None:
        """Show levels, in dBFS, by name; `MAX_METERS` names or fewer. What is no number is shown as the floor."""
        self._show({f"/meter/{name}": max(METER_FLOOR_DBFS, level) for name, level in levels.items()})

    def levels(self, levels: Mapping[str, float]) -> None:
        """Show how strongly stops sound, by slug; those that aren't there any more as 0, then no longer."""
        found = {f"{LEVEL}{slug}": max(0.0, level) for slug, level in levels.items()}
        with self._lock:
            gone = {each for each in self._meters if each.startswith(LEVEL) and each not in found}
            waiting = {address for each in self._subscribers.values() for address in each.marks}
            for address in {each for each in gone - waiting if not self._meters[each]}:  # all know it
                del self._meters[address]
        self._show(found | dict.fromkeys(gone & self._meters.keys(), 0.0))

    def _show(self, meters: Mapping[str, float]) -> None:
        with self._lock:
            for address, level in meters.items():
                if address not in self._meters and len(self._meters) >= MAX_METERS:
                    continue
                self._meters[address] = _float32(level)
                for subscriber in self._subscribers.values():
                    subscriber.mark(address, METER_INTERVAL_S)
        self._wake()

    def due(self, now: float) -> tuple[list[Outgoing], float | None]:
        """What is to be sent now, and the moment at which there will be more; None: when something changes."""
        with self._lock:
            for subscriber in [each for each in self._subscribers.values() if each.expires < now]:
                del self._subscribers[subscriber.client]
            news = [(each, each.take_marks(now)) for each in self._subscribers.values()]
            waiting = [moment for each in self._subscribers.values() for moment in each.marks.values()]
        if not any(addresses for _, addresses in news):
            return [], min(waiting, default=None)
        values = values_by_address(self._hub)  # after the marks: a change from here on leaves another
        with self._lock:
            values |= self._meters
            found = [
                each
                for subscriber, addresses in news
                for each in self._news(subscriber, addresses, values, now)
            ]
        return found, min(waiting, default=None)

    def _news(
        self, subscriber: _Subscriber, addresses: Sequence[str], values: Mapping[str, float], now: float
    ) -> list[Outgoing]:
        found = []
        for address in addresses:
            value = values.get(address)
            if value is None or subscriber.knows.get(address) == value:
                continue
            subscriber.knows[address], subscriber.sent[address] = value, now
            if self._movers.get(address) != subscriber.client:
                subscriber.told[address] = now
            found.append(Outgoing(subscriber.client, write_message(address, value), subscriber.port))
        return found

    def _chosen(self, client: Client | None) -> list[_Subscriber]:
        if client is None:
            return list(self._subscribers.values())
        return [self._subscribers[client]] if client in self._subscribers else []


def values_by_address(hub: ControlHub) -> dict[str, float]:
    """Where everything stands, as OSC's 32-bit numbers, stops first."""
    addresses = {slug: address_of(slug) for slug in hub.targets}
    values = hub.values
    return {
        address: _float32(values[slug]) for slug, address in addresses.items() if address and slug in values
    }


def _place(client: Client, port: int | None) -> tuple[str, str, int]:
    """Where a client is told."""
    return client.transport, client.host, port if port and client.transport == "udp" else client.port


def _float32(value: float) -> float:
    return float(np.float32(value))
