"""An OSC server with all that is behind it, for the tests whose clients send to it."""

import time
from collections.abc import Callable, Sequence

from realtime.controllers.osc.clients import Client
from realtime.controllers.osc.packets import Message
from realtime.controllers.osc.server import OscServer
from realtime.controllers.parameters import ParameterStore
from tests.helpers.control.osc_parts import ClockedRecorder, CommandRecorder, UdpPeer, drain, make_parameters


class ServerSetup:
    """A parameter store, its sound, its commands, and a server on free ports."""

    def __init__(
        self,
        commands: CommandRecorder | None,
        allow: Sequence[str] = (),
        host: str = "127.0.0.1",
        feedback_to: Sequence[tuple[str, int]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sound, self.scenes, self.notes = ClockedRecorder(clock), commands, list[str]()
        self.parameters: ParameterStore = make_parameters(self.sound)
        self.seen: list[tuple[Client, Message]] = []
        self.server = OscServer(
            self.parameters,
            host=host,
            port=0,
            allow=allow,
            commands=commands,
            show_line=self.notes.append,
            feedback_to=feedback_to,
            watch=lambda client, message: self.seen.append((client, message)),
            clock=clock,
        )
        self._clients: list[UdpPeer] = []

    def __enter__(self) -> "ServerSetup":
        self.server.start()
        self._pinger = UdpPeer(self.server.udp_port)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()
        for client in (self._pinger, *self._clients):
            client.close()

    def client(self) -> UdpPeer:
        self._clients.append(UdpPeer(self.server.udp_port, self.drain))
        return self._clients[-1]

    def moved(self) -> list[tuple[str, float, int]]:
        return [(event.slug, event.value, event.ramp_samples) for event in self.sound.events]

    def settle(self, client: UdpPeer) -> None:
        """Wait until the server has handled all that this client has sent."""
        client.ping()

    def drain(self) -> None:
        """Wait until the server has sent everything."""
        drain(self.server, self._pinger)
