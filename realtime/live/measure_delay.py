"""`drawstop play --measure`: measures the delay of the real loop with a click.

Key idea: the click leaves the device's output, comes back through a cable into its input, and passes the engine
with the model replaced by a pass-through. Each way is the distance between two peaks, counted by the device's
own clock; the model's declared delay is added. Clicks are repeated until one comes back: JACK's ports can only be connected
once they are there.
"""

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import typer

from drawstop.errors import DrawstopError
from drawstop.files import write_json
from realtime.live.supervisor import Supervisor
from realtime.processes.device_ring import DeviceRing

RECORD_S = 0.3
"""Beyond the delay that is reported. The rings hold more than twice of this at 192 kHz."""
CLICKS = 30
"""Most clicks that are tried, about ten seconds of them."""
PATIENCE_S = 5.0
THRESHOLD = 0.01
"""Share of full scale: a click that comes back weaker than -40 dB counts as none."""


def measure(supervisor: Supervisor, report: Path | None) -> None:
    """Measure the delay, and print it beside the reported one.

    Args:
        report: a JSON file for the same numbers.

    Raises:
        DrawstopError: the click doesn't come back.
    """
    ring = supervisor.start_measuring()
    latency = supervisor.latency
    assert latency is not None
    click, back = _click_and_return(ring, round(latency.total + RECORD_S * latency.device_rate))
    out = _first_peak(ring.read_taken_output(back, ring.position), back)
    if out is None:
        raise DrawstopError("the click came in but not out of the engine; please report this")
    rows = [
        ("device, output to input", latency.device, back - click),
        ("engine", float(latency.engine), out - back),
        ("model, as declared", latency.model, latency.model),
    ]
    total = ("in all", sum(row[1] for row in rows), sum(row[2] for row in rows))
    typer.echo(f"delay, samples at {latency.device_rate} Hz: reported, measured")
    for label, reported, measured in (*rows, total):
        typer.echo(
            f"  {label:<24} {reported:8.1f}  {measured:8.1f}  {latency.milliseconds(measured):6.1f} ms"
        )
    if report is not None:
        parts = {
            label: {"reported": reported, "measured": measured}
            for label, reported, measured in (*rows, total)
        }
        write_json(report, parts)


def _click_and_return(ring: DeviceRing, samples: int) -> tuple[int, int]:
    """The samples at which a click was played and came back within `samples`. Raises DrawstopError where none does."""
    for _ in range(CLICKS):
        click = _wait_for_click(ring, samples)
        back = _first_peak(ring.read_input(click, ring.position), click)
        if back is not None:
            return click, back
        ring.click_again()
    raise DrawstopError(
        f"none of {CLICKS} clicks came back: connect the sound output to the input with a cable (under JACK with "
        "jack_connect), turn the gain up, and measure again"
    )


def _wait_for_click(ring: DeviceRing, samples: int) -> int:
    """Wait for the click and `samples` more; returns the sample at which the click was played."""
    deadline = time.monotonic() + PATIENCE_S
    while ring.click == 0 or ring.position < ring.click + samples:
        if time.monotonic() > deadline:
            raise DrawstopError("the sound device has stopped; try again")
        time.sleep(0.01)
    return ring.click


def _first_peak(sound: npt.NDArray[np.float32], start: int) -> int | None:
    """The index of the loudest sample, the first being `start`; None if all is quiet. `[channels, samples]`"""
    levels = np.abs(sound).max(axis=0)
    index = int(levels.argmax())
    return start + index if levels[index] > THRESHOLD else None
