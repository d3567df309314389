"""How fast a change reaches the other clients of a performance with the panel, for how long, and what those who mean
harm do to the sound.

`uv run python -m bench.live.panel organ.ts --minutes 10` plays under JACK's dummy driver, with panels connected. Needs
jackd, and stress-ng, which loads the other core. `--browser` plays with a real Chromium on the page instead.
"""

import argparse
import json
import os
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from bench.live.jack import JackServer
from bench.live.panel_clients import (
    Playing,
    crowd,
    fuzz,
    listeners,
    message_of,
    panel,
    slow_reader,
    strangers,
)
from bench.live.preparation import other_cores_busy, resident_megabytes
from bench.live.stalls import Stalls, memory_stalls, real_time_processes
from realtime.controllers.osc.packets import write_message
from realtime.processes.child_process import PLAYER_PRIORITY

PANELS = 10
FRAMES, CONNECTIONS, STRANGERS = 100_000, 1000, 1000
SLOW_READER_S = 20.0
PAUSES_S = (0.02, 0.05)
LOOK_S = 1.0
ARROWS = ("ArrowUp", "ArrowDown", "PageUp", "PageDown")


class Watch:
    """Looks at lost blocks and memory while something else goes on.

    Args:
        playing: the performance.
        begin: the moment from which times count.
    """

    def __init__(self, playing: Playing, begin: float) -> None:
        self._playing, self._begin, self._next = playing, begin, begin
        self._lost, self._real_time = playing.lost(), len(real_time_processes())
        self._stalls = memory_stalls()
        self.memory: list[tuple[float, float]] = []

    def look(self) -> None:
        """Once a second: print lost blocks when they come, note the memory."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_S
        self.memory.append((now - self._begin, resident_megabytes(self._playing.pid)))
        lost = self._playing.lost()
        if lost > self._lost:
            others = len(real_time_processes()) - self._real_time
            now_stalls = memory_stalls()
            stalls = {
                name: n - self._stalls[name] for name, n in now_stalls.items() if n > self._stalls[name]
            }
            print(
                f"  {now - self._begin:.1f} s: {lost - self._lost} blocks lost, load {os.getloadavg()[0]:.1f}, "
                f"{others:+d} processes of real-time priority; meanwhile on this machine: {stalls}",
                flush=True,
            )
        self._stalls = memory_stalls()
        self._lost = lost

    def memory_words(self) -> str:
        """The memory of the command's process at the beginning, in the middle, at the end."""
        at = [self.memory[round(share * (len(self.memory) - 1))] for share in (0, 0.1, 0.25, 0.5, 0.75, 1)]
        return ", ".join(f"{megabytes:.1f} MB at {moment:.0f} s" for moment, megabytes in at)


def play_together(playing: Playing, seconds: float, watch: Watch) -> dict[str, list[float]]:
    """Seconds from the sending of a change to its arrival at another client, while all panels listen."""
    found: dict[str, list[float]] = {
        "a panel to another panel": [], "a panel to OSC by UDP": [], "OSC by UDP to a panel": [],
    }  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(listeners(playing.web, PANELS - 2))
        first, second = (stack.enter_context(panel(playing.web)) for _ in range(2))
        surface = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        surface.settimeout(10)
        surface.connect(("127.0.0.1", playing.osc))
        surface.send(write_message("/subscribe"))
        routes: list[tuple[str, str, Callable[[bytes], Any], Callable[[], bytes | str]]] = [
            ("a panel to another panel", "/stop/guitar", first.send, second.recv),
            ("a panel to OSC by UDP", "/stop/voice", second.send, lambda: surface.recv(4096)),
            ("OSC by UDP to a panel", "/wet", surface.send, first.recv),
        ]
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            value = (number % 250 + 1) / -256 if number % 2 else 0.0
            for name, address, send, receive in routes:
                wanted = abs(value) if address == "/wet" else value
                begin = time.perf_counter()
                send(write_message(address, wanted))
                while message_of(receive()) != (address, wanted):
                    pass
                found[name].append(time.perf_counter() - begin)
                watch.look()
                time.sleep(random.uniform(*PAUSES_S))
            number += 1
    return found


def play_in_browser(playing: Playing, seconds: float, watch: Watch) -> int:
    """A real Chromium that shows the page, and turns its knobs by keys; the number of keys."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{playing.web}/panel/")
        knobs = page.locator("#stops stop-knob")
        knobs.first.wait_for()
        end, keys = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            knobs.nth(keys % knobs.count()).press(random.choice(ARROWS))
            watch.look()
            time.sleep(random.uniform(*PAUSES_S))
            keys += 1
        browser.close()
    return keys


@contextmanager
def performed(instrument: Path) -> Iterator[tuple[Playing, Watch]]:
    """A performance that sounds; at its end a line tells how regularly the device called, and who held it up."""
    machine, neighbours = Stalls(), Stalls(PLAYER_PRIORITY)
    with JackServer() as server, tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        playing = Playing(server, instrument, report)
        try:
            playing.wait_for_sound()
            with machine, neighbours:
                print(
                    f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, niceness {os.nice(0)}",
                    flush=True,
                )
                yield playing, Watch(playing, time.monotonic())
        finally:
            playing.end()
        numbers = json.loads(report.read_text())
    intervals = numbers["callback_intervals_s"]
    print(
        f"In all: lost blocks {numbers['lost_blocks']}, the closest one {numbers['closest_call_ms']:.1f} ms before its time; "
        f"callbacks {numbers['callbacks']}, p99.99 of their distance {1000 * intervals['p99.99']:.1f} ms, "
        f"longest {1000 * intervals['max']:.1f} ms; longest block {1000 * numbers['longest_block_s']:.1f} ms"
    )
    for stalls in (machine, neighbours):
        print(stalls)
        for at, late in stalls.late:
            print(f"  {at:.1f} s: held up for {1000 * late:.0f} ms")
    for line in playing.said:
        if "refused" in line or "came" in line or "sent" in line or "lost" in line:
            print("  the player printed:", line.rstrip())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instrument", type=Path)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long ten clients play")
    parser.add_argument("--browser", action="store_true", help="with a real Chromium, and nothing else")
    parser.add_argument("--hostile", action="store_true", help="with those who mean harm, and nothing else")
    parser.add_argument("--quiet", action="store_true", help="leave the other core alone")
    options = parser.parse_args()
    with (
        nullcontext() if options.quiet else other_cores_busy(),
        performed(options.instrument) as (playing, watch),
    ):
        if options.browser:
            keys = play_in_browser(playing, 60 * options.minutes, watch)
            print(f"Chromium, {options.minutes:g} min, {keys} keys; lost: {playing.lost()}")
        elif options.hostile:
            hostile(playing)
        else:
            found = play_together(playing, 60 * options.minutes, watch)
            for name, seconds in found.items():
                p50, p99, most = 1000 * np.quantile(seconds, [0.5, 0.99, 1.0])
                print(
                    f"{name}: {len(seconds)} changes, p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms"
                )
            print(
                f"{PANELS} panels, {options.minutes:g} min; lost: {playing.lost()}; memory {watch.memory_words()}"
            )


def hostile(playing: Playing) -> None:
    """What those who mean harm do; a line each."""
    watch = Watch(playing, time.monotonic())

    def report(text: str) -> None:
        print(f"{text}; lost: {playing.lost()}, memory {resident_megabytes(playing.pid):.1f} MB", flush=True)

    report("before")
    fuzz(playing.web, FRAMES)
    report(f"{FRAMES} fuzzed frames")
    report(f"{CONNECTIONS} connections at once, refused: {crowd(playing.web, CONNECTIONS)}")
    report(f"{STRANGERS} requests of another site's page, refused: {strangers(playing.web, STRANGERS)}")
    slow_reader(playing.osc, playing.web, SLOW_READER_S)
    report(f"a reader that never reads, {SLOW_READER_S:.0f} s")
    watch.look()


if __name__ == "__main__":
    main()
