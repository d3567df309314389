"""The sockets: UDP, TCP and other entrances on one thread, which hears clients and tells them."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.osc.clients import AllowList, Client, Complaints
from realtime.controllers.osc.feedback import Feedback, Outgoing
from realtime.controllers.osc.listener import Door, Entrance, House, bound, refuse
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, Message
from realtime.controllers.osc.router import Router
from realtime.controllers.osc.tcp_connection import TcpEntrance
from realtime.controllers.parameters import ControlHub

PORT = 9000
LOOPBACK = "127.0.0.1"

ROUND_DATAGRAMS = 64
"""Taken from the UDP socket before others have their turn: a few milliseconds of work."""


class OscServer:
    """Listens from `start` to `close`, or as a context.

    Args:
        hub: what clients move, and whose changes they are told.
        host: the address to listen at; the default is this machine alone. "0.0.0.0": every network it's in.
        port: of UDP and TCP alike; 0: any two free ones, see `udp_port` and `tcp_port`.
        allow: addresses and networks of clients; none: all that reach it.
        commands: does what isn't a movement.
        notes: takes lines for the user; called from the server's thread, and must not wait.
        watch: told of every message, in the same way.
        entrances: other ways in, such as OSCQuery's.

    Raises:
        DrawstopError: an entry of `allow` that is no address, or a port that is none.
    """

    def __init__(
        self,
        hub: ControlHub,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        allow: Sequence[str] = (),
        commands: Commands | None = None,
        notes: Callable[[str], None] | None = None,
        watch: Callable[[Client, Message], None] | None = None,
        entrances: Sequence[Entrance] = (),
    ) -> None:
        if not 0 <= port <= 65535:
            raise DrawstopError(f"OSC's port must be in 0..65535, got {port}")
        self._hub, self._host, self._port, self._allow, self._notes = hub, host, port, AllowList(allow), notes
        self._open_to_all = not allow
        self.complaints = Complaints(notes)
        self.feedback = Feedback(hub, self._wake)
        self._router = Router(hub, self.feedback, self.complaints, self._send, commands, watch)
        self._entrances: tuple[Entrance, ...] = (TcpEntrance(port), *entrances)
        self._doors: dict[str, Door] = {}
        self._thread: threading.Thread | None = None
        self._closing = False
        self.udp_port = self.tcp_port = port

    def __enter__(self) -> "OscServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Open the ports and listen.

        Raises:
            DrawstopError: a port is taken, or the address isn't this machine's.
        """
        self._udp = bound(self._host, self._port, socket.SOCK_DGRAM)
        self.udp_port = self._udp.getsockname()[1]
        try:
            for entrance in self._entrances:
                sock = bound(self._host, entrance.port, socket.SOCK_STREAM)
                self._doors[entrance.transport] = Door(
                    entrance, sock, self._allow, self.complaints, self.feedback.unsubscribe
                )
        except DrawstopError:
            self._close_sockets()
            raise
        self.tcp_port = self._doors["tcp"].sock.getsockname()[1]
        self._open()
        if self._open_to_all and not self._host.startswith("127.") and self._host not in ("localhost", "::1"):
            self._note(
                f"OSC listens at {self._host}:{self.udp_port}: whoever reaches it can move the stops; allow only some"
            )
        self._closing = False
        self._unsubscribe = self._hub.subscribe(self.feedback.hear)
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for sock in (self._woken, self._waker):
            sock.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._awake)
        self._selector.register(self._udp, selectors.EVENT_READ, self._hear)
        house = House(
            self._selector, self._router.take, self.feedback, self.complaints, self.udp_port, self._wake
        )
        for door in self._doors.values():
            self._selector.register(door.sock, selectors.EVENT_READ, door.meet)
            door.entrance.open(house, door.sock.getsockname()[1])

    def close(self) -> None:
        """Hang up and free the ports. A second time does nothing."""
        if self._thread is None:
            return
        self._closing = True
        self._wake()
        self._thread.join()
        self._thread = None
        self._unsubscribe()
        self._close_sockets()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _close_sockets(self) -> None:
        for door in self._doors.values():
            door.close()
        self._doors.clear()
        self._udp.close()

    def meters(self, levels: Mapping[str, float]) -> None:
        """Tell subscribed clients levels in dBFS, by name: `/meter/<name>`. From any thread; doesn't wait."""
        self.feedback.meters(levels)

    def levels(self, levels: Mapping[str, float]) -> None:
        """Tell them how strongly each stop sounds, 0..1, by slug: `/level/<slug>`. A stop that was there and isn't any more
        is told as 0."""
        self.feedback.levels(levels)

    def tell_all(self) -> None:
        """Tell subscribed clients where everything stands: after the hub has got another instrument's stops."""
        self.feedback.tell_all()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._round()
            except Exception as error:  # noqa: BLE001 - a fault in one message must not end all control
                self.complaints.add("fault in Drawstop", f"{type(error).__name__}: {error}")

    def _round(self) -> None:
        now = time.monotonic()
        next_command = self._router.run_waiting(now)
        outgoing, next_news = self.feedback.due(now)
        for each in outgoing:
            self._send(each)
        rounds = [entrance.round(now) for entrance in self._entrances]
        moments = [moment for moment in (next_command, next_news, *rounds) if moment is not None]
        timeout = max(0.0, min(moments) - time.monotonic()) if moments else None
        try:
            for key, _ in self._selector.select(timeout):
                key.data()
        finally:
            self._router.flush()

    def _hear(self) -> None:
        for _ in range(ROUND_DATAGRAMS):
            try:
                packet, address = self._udp.recvfrom(MAX_PACKET_BYTES + 1)
            except OSError:  # no more; or a client's port that was closed, as some systems tell it
                return
            client = Client("udp", address[0], address[1])
            if client.host in self._allow:
                self._router.take(client, packet)
            else:
                refuse(self.complaints, client)

    def _send(self, outgoing: Outgoing) -> None:
        client = outgoing.client
        if client.transport == "udp":
            with contextlib.suppress(OSError):  # no way there, or no room: it's told the next change
                self._udp.sendto(outgoing.packet, (client.host, outgoing.port or client.port))
        else:
            self._doors[client.transport].send(client, outgoing.packet)

    def _awake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    def _wake(self) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            with contextlib.suppress(OSError):  # full: it's awake already
                self._waker.send(b"\0")

    def _note(self, text: str) -> None:
        if self._notes is not None:
            self._notes(text)
