"""Tells subscribed clients where everything stands, without making whoever moves it wait.

Key idea: a change leaves only a mark for each client: "this address may be news". What is sent later is where the
target stands then, and only if the client doesn't know that value: it was told it, or sent it itself. So of many
changes the last one always arrives, in whatever order threads make them, and what a client sends isn't sent back,
nor what it was told and sends again.

One movement of a target (one touch) gives at most one message to each other subscribed client, and none to the one
that moved it. There is one exception: where its message crossed one that told it another's value, it's told the
outcome, once, when `CROSSING_S` have passed.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import address_of
from realtime.controllers.osc.clients import Client
from realtime.controllers.osc.packets import write_message
from realtime.controllers.osc.subscriber import INTERVAL_S, METER_INTERVAL_S, Subscriber
from realtime.controllers.parameters import Change, ControlHub

METER_FLOOR_DBFS = -120.0
"""What silence is told as: surfaces can't draw minus infinity."""

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


class Feedback:
    """The subscribed clients, and what each of them has to be told. Safe to use from several threads.

    Args:
        hub: whose changes are told.
        wake: called when something may have become due; it must not wait.
    """

    def __init__(self, hub: ControlHub, wake: Callable[[], None]) -> None:
        self._hub, self._wake = hub, wake
        self._lock = threading.Lock()
        self._subscribers: dict[Client, Subscriber] = {}
        self._movers: dict[str, object] = {}
        self._meters: dict[str, float] = {}

    @property
    def clients(self) -> tuple[Client, ...]:
        """Who is told."""
        return tuple(self._subscribers)

    @property
    def readings(self) -> dict[str, float]:
        """What meters and levels show, by address."""
        with self._lock:
            return dict(self._meters)

    def subscribe(self, client: Client, port: int | None, now: float) -> None:
        """Tell a client everything now and every change from now on.

        Raises:
            DrawstopError: too many subscribe.
        """
        self.unsubscribe(client, port)
        with self._lock:
            self._add(client, port, now, None)
        self.tell_all(client)

    def listen(self, client: Client, address: str, now: float) -> None:
        """Tell a client where one address stands, now and whenever it changes; others, only as it asked for.

        Raises:
            DrawstopError: too many subscribe.
        """
        with self._lock:
            if client not in self._subscribers:
                self._add(client, None, now, set())
            subscriber = self._subscribers[client]
            if subscriber.listens is not None:
                subscriber.listens.add(address)
            subscriber.forget([address])
        self._wake()

    def ignore(self, client: Client, address: str) -> None:
        """End that for one address. A client that has subscribed to all is told on."""
        with self._lock:
            if client in self._subscribers:
                self._subscribers[client].ignore(address)

    def drop(self, addresses: Iterable[str]) -> None:
        """These addresses are no more: whoever listens to one has to ask anew when it comes back."""
        with self._lock:
            for address, subscriber in itertools.product(addresses, self._subscribers.values()):
                subscriber.ignore(address)

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
                subscriber.forget(addresses)
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

    def _add(self, client: Client, port: int | None, now: float, listens: set[str] | None) -> None:
        if len(self._subscribers) >= MAX_SUBSCRIBERS:
            raise DrawstopError(f"{MAX_SUBSCRIBERS} clients are told changes already; /unsubscribe one")
        expires = now + SUBSCRIPTION_S if client.transport == "udp" else float("inf")
        self._subscribers[client] = Subscriber(client, port, expires, listens)

    def _news(
        self, subscriber: Subscriber, addresses: Sequence[str], values: Mapping[str, float], now: float
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

    def _chosen(self, client: Client | None) -> list[Subscriber]:
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
