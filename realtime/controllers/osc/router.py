"""Messages to what they mean: movements, commands, answers. Used by one thread; no input or output of its own."""

import heapq
import itertools
import time
from collections.abc import Callable

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.addresses import FADERS, is_stop, name_of
from realtime.controllers.osc.arguments import Arguments, RefusedError
from realtime.controllers.osc.clients import Client, Complaints
from realtime.controllers.osc.feedback import Feedback, Outgoing, values_by_address
from realtime.controllers.osc.packets import Message, PacketError, read_packet, write_message
from realtime.controllers.osc.patterns import is_pattern, matching
from realtime.controllers.parameters import ControlHub

HORIZON_S = 60.0
"""A time tag may be so far ahead; one farther comes from a wrong clock, and what waits takes memory."""

MAX_WAITING = 256
"""Commands that wait for their time; movements wait in the sound's own queue."""

MAX_PATTERNS = 32
"""In one packet; each takes up to some milliseconds."""

ERRORS_PER_S = 20
"""Answers to wrong messages in a second, all clients together: a flood of them isn't answered with a flood."""

ANSWERS = frozenset({"error", "pong", "meter", "level"})
"""What Drawstop itself sends gets no /error, so that two that hear each other don't complain for ever."""

_SHOWN = 80  # characters of an address in a complaint


class Router:
    """Takes packets one after another.

    Movements of one client for one moment are gathered, over several messages and packets, and sent to the hub together
    by `flush`, or before the next thing that isn't one of them: of a flood, the last value for each stop counts.

    Args:
        hub: what is moved.
        feedback: who subscribes.
        complaints: where to tell what was wrong.
        send: takes answers.
        commands: does what isn't a movement; None: such messages are answered with /error.
        watch: told of every message, whatever becomes of it.
    """

    def __init__(
        self,
        hub: ControlHub,
        feedback: Feedback,
        complaints: Complaints,
        send: Callable[[Outgoing], None],
        commands: Commands | None = None,
        watch: Callable[[Client, Message], None] | None = None,
    ) -> None:
        self._hub, self._feedback, self._complaints = hub, feedback, complaints
        self._send, self._commands, self._watch = send, commands, watch
        self._moves: dict[str, float] = {}
        self._key: tuple[Client, float | None, float] | None = None
        self._waiting: list[tuple[float, int, Client, Message]] = []
        self._order = itertools.count()
        self._errors_second, self._errors = 0, 0

    def take(self, client: Client, packet: bytes) -> None:
        """Do what a packet says, as far as it can be done; never raises for what is in it."""
        now = time.monotonic()
        try:
            messages = read_packet(packet)
        except PacketError as error:
            self._complaints.add("malformed packet", f"{client} sent {len(packet)} bytes: {error}")
            return
        self._feedback.heard(client, now)
        if sum(is_pattern(message.address) for message in messages) > MAX_PATTERNS:
            self._complaints.add(
                "malformed packet", f"{client} sent a packet of more than {MAX_PATTERNS} patterns"
            )
            return
        for message in messages:
            if self._watch is not None:
                self._watch(client, message)
            self._guarded(client, message, now)

    def flush(self) -> None:
        """Send the gathered movements to the hub."""
        moves, key = self._moves, self._key
        self._moves, self._key = {}, None
        if key is None:
            return
        client, at, seconds = key
        try:
            self._hub.move(moves, str(client), origin=client, at=at, seconds=seconds)
        except DrawstopError as error:  # the instrument was swapped meanwhile
            self._complain(client, RefusedError("unknown address", str(error)), "")

    def run_waiting(self, now: float) -> float | None:
        """Do the commands whose time has come; gives the next one's, or None."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, client, message = heapq.heappop(self._waiting)
            self._guarded(client, Message(message.address, message.arguments), now)
        return self._waiting[0][0] if self._waiting else None

    def _guarded(self, client: Client, message: Message, now: float) -> None:
        try:
            self._do(client, message, now)
        except RefusedError as error:
            self._complain(client, error, message.address)
        except DrawstopError as error:
            self._complain(client, RefusedError("command refused", str(error)), message.address)

    def _do(self, client: Client, message: Message, now: float) -> None:
        at = message.at if message.at is not None and message.at > now else None
        if at is not None and at - now > HORIZON_S:
            raise RefusedError(
                "time tag too far ahead",
                f"a time tag may be {HORIZON_S:g} s ahead, got {at - now:.1f}; set the clocks alike",
            )
        arguments = Arguments(message.arguments)
        parts = message.address.split("/")[1:]
        if "" in parts:
            raise self._unknown(parts)
        if is_pattern(message.address):
            for address in self._matching(message.address):
                self._move(client, address.split("/")[1:], arguments, at)
        elif not self._move(client, parts, arguments, at):
            self.flush()  # what came before, comes before
            if at is None:
                self._command(client, parts, arguments, now)
            else:
                self._wait(client, message, at)

    def _move(self, client: Client, parts: list[str], arguments: Arguments, at: float | None) -> bool:
        """Gather one movement; whether the address is one."""
        match parts:
            case ["stop", slug]:
                value, seconds = arguments.number(), 0.0
            case ["stop", slug, "ramp"]:
                value, seconds = arguments.number_and_seconds()
            case [word] if f"/{word}" in FADERS:
                slug, value, seconds = FADERS[f"/{word}"].slug, arguments.number(), 0.0
            case _:
                return False
        if slug not in self._hub.targets or (parts[0] == "stop" and not is_stop(slug)):
            raise self._unknown(parts)
        key = (client, at, seconds)
        if key != self._key:
            self.flush()
        self._key = key
        self._moves[slug] = value
        return True

    def _matching(self, pattern: str) -> list[str]:
        stops = [f"/stop/{slug}" for slug in self._hub.targets if is_stop(slug)]
        faders = [address for address, fader in FADERS.items() if fader.slug in self._hub.targets]
        found = matching(pattern, [*stops, *(f"{stop}/ramp" for stop in stops), *faders])
        if not found:
            raise RefusedError(
                "unknown address", f"no stop or fader fits {pattern[:_SHOWN]!r}; /stops tells the stops"
            )
        return found

    def _command(self, client: Client, parts: list[str], arguments: Arguments, now: float) -> None:
        match parts:
            case ["scene", name]:
                self._asked().scene(name, arguments.seconds())
            case ["scene", name, "beats"]:
                self._asked().scene(name, beats=arguments.beats())
            case ["scene", name, "store"]:
                if arguments.pressed():
                    self._asked().store(name)
            case ["morph", first, second]:
                self._asked().morph(first, second, arguments.number())
            case ["morph"]:
                self._asked().morph(*arguments.two_names_and_number())
            case ["pad"]:
                self._asked().pad(*arguments.two_numbers())
            case ["undo"]:
                if arguments.pressed():
                    self._asked().undo()
            case ["redo"]:
                if arguments.pressed():
                    self._asked().redo()
            case ["panic"]:
                if arguments.pressed():
                    self._asked().panic()
            case _:
                self._query(client, parts, arguments, now)

    def _query(self, client: Client, parts: list[str], arguments: Arguments, now: float) -> None:
        match parts:
            case ["stops"]:
                self._tell_stops(client, arguments.port())
            case ["values"]:
                port = arguments.port()
                for address, value in values_by_address(self._hub).items():
                    self._answer(client, port, address, value)
            case ["subscribe"]:
                self._feedback.subscribe(client, arguments.port(), now)
            case ["unsubscribe"]:
                self._feedback.unsubscribe(client, arguments.port())
            case ["ping"]:
                self._answer(client, arguments.port(), "/pong")
            case _:
                raise self._unknown(parts)

    def _tell_stops(self, client: Client, port: int | None) -> None:
        values = self._hub.values
        stops = [target for slug, target in self._hub.targets.items() if is_stop(slug)]
        self._answer(client, port, "/stops", len(stops))
        for stop in stops:
            about = (
                float(each)
                for each in (stop.minimum, stop.maximum, stop.default, values.get(stop.slug, stop.default))
            )
            self._answer(client, port, f"/stops/{stop.slug}", name_of(stop), *about)

    def _asked(self) -> Commands:
        if self._commands is None:
            raise RefusedError(
                "command refused", "scenes, morphs, undo and panic aren't here; stops and faders are"
            )
        return self._commands

    def _wait(self, client: Client, message: Message, at: float) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise RefusedError(
                "command refused", f"{MAX_WAITING} commands wait for their time already; send it later"
            )
        heapq.heappush(self._waiting, (at, next(self._order), client, message))

    def _unknown(self, parts: list[str]) -> RefusedError:
        address = "/" + "/".join(parts)
        stops = ", ".join(slug for slug in self._hub.targets if is_stop(slug)) or "none"
        return RefusedError("unknown address", f"nothing is at {address[:_SHOWN]!r}; the stops are: {stops}")

    def _complain(self, client: Client, error: RefusedError, address: str) -> None:
        self._complaints.add(error.kind, f"{client} sent {address[:_SHOWN]!r}: {error}")
        second = int(time.monotonic())
        if second != self._errors_second:
            self._errors_second, self._errors = second, 0
        self._errors += 1
        if self._errors <= ERRORS_PER_S and address.split("/")[1:2] not in [[word] for word in ANSWERS]:
            self._answer(client, None, "/error", str(error), address[:_SHOWN])

    def _answer(self, client: Client, port: int | None, address: str, *arguments: str | float) -> None:
        self._send(
            Outgoing(client, write_message(address, *arguments), port or self._feedback.port_of(client))
        )
