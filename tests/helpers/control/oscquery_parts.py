"""What the OSCQuery tests share: a parameter store with OSC and OSCQuery on free ports, and clients that aren't ours."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import websocket
from pythonosc.osc_message import OscMessage

from realtime.controllers.osc.packets import write_message
from realtime.controllers.osc.server import OscServer
from realtime.controllers.oscquery.service import OscQuery
from realtime.controllers.scenes.scene import Scene
from tests.helpers.control.osc_parts import ClockedRecorder, CommandRecorder, UdpPeer, drain, make_parameters
from tests.helpers.waiting import PATIENCE_S

NAME = "Drawstop organ"


class OscQuerySetup:
    """A parameter store, its sound, its commands and scenes, and both servers."""

    def __init__(
        self,
        allow: Sequence[str] = (),
        host: str = "127.0.0.1",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sound, self.commands, self.notes = ClockedRecorder(clock), CommandRecorder(), list[str]()
        self.scenes = [Scene("Verse 1", {"guitar": 1.0}), Scene("Chorus", {"voice": 1.0})]
        self.parameters = make_parameters(self.sound)
        self.query = OscQuery(self.parameters, 0, NAME, lambda: self.scenes)
        self.server = OscServer(
            self.parameters,
            host=host,
            port=0,
            allow=allow,
            commands=self.commands,
            show_line=self.notes.append,
            transports=[self.query],
            clock=clock,
        )
        self._sockets: list[WebPeer] = []

    def __enter__(self) -> "OscQuerySetup":
        self.server.start()
        self._pinger = UdpPeer(self.server.udp_port)
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self._sockets:
            peer.socket.close()
            peer.socket.shutdown()  # closes what is left open if the server closed it first
        self.server.close()
        self._pinger.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.query.open_port}"

    def get(self, target: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, Any]:
        """Status and JSON, by Python's own client."""
        request = urllib.request.Request(f"http://{self.address}{target}", None, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                body = answer.read()
                return answer.status, json.loads(body) if body else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read() or None

    def websocket(self, **options: Any) -> "WebPeer":
        self._sockets.append(WebPeer(f"ws://{self.address}/", self.drain, **options))
        return self._sockets[-1]

    def moved(self) -> list[tuple[str, float, int]]:
        return [(event.slug, event.value, event.ramp_samples) for event in self.sound.events]

    def settle(self) -> None:
        """Wait until the server has handled what was sent to it."""
        self._pinger.ping()

    def drain(self) -> None:
        """Wait until the server has sent everything."""
        drain(self.server, self._pinger, lambda: not self.query._refresh_wanted)


class WebPeer:
    """websocket-client's client."""

    def __init__(self, url: str, drain: Callable[[], None], **options: Any) -> None:
        self._drain = drain
        self.socket = websocket.create_connection(url, timeout=PATIENCE_S, **options)

    def send_command(self, command: str, address: str) -> None:
        self.socket.send(json.dumps({"COMMAND": command, "DATA": address}))

    def send(self, address: str, *arguments: str | float) -> None:
        self.socket.send_binary(write_message(address, *arguments))

    def settle(self) -> None:
        """Wait until the server has handled all that this client has sent; what it receives meanwhile is dropped."""
        self.send("/ping")
        self.receive_until("/pong")

    def receive_all(self) -> list[tuple[Any, ...]]:
        """All messages that the server has sent so far or is about to send, after it has handled what this client sent: OSC's
        address and arguments, or COMMAND and DATA."""
        messages = self._received_until_pong()
        self._drain()
        return messages + self._received_until_pong()

    def _received_until_pong(self) -> list[tuple[Any, ...]]:
        self.send("/ping")
        messages: list[tuple[Any, ...]] = []
        while (message := read(self.socket.recv())) != ("/pong",):
            messages.append(message)
        return messages

    def receive_for(self, seconds: float) -> list[tuple[Any, ...]]:
        """The messages until nothing has come for so long, without sending anything."""
        messages: list[tuple[Any, ...]] = []
        self.socket.settimeout(seconds)
        try:
            while True:
                messages.append(read(self.socket.recv()))
        except websocket.WebSocketTimeoutException:
            return messages
        finally:
            self.socket.settimeout(PATIENCE_S)

    def receive_until(self, first: str, *rest: object) -> None:
        """Wait for a message that begins so; others are dropped."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if read(self.socket.recv())[: 1 + len(rest)] == (first, *rest):
                return
        raise AssertionError(f"no {first}")


def read(message: str | bytes) -> tuple[Any, ...]:
    if isinstance(message, bytes):
        osc = OscMessage(message)
        return osc.address, *osc.params
    content = json.loads(message)
    return content["COMMAND"], content["DATA"]
