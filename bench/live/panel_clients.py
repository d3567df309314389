"""The panel's clients, those that play and those that mean harm, for `bench.live.panel`."""

import contextlib
import http.client
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pythonosc.osc_message import OscMessage
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from bench.live.jack import PATIENCE_S, JackServer
from bench.live.preparation import free_port
from realtime.controllers.osc.packets import write_message

LISTENERS = """if True:
    import sys, threading
    from bench.live.panel_clients import drained, panel
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=drained, args=(panel(int(sys.argv[1])),), daemon=True).start()
    print("listening", flush=True)
    sys.stdin.read()
"""
HALF_A_REQUEST = b"GET / HTTP/1.1\r\nHost: 127"


class Playing:
    """`drawstop play --panel`, in a process of its own.

    Attributes:
        pid: of the command's process, which serves the panel.
        osc: the port of OSC.
        web: the panel's port.
        said: its lines.
    """

    def __init__(self, server: JackServer, instrument: Path, report: Path) -> None:
        self.osc, self.web, self.said = free_port(), free_port(), list[str]()
        options = ["--headless", "--panel", "--osc", self.osc, "--oscquery", self.web, "--json", report]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drawstop", "play", instrument, *map(str, options)],
            env=server.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self._process.pid
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line)
            if "The panel is at" in line:
                break
        self._reader = threading.Thread(target=self.said.extend, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    def end(self) -> None:
        """End it by SIGTERM (a job of a shell's background is born deaf to SIGINT), and wait for its report."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)

    def wait_for_sound(self) -> None:
        """Wait until the panel's spectrum has something of the input."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError, KeyError):
                if got(self.web, "/spectrum/in?VALUE")["VALUE"]:
                    return
            time.sleep(0.1)

    def lost(self) -> int:
        """The number of lost blocks, as the panel shows it; asked again while others have all connections."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return int(got(self.web, "/status/lost_blocks?VALUE")["VALUE"][0])  # type: ignore[index]
            except (OSError, http.client.HTTPException, ValueError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


@contextmanager
def listeners(web: int, count: int) -> Iterator[None]:
    """Panels that read everything they are sent, in a process of their own."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENERS, str(web), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()


def panel(web: int) -> ClientConnection:
    """A panel: it listens to every value."""
    sock = connect(f"ws://127.0.0.1:{web}/", compression=None, legacy=True)
    for path in _readable(got(web, "/")):
        sock.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
    return sock


def drained(sock: ClientConnection) -> None:
    """Read what a panel is sent until it ends."""
    with contextlib.suppress(WebSocketException, OSError):
        for _ in sock:
            pass


def fuzz(web: int, frames: int) -> None:
    """Frames of random bytes, cut off and huge ones, commands of random text."""
    generator = random.Random(0)
    sock = connect(f"ws://127.0.0.1:{web}/", compression=None, legacy=True)
    for number in range(frames):
        size = generator.choice((0, 3, 16, 200, 4000)) if number % 500 else 1 << 20
        try:
            if number % 3:
                sock.send(generator.randbytes(size))
            else:
                sock.send(generator.randbytes(size).decode("latin-1"))
        except (WebSocketException, OSError):
            sock = connect(f"ws://127.0.0.1:{web}/", compression=None, legacy=True)
    with contextlib.suppress(WebSocketException, OSError):
        sock.close()


def crowd(web: int, connections: int) -> int:
    """Connections that send half a request and stay; the number of those that were refused."""
    socks = []
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", web), 10)
        with contextlib.suppress(OSError):
            sock.send(HALF_A_REQUEST)
        socks.append(sock)
    time.sleep(1.0)
    refused = 0
    for sock in socks:
        sock.settimeout(0.01)
        try:
            refused += sock.recv(1) == b""
        except TimeoutError:
            pass
        except OSError:
            refused += 1
        sock.close()
    return refused


def slow_reader(osc: int, web: int, seconds: float) -> None:
    """A panel that never reads, while values change as fast as they are sent on."""
    with (
        socket.create_connection(("127.0.0.1", web), 10) as sock,
        socket.socket(type=socket.SOCK_DGRAM) as surface,
    ):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        key = b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        sock.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + key)
        command = b'{"COMMAND": "LISTEN", "DATA": "/stop/guitar"}'
        sock.send(b"\x81" + bytes([0x80 | len(command)]) + bytes(4) + command)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            surface.sendto(write_message("/stop/guitar", random.random()), ("127.0.0.1", osc))
            time.sleep(0.002)


def strangers(web: int, requests: int) -> int:
    """Requests of another site's pages, and WebSockets of theirs; the number of those that were refused."""
    refused = 0
    for number in range(requests):
        connection = http.client.HTTPConnection("127.0.0.1", web, timeout=10)
        headers = {"Origin": "http://evil.example"}
        if number % 2:
            headers |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
            headers["Sec-WebSocket-Key"] = "MDEyMzQ1Njc4OWFiY2RlZg=="
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/", headers=headers)
            refused += connection.getresponse().status == 403
        connection.close()
    return refused


def got(web: int, target: str) -> dict[str, object]:
    """The JSON at a target of OSCQuery."""
    connection = http.client.HTTPConnection("127.0.0.1", web, timeout=10)
    connection.request("GET", target)
    content: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return content


def message_of(packet: bytes | str) -> tuple[str, float | str | None]:
    """A packet's address and first argument."""
    assert isinstance(packet, bytes)
    message = OscMessage(packet)
    return message.address, message.params[0] if message.params else None


def _readable(node: dict[str, object]) -> list[str]:
    text = json.dumps(node)
    return re.findall(r'"FULL_PATH": "([^"]+)", "ACCESS": [13]', text)
