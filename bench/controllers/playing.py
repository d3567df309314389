"""A live performance with its controllers in this process, as `drawstop play` runs them."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from realtime.inputs.live_controllers import ControllerOptions, LiveControllers
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.messages import Report

TICK_S = 0.1
PATIENCE_S = 20.0
LOOK_S = 0.02
AROUND_S = 0.5


class Playing:
    """Sounds from entering the context to leaving it.

    Args:
        request: the instrument and the sound device.
        options: the controllers; with OSC, port 0 takes any two free ones.
        take: a folder to record into.

    Attributes:
        notes: the lines that a user would see.
        report: the last one; after the end, the end's.
    """

    def __init__(self, request: LiveRequest, options: ControllerOptions, take: Path | None = None) -> None:
        self._options, self._take = options, take
        self.supervisor = Supervisor(request)
        self.notes: list[str] = []
        self.report = Report()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="tick", daemon=True)
        self._open = ExitStack()

    def __enter__(self) -> "Playing":
        try:
            self.supervisor.load()
            self.latency = self.supervisor.open()
            self.live_controllers = LiveControllers(self.supervisor, self._options)
            self.supervisor.start(session=self._take)
            self._open.enter_context(self.live_controllers)
        except BaseException:
            self.supervisor.close()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._open.close()
        self.report = self.supervisor.close()

    def wait_for_note(self, text: str) -> None:
        """Wait until a note has this in it."""
        self.wait_for(lambda: any(text in note for note in self.notes), f"{text!r}")

    def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until a function says yes."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {PATIENCE_S:g} s in vain for {what}; notes: {self.notes}")
            time.sleep(0.01)

    def _tick(self) -> None:
        while not self._ended.wait(TICK_S):
            self.supervisor.watch()
            self.report = self.supervisor.report()
            while self.supervisor.notes:
                self.notes.append(self.supervisor.notes.pop(0))
            self.live_controllers.tick()
            self.live_controllers.meters({"in": -120.0, "out": -120.0}, {})


class Clock:
    """The input sample that sounded at a moment, from all of the device's callbacks within a second.

    A single callback comes early or late; the median of a second's doesn't. Runs from entering the context on.
    """

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._looks: list[tuple[float, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def __enter__(self) -> "Clock":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._start = self._playing.report.device_start

    def samples(self, moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The instrument's input samples at these moments of `time.monotonic`. `[n]` -> `[n]`"""
        moments_seen, origins = np.array(self._looks).T
        first = np.searchsorted(moments_seen, moments - AROUND_S)
        last = np.searchsorted(moments_seen, moments + AROUND_S)
        origin = np.array([np.median(origins[a:b]) for a, b in zip(first, last, strict=True)])
        samples: npt.NDArray[np.float64] = self._start + (moments - origin) * self._playing.latency.rate
        return samples

    def jitter_ms(self) -> list[float]:
        """The distances of single callbacks from the median, in milliseconds."""
        _, origins = np.array(self._looks).T
        return [float(each) for each in 1000.0 * np.abs(origins - np.median(origins))]

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            ring = self._playing.supervisor.ring
            if ring is None:
                continue
            if ring.position and ring.called_s:
                self._looks.append((time.monotonic(), ring.origin_s))
