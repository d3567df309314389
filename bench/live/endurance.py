"""A long performance on a loaded machine: does the sound ever stop?

    python -m bench.live.endurance [--minutes 60] [--instrument X.ts] [--json FILE]

A real JACK server, the other core loaded by stress-ng, 5,000 control messages a second, a scene every 100 ms, a
swap every 30 s, the server stopped and started every 5 minutes. Blocks are counted by their sequence numbers.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.live.jack import PERIOD, RATE, Server, demo_instrument, other_cores_busy, resident_megabytes
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.control_event import ControlEvent
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.device_ring import quantile

MESSAGES_PER_S, BURST_S = 5000, 0.01
SCENE_S, SWAP_S, OUTAGE_S, OUTAGE_LASTS_S = 0.1, 30.0, 300.0, 3.0
TICK_S = 0.1
SETTLED_S = 45.0
"""Memory is compared from here on: after the first swap."""


def main() -> None:
    """Run, and print what was counted."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.live.endurance", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--instrument", type=Path, help="a baked one; the demo's by default")
    parser.add_argument("--outage", type=float, default=OUTAGE_S, help="seconds from one outage to the next")
    parser.add_argument("--swap", type=float, default=SWAP_S, help="seconds from one swap to the next")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instrument = arguments.instrument or demo_instrument(Path(folder))
        with other_cores_busy(), Server() as server:
            figures = endure(instrument, 60 * arguments.minutes, arguments.outage, arguments.swap, server)
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(int(figures["lost_blocks"] > 0))


class Load:
    """Control messages and scenes, from threads of the stage's own process, as controllers would send them."""

    def __init__(self, stage: Supervisor) -> None:
        self._stage = stage
        self._end = threading.Event()
        self.sent = 0
        self._random = np.random.default_rng(0)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._messages, self._scenes)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop sending."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _messages(self) -> None:
        begin = time.monotonic()
        while not self._end.wait(BURST_S):
            due = int((time.monotonic() - begin) * MESSAGES_PER_S) - self.sent
            description = self._stage.description
            for _ in range(due):
                self._stage.schedule([self._event(description, "knob")])
            self.sent += due

    def _scenes(self) -> None:
        while not self._end.wait(SCENE_S):
            description = self._stage.description
            events = [
                ControlEvent(self._stage.now(), stop.slug, float(self._random.uniform(-1, 1)), "scene")
                for stop in description.stops
            ]
            self._stage.schedule(events)

    def _event(self, description: InstrumentDescription, source: str) -> ControlEvent:
        stop = description.stops[int(self._random.integers(len(description.stops)))]
        return ControlEvent(self._stage.now(), stop.slug, float(self._random.uniform(-1, 1)), source)


def endure(
    instrument: Path, seconds: float, outage_s: float, swap_s: float, server: Server
) -> dict[str, Any]:
    """Play for so long; the counts."""
    stage = Supervisor(LiveRequest(instrument))
    stage.load()
    plan = stage.open()
    stage.start()
    load = Load(stage)
    begin = time.monotonic()
    next_swap, next_outage, back_at = begin + swap_s, begin + outage_s, 0.0
    outages, lines = 0, LineCounts()
    memory = Memory()
    report = stage.report()
    while time.monotonic() - begin < seconds:
        time.sleep(TICK_S)
        now = time.monotonic()
        lines.look(stage)
        stage.watch()
        before, report = report.lost_blocks, stage.report()
        if report.lost_blocks > before:
            print(
                f"{now - begin:7.1f} s  lost {report.lost_blocks}, {report.lost_samples} samples", flush=True
            )
        memory.look(stage, settled=now - begin >= SETTLED_S)
        if stage.notes:
            print(f"{now - begin:7.1f} s  lost {report.lost_blocks}  {stage.notes.pop(0)}", flush=True)
        if now >= next_swap and stage.line is not None:
            next_swap += swap_s
            stage.swap(instrument)
        if now >= next_outage:
            next_outage, back_at = next_outage + outage_s, now + OUTAGE_LASTS_S
            outages += 1
            server.stop()
        if back_at and now >= back_at:
            back_at = 0.0
            server.start()
    load.end()
    report = stage.report()
    swaps, losses = stage.swaps, stage.device_losses
    lines.look(stage)
    stage.close()
    return {
        "minutes": seconds / 60,
        "block": plan.block,
        "engine_delay_samples": plan.engine,
        "blocks": report.sample // plan.block,
        "lost_blocks": report.lost_blocks,
        "lost_samples": report.lost_samples,
        "skipped_blocks": report.skipped_blocks,
        "closest_call_samples": report.least_lead,
        "messages": load.sent,
        "events_applied": report.events,
        "events_refused": report.refused_events,
        "swaps": swaps,
        "outages": outages,
        "device_losses": losses,
        "memory_MB": memory.figures(),
        **lines.figures(),
    }


class Memory:
    """Resident memory in MB of this process and of the conductor: those that live as long as the performance.

    It keeps two looks and no more: a list of them would be what grows.
    """

    def __init__(self) -> None:
        self._first: list[float] | None = None
        self._last: list[float] = []
        self._settled = False

    def look(self, stage: Supervisor, settled: bool) -> None:
        """Look now; the first look and then the first settled one are what later ones are compared with."""
        self._last = [resident_megabytes(pid) for pid in (os.getpid(), stage.conductor.pid)]
        if self._first is None or (settled and not self._settled):
            self._first, self._settled = self._last, settled

    def figures(self) -> dict[str, dict[str, float]]:
        """At the start and at the end."""
        both = zip(("stage_and_load", "conductor"), self._first or [], self._last, strict=False)
        return {name: {"start": round(start, 2), "end": round(end, 2)} for name, start, end in both}


class LineCounts:
    """The callback's counts, added up over all lines."""

    def __init__(self) -> None:
        self._done: dict[str, Any] = {"durations": 0, "intervals": 0}
        self._name = ""
        self._last: dict[str, Any] = {}
        self._unplayed = self._callbacks = 0
        self._longest = np.zeros(2)

    def look(self, stage: Supervisor) -> None:
        """Take over the line's counts; a new line's are added to the old one's."""
        line = stage.line
        if line is None:
            return
        name = line.descriptor[1]
        if name != self._name:
            self._add()
            self._name = name
        fields = ("durations", "intervals", "longest", "lost", "callbacks")
        self._last = {field: np.array(line[field]) for field in fields}

    def _add(self) -> None:
        if not self._last:
            return
        for field in ("durations", "intervals"):
            self._done[field] = self._done[field] + self._last[field]
        self._unplayed += int(self._last["lost"][0])
        self._callbacks += int(self._last["callbacks"][0])
        self._longest = np.maximum(self._longest, self._last["longest"])
        self._last = {}

    def figures(self) -> dict[str, Any]:
        """Callback durations as shares of the period."""
        self._add()
        period = PERIOD / RATE
        shares = {f"p{100 * s:g}": quantile(self._done["durations"], s) / period for s in (0.5, 0.99, 0.9999)}
        return {
            "callbacks": self._callbacks,
            "unplayed_samples": self._unplayed,
            "callback_share_of_period": shares | {"max": float(self._longest[0]) / period},
            "callback_interval_s": {
                f"p{100 * s:g}": quantile(self._done["intervals"], s) for s in (0.5, 0.99, 0.9999)
            }
            | {"max": float(self._longest[1])},
        }


if __name__ == "__main__":
    main()
