"""Sends subscribed clients the values of parameters, without making the thread that changes a value wait.

Key idea: a change only marks its address as pending for each client. Later the value at that time is sent, unless the
client knows it already, because it was sent it or has sent it itself. So of many changes the last one always arrives, in
whatever order threads make them; and a client is sent neither its own value, nor a value that it was sent and repeats.

One movement of a parameter gives at most one message to each other subscribed client, and none to the one that moved
it, with one exception: if the client's message crossed another's value on its way to it, the client is sent the outcome,
once, after `CROSSING_S`.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import address_of, float32, values_by_address
from realtime.controllers.osc.clients import Client
from realtime.controllers.osc.packets import write_message
from realtime.controllers.osc.subscriber import INTERVAL_S, METER_INTERVAL_S, Reading, Subscriber
from realtime.controllers.parameters import ParameterChange, ParameterStore

METER_FLOOR_DBFS = -120.0
"""The value that is sent for silence: surfaces can't draw minus infinity."""

SUBSCRIPTION_S = 300.0
"""The duration of a UDP client's subscription after its last message of any kind; /ping will do."""

MAX_SUBSCRIBERS = 32
"""More than the surfaces of a concert; each costs a message per change."""

PUSH_S = 1.0
"""A button that is down longer isn't pushed, but switched on."""

LEVEL = "/level/"  # before a stop's slug
MAX_METERS = 256
"""The most addresses of meters and levels; there are two meters, and a level for every stop."""


@dataclass(frozen=True)
class Outgoing:
    """A packet to send to a client; for UDP, to `port`, or to the client's own port if that is None."""

    client: Client
    packet: bytes
    port: int | None = None


class Feedback:
    """The subscribed clients, and what each of them is to be sent. Safe to use from several threads.

    Args:
        parameters: the parameters whose changes are sent.
        wake: called when something may have become due; it must not wait.
        clock: seconds; every `now` is of this clock.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parameters, self._wake, self._clock = parameters, wake, clock
        self._lock = threading.Lock()
        self._subscribers: dict[Client, Subscriber] = {}
        self._movers: dict[str, object] = {}
        self._meters: dict[str, float] = {}
        self._status: dict[str, tuple[str | float, ...]] = {}

    @property
    def clients(self) -> tuple[Client, ...]:
        """The subscribed clients."""
        return tuple(self._subscribers)

    @property
    def readings(self) -> dict[str, float]:
        """The present values of meters and levels, by address."""
        with self._lock:
            return dict(self._meters)

    @property
    def status_readings(self) -> dict[str, tuple[str | float, ...]]:
        """The present values of what `status` was given, by address."""
        with self._lock:
            return dict(self._status)

    def subscribe(self, client: Client, port: int | None, now: float) -> None:
        """Send a client all values now and every change from now on.

        Raises:
            DrawstopError: too many clients subscribe.
        """
        self.unsubscribe(client, port)
        destination = client.destination(port)
        with self._lock:
            fixed = [
                each
                for each in self._subscribers.values()
                if each.fixed and destination == each.client.destination()
            ]
            if not fixed:
                self._add(client, port, now, None)
        self.send_all(fixed[0].client if fixed else client)

    def add_fixed(self, client: Client) -> None:
        """Send a client that can't ask all values now and every change, for as long as the server runs."""
        with self._lock:
            self._add(client, None, float("inf"), None)
            self._subscribers[client].fixed = True
        self.send_all(client)

    def release(self, client: Client, now: float) -> None:
        """A connect button is let go: one that springs back leaves the subscription, one that stays pressed ends it."""
        subscriber = self._subscribers.get(client)
        if subscriber is not None and now - subscriber.since > PUSH_S:
            self.unsubscribe(client)

    def listen(self, client: Client, address: str, now: float) -> None:
        """Send a client the value of one address, now and whenever it changes.

        Raises:
            DrawstopError: too many clients subscribe.
        """
        with self._lock:
            if client not in self._subscribers:
                self._add(client, None, now, set())
            subscriber = self._subscribers[client]
            if subscriber.addresses is not None:
                subscriber.addresses.add(address)
            subscriber.invalidate([address])
        self._wake()

    def ignore(self, client: Client, address: str) -> None:
        """End `listen` for one address. A client that has subscribed to all goes on receiving it."""
        with self._lock:
            if client in self._subscribers:
                self._subscribers[client].ignore(address)

    def drop(self, addresses: Iterable[str]) -> None:
        """Remove addresses that no longer exist: a client that listens to one must ask again when it comes back."""
        with self._lock:
            for address, subscriber in itertools.product(addresses, self._subscribers.values()):
                subscriber.ignore(address)

    def unsubscribe(self, client: Client, port: int | None = None) -> None:
        """End a client's subscription, and that of any client of its machine that receives at the same UDP port."""
        destination = client.destination(port)
        with self._lock:
            for each in list(self._subscribers.values()):
                same = each.client == client or each.client.destination(each.port) == destination
                if same and not each.fixed:
                    del self._subscribers[each.client]

    def keep_alive(self, client: Client, now: float) -> None:
        """Extend a UDP client's subscription, because it has sent something."""
        subscriber = self._subscribers.get(client)
        if subscriber is not None and client.transport == "udp" and not subscriber.fixed:
            subscriber.expires = now + SUBSCRIPTION_S

    def port_of(self, client: Client) -> int | None:
        """The port to which a client asked changes to be sent."""
        subscriber = self._subscribers.get(client)
        return None if subscriber is None else subscriber.port

    def send_all(self, client: Client | None = None) -> None:
        """Send one client, or all of them, all values, known or not."""
        addresses = values_by_address(self._parameters)
        with self._lock:
            for subscriber in self._selected(client):
                subscriber.invalidate(addresses)
        self._wake()

    def on_changes(self, changes: Sequence[ParameterChange]) -> None:
        """Mark the changed addresses as pending; the parameter store calls this."""
        now = self._clock()
        with self._lock:
            for change in changes:
                address = address_of(change.slug)
                if address is None:
                    continue
                self._movers[address] = change.origin
                for subscriber in self._subscribers.values():
                    if self._is_moved_by(subscriber, change.origin):
                        subscriber.moved(address, float32(change.value), now)
                    else:
                        subscriber.mark_pending(address, INTERVAL_S)
        self._wake()

    def meters(self, levels: Mapping[str, float]) -> None:
        """Send meters, in dBFS, by name; `MAX_METERS` names or fewer. NaN is sent as the floor."""
        self._send_meters({f"/meter/{name}": max(METER_FLOOR_DBFS, level) for name, level in levels.items()})

    def levels(self, levels: Mapping[str, float]) -> None:
        """Send how strongly stops sound, by slug. A stop that is missing is sent as 0 once, then no more."""
        present = {f"{LEVEL}{slug}": max(0.0, level) for slug, level in levels.items()}
        with self._lock:
            gone = {each for each in self._meters if each.startswith(LEVEL) and each not in present}
            pending = {address for each in self._subscribers.values() for address in each.pending}
            for address in {each for each in gone - pending if not self._meters[each]}:  # all know the 0
                del self._meters[address]
        self._send_meters(present | dict.fromkeys(gone & self._meters.keys(), 0.0))

    def _send_meters(self, meters: Mapping[str, float]) -> None:
        with self._lock:
            for address, level in meters.items():
                if address not in self._meters and len(self._meters) >= MAX_METERS:
                    continue
                self._meters[address] = float32(level)
                for subscriber in self._subscribers.values():
                    subscriber.mark_pending(address, METER_INTERVAL_S)
        self._wake()

    def status(self, values: Mapping[str, tuple[str | float, ...]]) -> None:
        """Send the arguments of these addresses, which replace all earlier ones, to clients that listen to them by name:
        who subscribes to all changes is sent none of them."""
        with self._lock:
            changed = [address for address, value in values.items() if self._status.get(address) != value]
            self._status = dict(values)
            for address, subscriber in itertools.product(changed, self._subscribers.values()):
                if subscriber.addresses is not None:
                    subscriber.mark_pending(address, METER_INTERVAL_S)
        if changed:
            self._wake()

    def due(self, now: float) -> tuple[list[Outgoing], float | None]:
        """The packets to send now, and the moment at which more will be due; None: when something changes."""
        with self._lock:
            for subscriber in [each for each in self._subscribers.values() if each.expires < now]:
                del self._subscribers[subscriber.client]
            due = [(each, each.take_due(now)) for each in self._subscribers.values()]
            later = [moment for each in self._subscribers.values() for moment in each.pending.values()]
        if not any(addresses for _, addresses in due):
            return [], min(later, default=None)
        values: dict[str, Reading] = {
            **values_by_address(self._parameters)
        }  # last: later changes are pending
        written: dict[str, bytes] = {}
        with self._lock:
            values |= self._meters
            values |= self._status
            packets = [
                each
                for subscriber, addresses in due
                for each in self._packets(subscriber, addresses, values, written, now)
            ]
        return packets, min(later, default=None)

    def _add(self, client: Client, port: int | None, now: float, addresses: set[str] | None) -> None:
        if len(self._subscribers) >= MAX_SUBSCRIBERS:
            raise DrawstopError(f"{MAX_SUBSCRIBERS} clients subscribe already; /unsubscribe one")
        expires = now + SUBSCRIPTION_S if client.transport == "udp" else float("inf")
        self._subscribers[client] = Subscriber(client, port, expires, addresses, since=now)

    def _is_moved_by(self, subscriber: Subscriber, origin: object) -> bool:
        """Whether a change came from a subscriber. What comes from the host of a fixed one, and from no other that
        subscribes itself, is its own."""
        if subscriber.client != origin and origin in self._subscribers:
            return False
        return subscriber.is_origin(origin)

    def _packets(
        self,
        subscriber: Subscriber,
        addresses: Sequence[str],
        values: Mapping[str, Reading],
        written: dict[str, bytes],
        now: float,
    ) -> list[Outgoing]:
        """The values of some addresses that a subscriber doesn't know, noted as sent.

        Args:
            subscriber: the subscriber.
            addresses: the addresses.
            values: all values.
            written: the messages that were made of these values for others already.
            now: the moment, on the feedback's clock.
        """
        packets = []
        for address in addresses:
            value = values.get(address)
            if value is None or subscriber.known.get(address) == value:
                continue
            subscriber.known[address], subscriber.sent[address] = value, now
            if not self._is_moved_by(subscriber, self._movers.get(address)):
                subscriber.notified[address] = now
            if address not in written:
                arguments = value if isinstance(value, tuple) else (value,)
                written[address] = write_message(address, *arguments)
            packets.append(Outgoing(subscriber.client, written[address], subscriber.port))
        return packets

    def _selected(self, client: Client | None) -> list[Subscriber]:
        if client is None:
            return list(self._subscribers.values())
        return [self._subscribers[client]] if client in self._subscribers else []
