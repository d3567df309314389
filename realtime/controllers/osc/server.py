"""The OSC server: one thread that receives from clients and sends to them, over UDP, TCP and other transports."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from drawstop.errors import DrawstopError, reason_of
from realtime.controllers.commands import Commands
from realtime.controllers.osc.clients import AllowList, Client, ErrorCounters
from realtime.controllers.osc.feedback import Feedback, Outgoing
from realtime.controllers.osc.listener import Listener, bound_socket, refuse
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, Message
from realtime.controllers.osc.router import Router
from realtime.controllers.osc.tcp_transport import TcpTransport
from realtime.controllers.osc.transport import ServerContext, Transport
from realtime.controllers.parameters import ParameterStore

PORT = 9000
LOOPBACK = "127.0.0.1"

ROUND_DATAGRAMS = 64
"""Datagrams read at once before other sockets have their turn: a few milliseconds of work."""


class OscServer:
    """Runs from `start` to `close`, or as a context.

    Args:
        parameters: moved by clients; their changes are sent to subscribed clients.
        host: the address to bind; the default is this machine alone. "0.0.0.0": every network it is in.
        port: port for UDP and TCP alike; 0: any two free ones, which `udp_port` and `tcp_port` then hold.
        allow: addresses and networks of allowed clients; none: all that reach it.
        commands: executes the messages that aren't movements.
        show_line: takes lines for the user; called from the server's thread, and must not wait.
        watch: called with every message, in the same way.
        transports: other transports beside OSC by TCP, such as OSCQuery's.
        feedback_to: UDP hosts and ports that are sent all values, because they can't ask.
        clock: seconds, from any thread; the parameter store uses the same.

    Raises:
        DrawstopError: an entry of `allow` that is no address, or a port that is none.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        allow: Sequence[str] = (),
        commands: Commands | None = None,
        show_line: Callable[[str], None] = lambda line: None,
        watch: Callable[[Client, Message], None] | None = None,
        transports: Sequence[Transport] = (),
        feedback_to: Sequence[tuple[str, int]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0 <= port <= 65535:
            raise DrawstopError(f"OSC's port must be in 0..65535, got {port}")
        self._parameters, self._show_line, self._clock = parameters, show_line, clock
        self._host, self._port, self._allow = host, port, AllowList(allow)
        self._open_to_all, self._feedback_to = not allow, feedback_to
        self.errors = ErrorCounters(show_line)
        self.feedback = Feedback(parameters, self._wake, clock)
        self._router = Router(parameters, self.feedback, self.errors, self._send, commands, watch, clock)
        self._transports: tuple[Transport, ...] = (TcpTransport(port), *transports)
        self._listeners: dict[str, Listener] = {}
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
        """Bind the sockets and start the thread.

        Raises:
            DrawstopError: a port is taken, or the address isn't this machine's.
        """
        self._udp = bound_socket(self._host, self._port, socket.SOCK_DGRAM)
        try:
            fixed = [_found(host, port, self._udp.family) for host, port in self._feedback_to]
        except DrawstopError:
            self._close_sockets()
            raise
        self.udp_port = self._udp.getsockname()[1]
        try:
            for transport in self._transports:
                sock = bound_socket(transport.host or self._host, transport.port, socket.SOCK_STREAM)
                self._listeners[transport.name] = Listener(
                    transport, sock, self._allow, self.errors, self.feedback.unsubscribe
                )
        except DrawstopError:
            self._close_sockets()
            raise
        self.tcp_port = self._listeners["tcp"].sock.getsockname()[1]
        self._open()
        if self._open_to_all and not self._host.startswith("127.") and self._host not in ("localhost", "::1"):
            self._show_line(
                f"OSC listens at {self._host}:{self.udp_port}: whoever reaches it can move the stops; allow only some"
            )
        for client in fixed:
            self.feedback.add_fixed(client)
        self._closing = False
        self._unsubscribe = self._parameters.subscribe(self.feedback.on_changes)
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for sock in (self._wake_receiver, self._wake_sender):
            sock.setblocking(False)
        self._selector.register(self._wake_receiver, selectors.EVENT_READ, self._drain_wakes)
        self._selector.register(self._udp, selectors.EVENT_READ, self._receive_datagrams)
        context = ServerContext(
            self._selector,
            self._router.receive,
            self.feedback,
            self.errors,
            self.udp_port,
            self._wake,
            self._clock,
        )
        for listener in self._listeners.values():
            self._selector.register(listener.sock, selectors.EVENT_READ, listener.accept)
            listener.transport.start(context, listener.sock.getsockname()[1])

    def close(self) -> None:
        """Close all connections and ports. A second call does nothing."""
        if self._thread is None:
            return
        self._closing = True
        self._wake()
        self._thread.join()
        self._thread = None
        self._unsubscribe()
        self._close_sockets()
        self._selector.close()
        self._wake_receiver.close()
        self._wake_sender.close()

    def _close_sockets(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        self._udp.close()

    def meters(self, levels: Mapping[str, float]) -> None:
        """Send subscribed clients meters in dBFS, by name: `/meter/<name>`. From any thread; doesn't wait."""
        self.feedback.meters(levels)

    def levels(self, levels: Mapping[str, float]) -> None:
        """Send them how strongly each stop sounds, 0..1, by slug: `/level/<slug>`. A stop that has gone is sent as 0."""
        self.feedback.levels(levels)

    def status(self, values: Mapping[str, tuple[str | float, ...]]) -> None:
        """Send the arguments of these addresses to clients that listen to them by name. From any thread; doesn't wait."""
        self.feedback.status(values)

    def send_all(self) -> None:
        """Send subscribed clients all values, after the parameter store has been given another instrument's stops."""
        self.feedback.send_all()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._round()
            except Exception as error:  # noqa: BLE001 - a fault in one message must not end all control
                self.errors.add("fault in Drawstop", f"{type(error).__name__}: {error}")

    def _round(self) -> None:
        now = self._clock()
        next_command = self._router.run_waiting(now)
        outgoing, next_feedback = self.feedback.due(now)
        for each in outgoing:
            self._send(each)
        polled = [transport.poll(now) for transport in self._transports]
        moments = [moment for moment in (next_command, next_feedback, *polled) if moment is not None]
        timeout = max(0.0, min(moments) - self._clock()) if moments else None
        try:
            for key, _ in self._selector.select(timeout):
                key.data()
        finally:
            self._router.flush()

    def _receive_datagrams(self) -> None:
        for _ in range(ROUND_DATAGRAMS):
            try:
                packet, address = self._udp.recvfrom(MAX_PACKET_BYTES + 1)
            except OSError:  # no more; or a client's port was closed, which some systems report here
                return
            client = Client("udp", address[0], address[1])
            if client.host in self._allow:
                self._router.receive(client, packet)
            else:
                refuse(self.errors, client)

    def _send(self, outgoing: Outgoing) -> None:
        client = outgoing.client
        if client.transport == "udp":
            with contextlib.suppress(OSError):  # unreachable, or no room: the next change is sent again
                self._udp.sendto(outgoing.packet, (client.host, outgoing.port or client.port))
        else:
            self._listeners[client.transport].send(client, outgoing.packet)

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_receiver.recv(4096)

    def _wake(self) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            with contextlib.suppress(OSError):  # full: the thread wakes anyway
                self._wake_sender.send(b"\0")


def _found(host: str, port: int, family: socket.AddressFamily) -> Client:
    """The UDP client at a host's port. Raises DrawstopError if there is no such host."""
    try:
        address = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)[0][4]
    except OSError as error:
        raise DrawstopError(
            f"OSC can't send to {host}:{port} ({reason_of(error)}); give a name or an address of this network"
        ) from error
    return Client("udp", str(address[0]), port)
