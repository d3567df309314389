"""Plays for long on a loaded machine, and counts lost blocks: does the sound ever stop?

    python -m bench.live.endurance [--minutes 60] [--instrument X.ts] [--json FILE]

A real JACK server, the other core loaded by stress-ng, 5,000 control messages a second, a scene every 100 ms, a
swap every 30 s, the server stopped and started every 5 minutes. Blocks are counted by their sequence numbers.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.live.jack import PERIOD, RATE, JackServer
from bench.live.preparation import example_instrument, other_cores_busy, resident_megabytes
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.control_event import ControlEvent
from realtime.live.latency import read_latency
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.device_ring import RingCounters
from realtime.processes.duration_histogram import quantile

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
    parser.add_argument("--latency", default="safe")
    parser.add_argument("--block", type=int, help="of the instrument; by trial if not given")
    parser.add_argument("--rate", type=int, default=RATE, help="of the device, Hz")
    parser.add_argument("--period", type=int, default=PERIOD, help="of the device, samples")
    parser.add_argument("--quiet", action="store_true", help="leave the other cores alone")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instrument = arguments.instrument or example_instrument(Path(folder))
        request = LiveRequest(instrument, block=arguments.block, latency=read_latency(arguments.latency))
        with contextlib.ExitStack() as beside:
            if not arguments.quiet:
                beside.enter_context(other_cores_busy())
            server = beside.enter_context(JackServer(arguments.rate, arguments.period).use_here())
            metrics = endure(request, 60 * arguments.minutes, arguments.outage, arguments.swap, server)
    print(json.dumps(metrics, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(metrics, indent=1) + "\n")
    sys.exit(int(metrics["lost_blocks"] > 0))


class Load:
    """Control messages and scenes, from threads of the supervisor's own process, as controllers would send them."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
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
            description = self._supervisor.description
            for _ in range(due):
                self._supervisor.schedule([self._event(description, "knob")])
            self.sent += due

    def _scenes(self) -> None:
        while not self._end.wait(SCENE_S):
            description = self._supervisor.description
            events = [
                ControlEvent(self._supervisor.now(), stop.slug, float(self._random.uniform(-1, 1)), "scene")
                for stop in description.stops
            ]
            self._supervisor.schedule(events)

    def _event(self, description: InstrumentDescription, source: str) -> ControlEvent:
        stop = description.stops[int(self._random.integers(len(description.stops)))]
        return ControlEvent(self._supervisor.now(), stop.slug, float(self._random.uniform(-1, 1)), source)


def endure(
    request: LiveRequest, seconds: float, outage_s: float, swap_s: float, server: JackServer
) -> dict[str, Any]:
    """Play for so long; returns the counts."""
    supervisor = Supervisor(request)
    supervisor.load()
    latency = supervisor.open()
    supervisor.start()
    load = Load(supervisor)
    begin = time.monotonic()
    next_swap, next_outage, back_at = begin + swap_s, begin + outage_s, 0.0
    outages, callbacks = 0, CallbackCounts()
    memory = Memory()
    report = supervisor.report()
    while time.monotonic() - begin < seconds:
        time.sleep(TICK_S)
        now = time.monotonic()
        callbacks.look(supervisor)
        supervisor.watch()
        before, report = report.lost_blocks, supervisor.report()
        if report.lost_blocks > before:
            print(
                f"{now - begin:7.1f} s  lost {report.lost_blocks}, {report.lost_samples} samples", flush=True
            )
        memory.look(supervisor, settled=now - begin >= SETTLED_S)
        if supervisor.notes:
            print(f"{now - begin:7.1f} s  lost {report.lost_blocks}  {supervisor.notes.pop(0)}", flush=True)
        if now >= next_swap and supervisor.ring is not None:
            next_swap += swap_s
            supervisor.swap(request.instrument)
        if now >= next_outage:
            next_outage, back_at = next_outage + outage_s, now + OUTAGE_LASTS_S
            outages += 1
            server.stop()
        if back_at and now >= back_at:
            back_at = 0.0
            server.start()
    load.end()
    report = supervisor.report()
    swaps, losses = supervisor.swaps, supervisor.device_losses
    callbacks.look(supervisor)
    supervisor.close()
    return {
        "minutes": seconds / 60,
        "block": latency.block,
        "engine_delay_samples": latency.engine,
        "delay_ms": round(latency.milliseconds(latency.total), 1),
        "blocks": report.sample // latency.block,
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
        "memory_MB": memory.metrics(),
        **callbacks.metrics(latency.host_block / latency.device_rate),
    }


class Memory:
    """Resident memory in MB of this process and of the audio process: those that live as long as the performance.

    It stores two looks and no more: a list of looks would itself grow.
    """

    def __init__(self) -> None:
        self._first: list[float] | None = None
        self._last: list[float] = []
        self._settled = False

    def look(self, supervisor: Supervisor, settled: bool) -> None:
        """Look now; the first look and then the first settled one are what later ones are compared with."""
        self._last = [resident_megabytes(pid) for pid in (os.getpid(), supervisor.audio.pid)]
        if self._first is None or (settled and not self._settled):
            self._first, self._settled = self._last, settled

    def metrics(self) -> dict[str, dict[str, float]]:
        """Memory of each process at the start and at the end."""
        both = zip(("command_and_load", "audio_process"), self._first or [], self._last, strict=False)
        return {name: {"start": round(start, 2), "end": round(end, 2)} for name, start, end in both}


class CallbackCounts:
    """The callback's counters, added up over all devices that were open."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {"durations": 0, "intervals": 0}
        self._ring = ""
        self._last: RingCounters | None = None
        self._unplayed = self._callbacks = 0
        self._longest_s = (0.0, 0.0)

    def look(self, supervisor: Supervisor) -> None:
        """Read the counters now; a new device's are added to those of the devices before."""
        ring = supervisor.ring
        if ring is None:
            return
        name = ring.descriptor[1]
        if name != self._ring:
            self._add()
            self._ring = name
        self._last = ring.counters()

    def _add(self) -> None:
        last, self._last = self._last, None
        if last is None:
            return
        self._before["durations"] = self._before["durations"] + last.durations
        self._before["intervals"] = self._before["intervals"] + last.intervals
        self._unplayed += last.unplayed_samples
        self._callbacks += last.callbacks
        duration_s, interval_s = self._longest_s
        self._longest_s = (max(duration_s, last.longest_duration_s), max(interval_s, last.longest_interval_s))

    def metrics(self, period: float) -> dict[str, Any]:
        """Callbacks, their durations as shares of the period (in seconds), and their intervals in seconds."""
        self._add()
        durations, intervals = self._before["durations"], self._before["intervals"]
        shares = {f"p{100 * s:g}": quantile(durations, s) / period for s in (0.5, 0.99, 0.9999)}
        return {
            "callbacks": self._callbacks,
            "unplayed_samples": self._unplayed,
            "callback_share_of_period": shares | {"max": self._longest_s[0] / period},
            "callback_interval_s": {f"p{100 * s:g}": quantile(intervals, s) for s in (0.5, 0.99, 0.9999)}
            | {"max": self._longest_s[1]},
        }


if __name__ == "__main__":
    main()
