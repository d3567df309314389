"""How fast a change reaches the other clients of a performance with the panel, and what those who mean harm do to the sound.

`uv run python -m bench.live.panel organ.ts` plays under JACK's dummy driver, with panels connected. Needs jackd.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from pythonosc.osc_message import OscMessage
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from bench.live.jack import PATIENCE_S, JackServer
from realtime.controllers.osc.packets import write_message

CHANGES = 500
PANELS = 10
FRAMES, CONNECTIONS = 20_000, 300
SLOW_READER_S = 20.0


@contextmanager
def performance(server: JackServer, instrument: Path) -> Iterator[tuple[int, int]]:
    """`drawstop play` with the panel, in a process of its own; the ports of OSC and of the panel."""
    osc, web = _free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_STREAM)
    command = [sys.executable, "-m", "drawstop", "play", str(instrument), "--headless", "--panel"]
    process = subprocess.Popen(
        [*command, "--osc", str(osc), "--oscquery", str(web)], env=server.environment, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "The panel is at" in line:
                break
        reader = threading.Thread(target=lambda: print(process.stderr.read(), end=""), daemon=True)  # type: ignore[union-attr]
        reader.start()
        yield osc, web
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reader.join(PATIENCE_S)


def panel(web: int) -> ClientConnection:
    """A panel: it listens to every value."""
    sock = connect(f"ws://127.0.0.1:{web}/", compression=None, legacy=True)
    for path in _readable(_get(web, "/")):
        sock.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
    return sock


def delays(osc: int, web: int) -> dict[str, list[float]]:
    """Seconds from the sending of a change to its arrival, in both directions, while other panels listen."""
    found: dict[str, list[float]] = {"panel to OSC by UDP": [], "OSC by UDP to panel": []}
    with ExitStack() as stack:
        for _ in range(PANELS - 1):
            threading.Thread(target=_drain, args=(stack.enter_context(panel(web)),), daemon=True).start()
        first = stack.enter_context(panel(web))
        surface = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        surface.settimeout(10)
        surface.connect(("127.0.0.1", osc))
        surface.send(write_message("/subscribe"))
        for number in range(CHANGES):
            value = (number % 200 + 1) / 256  # exact in 32 bits
            begin = time.perf_counter()
            first.send(write_message("/stop/guitar", value))
            while _read(surface.recv(4096)) != ("/stop/guitar", value):
                pass
            found["panel to OSC by UDP"].append(time.perf_counter() - begin)
            time.sleep(random.uniform(0.02, 0.05))
            begin = time.perf_counter()
            surface.send(write_message("/stop/voice", value))
            while _read(first.recv()) != ("/stop/voice", value):
                pass
            found["OSC by UDP to panel"].append(time.perf_counter() - begin)
            time.sleep(random.uniform(0.02, 0.05))
    return found


def fuzz(web: int) -> None:
    """Frames of random bytes, cut off and huge ones, commands of random text."""
    generator = random.Random(0)
    sock = connect(f"ws://127.0.0.1:{web}/", compression=None, legacy=True)
    for number in range(FRAMES):
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


def crowd(web: int) -> int:
    """Connections that send half a request and stay; the number of those that were refused."""
    socks = []
    for _ in range(CONNECTIONS):
        sock = socket.create_connection(("127.0.0.1", web), 10)
        with contextlib.suppress(OSError):
            sock.send(b"GET / HTTP/1.1\r\nHost: 127")
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


def slow_reader(osc: int, web: int) -> None:
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
        end = time.monotonic() + SLOW_READER_S
        while time.monotonic() < end:
            surface.sendto(write_message("/stop/guitar", random.random()), ("127.0.0.1", osc))
            time.sleep(0.002)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instrument", type=Path)
    with JackServer() as server, performance(server, parser.parse_args().instrument) as (osc, web):
        _wait_for_sound(web)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; lost blocks before: {lost(web):.0f}")
        for name, seconds in delays(osc, web).items():
            p50, p99 = 1000 * np.quantile(seconds, [0.5, 0.99])
            print(
                f"{name}, {PANELS} panels, {CHANGES} changes: p50 {p50:.1f} ms, p99 {p99:.1f} ms; lost: {lost(web):.0f}"
            )
        fuzz(web)
        print(f"{FRAMES} fuzzed frames; lost: {lost(web):.0f}")
        print(f"{CONNECTIONS} connections at once, refused: {crowd(web)}; lost: {lost(web):.0f}")
        slow_reader(osc, web)
        print(f"a reader that never reads, {SLOW_READER_S:.0f} s; lost: {lost(web):.0f}")


def lost(web: int) -> float:
    """The number of lost blocks, as the panel shows it; asked again while others have all connections."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return float(_get(web, "/status/lost_blocks?VALUE")["VALUE"][0])  # type: ignore[index]
        except (OSError, http.client.HTTPException, ValueError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _wait_for_sound(web: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if _get(web, "/spectrum/in?VALUE")["VALUE"]:
                return
        time.sleep(0.1)


def _get(web: int, target: str) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", web, timeout=10)
    connection.request("GET", target)
    content: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return content


def _readable(node: dict[str, object]) -> list[str]:
    text = json.dumps(node)
    return re.findall(r'"FULL_PATH": "([^"]+)", "ACCESS": [13]', text)


def _read(packet: bytes | str) -> tuple[str, float | str | None]:
    assert isinstance(packet, bytes)
    message = OscMessage(packet)
    return message.address, message.params[0] if message.params else None


def _drain(sock: ClientConnection) -> None:
    with contextlib.suppress(WebSocketException, OSError):
        for _ in sock:
            pass


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(type=kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


if __name__ == "__main__":
    main()
