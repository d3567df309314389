"""Dispatches OSC messages by address: movements, commands, queries. Used by one thread; opens no sockets."""

import heapq
import itertools
import time
from collections.abc import Callable

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.addresses import BUTTONS, ENGINE_PARAMETERS, is_stop, name_of, values_by_address
from realtime.controllers.osc.arguments import Arguments, RefusedError
from realtime.controllers.osc.clients import Client, ErrorCounters
from realtime.controllers.osc.feedback import Feedback, Outgoing
from realtime.controllers.osc.packets import Message, PacketError, read_packet, write_message
from realtime.controllers.osc.patterns import is_pattern, matching
from realtime.controllers.parameters import ParameterStore

HORIZON_S = 60.0
"""The farthest that a time tag may be ahead: one farther comes from a wrong clock, and commands that wait take memory."""

MAX_WAITING = 256
"""The most commands that wait for their time; movements wait in the engine's own queue."""

MAX_PATTERNS = 32
"""The most patterns in one packet; each takes up to some milliseconds."""

ERRORS_PER_S = 20
"""The most answers to wrong messages in a second, to all clients: a flood of them isn't answered with a flood."""

ANSWERS = frozenset({"error", "pong", "meter", "level", "status", "spectrum"})
"""Addresses that Drawstop itself sends. They get no /error, so that two Drawstops don't send each other errors for ever."""

QUERIES = ("stops", "values", "subscribe", "unsubscribe", "ping")

_SHOWN = 80  # characters of an address in an error message


class Router:
    """Handles packets one after another.

    Movements of one client for one moment are gathered, over several messages and packets, and sent to the parameter
    store together by `flush`, or before any other message: of a flood, the last value for each stop counts.

    Args:
        parameters: moved by messages.
        feedback: the subscribed clients.
        errors: counts what was wrong.
        send: takes answers.
        commands: executes the messages that aren't movements; None: such messages are answered with /error.
        watch: called with every message, valid or not.
        clock: seconds; the parameter store and the feedback use the same.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        feedback: Feedback,
        errors: ErrorCounters,
        send: Callable[[Outgoing], None],
        commands: Commands | None = None,
        watch: Callable[[Client, Message], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parameters, self._feedback, self._errors = parameters, feedback, errors
        self._send, self._commands, self._watch, self._clock = send, commands, watch, clock
        self._moves: dict[str, float] = {}
        self._key: tuple[Client, float | None, float] | None = None
        self._waiting: list[tuple[float, int, Client, Message]] = []
        self._order = itertools.count()
        self._answers_second, self._error_answers = 0, 0

    def receive(self, client: Client, packet: bytes) -> None:
        """Execute the messages of a packet. Never raises for its content: errors are counted and answered."""
        now = self._clock()
        try:
            messages = read_packet(packet, self._clock)
        except PacketError as error:
            self._errors.add("malformed packet", f"{client} sent {len(packet)} bytes: {error}")
            return
        self._feedback.keep_alive(client, now)
        if sum(is_pattern(message.address) for message in messages) > MAX_PATTERNS:
            self._errors.add(
                "malformed packet", f"{client} sent a packet of more than {MAX_PATTERNS} patterns"
            )
            return
        for message in messages:
            if self._watch is not None:
                self._watch(client, message)
            self._try(client, message, now)

    def flush(self) -> None:
        """Send the gathered movements to the parameter store."""
        moves, key = self._moves, self._key
        self._moves, self._key = {}, None
        if key is None:
            return
        client, at, seconds = key
        try:
            self._parameters.move(moves, str(client), origin=client, at=at, seconds=seconds)
        except DrawstopError as error:  # the instrument was swapped meanwhile
            self._report(client, RefusedError("unknown address", str(error)), "")

    def run_waiting(self, now: float) -> float | None:
        """Execute the commands whose time has come. Returns the time of the next one, or None."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, client, message = heapq.heappop(self._waiting)
            self._try(client, Message(message.address, message.arguments), now)
        return self._waiting[0][0] if self._waiting else None

    def _try(self, client: Client, message: Message, now: float) -> None:
        try:
            self._execute(client, message, now)
        except RefusedError as error:
            self._report(client, error, message.address)
        except DrawstopError as error:
            self._report(client, RefusedError("command refused", str(error)), message.address)

    def _execute(self, client: Client, message: Message, now: float) -> None:
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
            self.flush()  # the movements that came before the command
            if at is None:
                self._command(client, parts, arguments, now)
            else:
                self._wait(client, message, at)

    def _move(self, client: Client, parts: list[str], arguments: Arguments, at: float | None) -> bool:
        """Gather one movement. Returns whether the address is that of a movement."""
        match parts:
            case ["stop", slug]:
                value, seconds = arguments.number(), 0.0
            case ["stop", slug, "ramp"]:
                value, seconds = arguments.number_and_seconds()
            case [word] if f"/{word}" in ENGINE_PARAMETERS:
                slug, value, seconds = ENGINE_PARAMETERS[f"/{word}"].slug, arguments.number(), 0.0
            case _:
                return False
        if slug not in self._parameters.targets or (parts[0] == "stop" and not is_stop(slug)):
            raise self._unknown(parts)
        key = (client, at, seconds)
        if key != self._key:
            self.flush()
        self._key = key
        self._moves[slug] = value
        return True

    def _matching(self, pattern: str) -> list[str]:
        stops = [f"/stop/{slug}" for slug in self._parameters.targets if is_stop(slug)]
        engine = [
            address
            for address, parameter in ENGINE_PARAMETERS.items()
            if parameter.slug in self._parameters.targets
        ]
        addresses = matching(pattern, [*stops, *(f"{stop}/ramp" for stop in stops), *engine])
        if not addresses:
            raise RefusedError(
                "unknown address", f"no stop or parameter fits {pattern[:_SHOWN]!r}; /stops lists the stops"
            )
        return addresses

    def _command(self, client: Client, parts: list[str], arguments: Arguments, now: float) -> None:
        match parts:
            case ["scene", name]:
                self._require_commands().scene(name, arguments.seconds())
            case ["scene", name, "beats"]:
                self._require_commands().scene(name, beats=arguments.beats())
            case ["scene", name, "store"]:
                if arguments.pressed():
                    self._require_commands().store(name)
            case ["morph", first, second]:
                self._require_commands().morph(first, second, arguments.number())
            case ["morph"]:
                self._require_commands().morph(*arguments.two_names_and_number())
            case ["pad"]:
                names, x, y = arguments.names_and_two_numbers()
                if names:
                    self._require_commands().pad(x, y, names)
                else:
                    self._require_commands().pad(x, y)
            case ["store"]:
                self._require_commands().store(*arguments.names(1))
            case ["rename"]:
                self._require_commands().rename(*arguments.names(2))
            case ["remove"]:
                self._require_commands().remove(*arguments.names(1))
            case ["learn"]:
                self._require_commands().learn(*arguments.names(1))
            case ["record"]:
                self._require_commands().record(arguments.name_or_nothing())
            case ["instrument", which]:
                if arguments.pressed():
                    self._require_commands().instrument(which)
            case [word] if word in BUTTONS:
                if arguments.pressed():
                    getattr(self._require_commands(), word)()
            case _:
                self._query(client, parts, arguments, now)

    def _query(self, client: Client, parts: list[str], arguments: Arguments, now: float) -> None:
        if parts[0] in QUERIES and len(parts) == 1 and arguments.pressed_alone() is False:
            if parts[0] == "subscribe":
                self._feedback.release(client, now)
            return
        match parts:
            case ["stops"]:
                self._send_stops(client, arguments.port())
            case ["values"]:
                port = arguments.port()
                for address, value in values_by_address(self._parameters).items():
                    self._answer(client, port, address, value)
            case ["subscribe"]:
                self._feedback.subscribe(client, arguments.port(), now)
            case ["unsubscribe"]:
                self._feedback.unsubscribe(client, arguments.port())
            case ["ping"]:
                self._answer(client, arguments.port(), "/pong")
            case _:
                raise self._unknown(parts)

    def _send_stops(self, client: Client, port: int | None) -> None:
        values = self._parameters.values
        stops = [target for slug, target in self._parameters.targets.items() if is_stop(slug)]
        self._answer(client, port, "/stops", len(stops))
        for stop in stops:
            value = values.get(stop.slug, stop.default)
            numbers = (float(each) for each in (stop.minimum, stop.maximum, stop.default, value))
            self._answer(client, port, f"/stops/{stop.slug}", name_of(stop), *numbers)

    def _require_commands(self) -> Commands:
        if self._commands is None:
            raise RefusedError(
                "command refused", "scenes, morphs, undo and panic aren't here; stops and parameters are"
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
        stops = ", ".join(slug for slug in self._parameters.targets if is_stop(slug)) or "none"
        return RefusedError("unknown address", f"nothing is at {address[:_SHOWN]!r}; the stops are: {stops}")

    def _report(self, client: Client, error: RefusedError, address: str) -> None:
        """Count an error and answer it with /error, at most `ERRORS_PER_S` times a second."""
        self._errors.add(error.kind, f"{client} sent {address[:_SHOWN]!r}: {error}")
        second = int(self._clock())
        if second != self._answers_second:
            self._answers_second, self._error_answers = second, 0
        self._error_answers += 1
        is_answer = address.split("/")[1:2] in [[word] for word in ANSWERS]
        if self._error_answers <= ERRORS_PER_S and not is_answer:
            self._answer(client, None, "/error", str(error), address[:_SHOWN])

    def _answer(self, client: Client, port: int | None, address: str, *arguments: str | float) -> None:
        self._send(
            Outgoing(client, write_message(address, *arguments), port or self._feedback.port_of(client))
        )
