"""The clicks that measure the delay: the real callback and ring, with a cable that is plugged in late or never."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from realtime.live import measure_delay
from realtime.live.measure_delay import CLICKS, _click_and_return
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_process import Callback
from realtime.processes.device_ring import MEASURING, DeviceRing

RATE, PERIOD = 44100, 256
WAITED = 2000
"""Samples after each click in which it may come back."""


def plug_in_after(missed: int, ring: DeviceRing) -> Callable[[float], None]:
    """Stands for waiting: the device takes its next period, and what it plays comes in with the one after it, once so many clicks
    were missed."""
    callback = Callback(ring, RATE, CONTEXT.Semaphore(0))
    ring.phase = MEASURING
    clicks, coming = 0, np.zeros((PERIOD, 1), dtype=np.float32)

    def next_period(seconds: float) -> None:
        nonlocal clicks, coming
        played = np.zeros_like(coming)
        callback(coming, played, PERIOD, None, None)
        clicks += int(played.any())
        coming = played if clicks > missed else np.zeros_like(played)

    return next_period


@pytest.mark.parametrize("missed", [0, 1, CLICKS - 1])
def test_the_first_click_that_comes_back_counts(
    ring: DeviceRing, monkeypatch: pytest.MonkeyPatch, missed: int
) -> None:
    waiting = SimpleNamespace(sleep=plug_in_after(missed, ring), monotonic=time.monotonic)
    monkeypatch.setattr(measure_delay, "time", waiting)
    click, back = _click_and_return(ring, WAITED)
    assert back - click == PERIOD


def test_without_a_cable_what_to_do_is_said(ring: DeviceRing, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = SimpleNamespace(sleep=plug_in_after(CLICKS, ring), monotonic=time.monotonic)
    monkeypatch.setattr(measure_delay, "time", waiting)
    with pytest.raises(DrawstopError, match=f"none of {CLICKS} clicks came back: connect the sound output"):
        _click_and_return(ring, WAITED)
