"""Where inference should live: a thread beside Python code, or a process of its own.

    python -m bench.live.workers [--seconds 60] [--instrument X.ts]

A clock calls every 5.3 ms, as a sound device would; every second call completes a block of 512 samples. While
it plays, its Python handles 5,000 control messages a second, draws a live view ten times a second, and loads
an instrument every 5 s. A block that isn't played two calls after it was complete is lost.
"""

import argparse
import json
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from realtime.processes.child_process import (
    CONTEXT,
    PLAYER_PRIORITY,
    SWITCH_INTERVAL_S,
    freeze_garbage,
    start_child,
    take_real_time_priority,
)

PERIOD_S, CALLS_PER_BLOCK, BLOCK, SLACK_CALLS = 256 / 48000, 2, 512, 2
MESSAGES_PER_S, BURST_S, DRAW_S, LOAD_S = 5000, 0.01, 0.1, 5.0
LAYOUTS = {
    "thread, Python's default switch interval": (False, False, False),
    "thread, switch interval .2 ms": (False, False, True),
    "process; the clock beside the Python code": (True, False, True),
    "process; the clock in one of its own too": (True, True, True),
}


def main() -> None:
    """Measure each layout in turn, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.live.workers", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--instrument", type=Path, required=True)
    arguments = parser.parse_args()
    table = Table(
        "inference in a", "blocks", "lost", "played after, ms: p50, p99, max", "clock late, ms: p99, max"
    )
    for name, layout in LAYOUTS.items():
        here, there = CONTEXT.Pipe()
        child = CONTEXT.Process(
            target=run_layout, args=(layout, arguments.instrument, arguments.seconds, there)
        )
        child.start()  # no daemon: it has children of its own
        there.close()
        after, late = here.recv()
        child.join()
        lost = int((after > SLACK_CALLS * PERIOD_S).sum())
        table.add_row(
            name,
            str(len(after)),
            str(lost),
            ", ".join(f"{1000 * value:.1f}" for value in (*np.quantile(after, [0.5, 0.99]), after.max())),
            ", ".join(f"{1000 * value:.1f}" for value in (np.quantile(late, 0.99), late.max())),
        )
    Console().print(table)


def run_layout(layout: tuple[bool, bool, bool], instrument: Path, seconds: float, parent: Connection) -> None:
    """One layout, in a process: tells the seconds after which each block was played, and by which the clock was late."""
    own_process, own_clock, quick_switches = layout
    sys.setswitchinterval(SWITCH_INTERVAL_S if quick_switches else 0.005)
    blocks = int(seconds / PERIOD_S / CALLS_PER_BLOCK)
    go, ready = CONTEXT.Semaphore(0), CONTEXT.Semaphore(0)
    done_here, done_there = CONTEXT.Pipe()
    worker = ("bench.live.workers:run_worker", instrument, blocks, go, ready, done_there)
    children = []
    if own_process:
        children.append(start_child(*worker))
    else:
        threading.Thread(target=run_worker, args=worker[1:], daemon=True).start()
    ready.acquire()
    end = threading.Event()
    for load in (_messages, _drawing, _loading):
        threading.Thread(target=load, args=(end, instrument), daemon=True).start()
    clock_here, clock_there = CONTEXT.Pipe()
    if own_clock:
        children.append(start_child("bench.live.workers:run_clock", blocks, go, clock_there))
    else:
        threading.Thread(target=run_clock, args=(blocks, go, clock_there), daemon=True).start()
    complete, late = clock_here.recv()
    done = done_here.recv()
    end.set()
    for child in children:
        child.join()
    parent.send((done - complete, late))


def run_clock(blocks: int, go: Any, parent: Connection) -> None:
    """Wake the worker in time; tells when each block was complete, and how late each call was."""
    take_real_time_priority(PLAYER_PRIORITY + 10)
    complete, late = np.zeros(blocks), np.zeros(blocks * CALLS_PER_BLOCK)
    begin = time.perf_counter() + 0.1
    for call in range(blocks * CALLS_PER_BLOCK):
        due = begin + call * PERIOD_S
        time.sleep(max(0.0, due - time.perf_counter()))
        late[call] = time.perf_counter() - due
        if call % CALLS_PER_BLOCK == CALLS_PER_BLOCK - 1:
            complete[call // CALLS_PER_BLOCK] = due
            go.release()
    parent.send((complete, late))


def run_worker(instrument: Path, blocks: int, go: Any, ready: Any, parent: Connection) -> None:
    """Play blocks as they are complete; tells when each was done."""
    from realtime.engine.instrument_file import load
    from realtime.engine.instrument_player import Player

    player = Player(load(instrument))
    player.prepare(BLOCK)
    description = player.instrument.description
    sound = np.zeros((description.channels_in + len(description.stops), BLOCK), dtype=np.float32)
    sound[:] = 0.1 * np.random.default_rng(0).standard_normal(sound.shape)
    take_real_time_priority(PLAYER_PRIORITY)
    freeze_garbage()
    ready.release()
    done = np.zeros(blocks)
    for block in range(blocks):
        go.acquire()
        player.play(sound)
        done[block] = time.perf_counter()
    parent.send(done)


def _messages(end: threading.Event, _: Path) -> None:
    """Control messages: parsed, mapped, looked up."""
    values: dict[str, float] = {}
    while not end.wait(BURST_S):
        for number in range(int(MESSAGES_PER_S * BURST_S)):
            message = json.loads(json.dumps({"address": f"/stop/{number % 8}", "value": number / 100}))
            values[message["address"]] = message["value"]


def _drawing(end: threading.Event, _: Path) -> None:
    """A live view, drawn into nothing."""
    console = Console(file=open("/dev/null", "w"), force_terminal=True, width=100)  # noqa: SIM115
    while not end.wait(DRAW_S):
        table = Table("stop", "value", "level")
        for row in range(12):
            table.add_row(str(row), f"{row / 7:.2f}", "█" * row)
        console.print(table)


def _loading(end: threading.Event, instrument: Path) -> None:
    """The next instrument."""
    from realtime.engine.instrument_file import load

    while not end.wait(LOAD_S):
        load(instrument)


if __name__ == "__main__":
    main()
