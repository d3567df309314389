"""`drawstop play --measure`: the delay of the real loop, by a click.

Key idea: the click leaves the device's output, comes back through a cable into its input, and passes the engine
with the model replaced by a pass-through. Each way is the distance between two peaks, counted by the device's
own clock; the model's declared delay is added.
"""

import time
from pathlib import Path

import numpy as np
import typer

from drawstop.errors import DrawstopError
from drawstop.files import write_json
from realtime.live.supervisor import Supervisor
from realtime.processes.device_ring import read_ring
from realtime.processes.shared_arrays import SharedArrays

LISTEN_S = 0.3
"""Beyond the delay that is reported. The rings hold more than twice of this at 192 kHz."""
PATIENCE_S = 5.0
HEARD = 0.01
"""Of full scale: a click that comes back weaker than -40 dB is none."""


def measure(stage: Supervisor, report: Path | None) -> None:
    """Measure, and tell what was reported beside it.

    Raises:
        DrawstopError: the click doesn't come back.
    """
    line = stage.start_measuring()
    plan = stage.plan
    assert plan is not None
    left = _listen(line, round(plan.total + LISTEN_S * plan.device_rate))
    back = _first_peak(line, "input", left)
    if back is None:
        raise DrawstopError(
            "no click came back within .3 s: connect the sound output to the input with a cable (under JACK with "
            "jack_connect), turn the gain up, and measure again"
        )
    out = _first_peak(line, "kept", back)
    if out is None:
        raise DrawstopError("the click came in but not out of the engine; please report this")
    rows = [
        ("device, output to input", plan.device, back - left),
        ("engine", float(plan.engine), out - back),
        ("model, as declared", plan.model, plan.model),
    ]
    total = ("in all", sum(row[1] for row in rows), sum(row[2] for row in rows))
    typer.echo(f"delay, samples at {plan.device_rate} Hz: reported, measured")
    for label, told, seen in (*rows, total):
        typer.echo(f"  {label:<24} {told:8.1f}  {seen:8.1f}  {plan.milliseconds(seen):6.1f} ms")
    if report is not None:
        write_json(
            report, {label: {"reported": told, "measured": seen} for label, told, seen in (*rows, total)}
        )


def _listen(line: SharedArrays, frames: int) -> int:
    """Wait for the click and so many frames after it; gives the click's."""
    deadline = time.monotonic() + PATIENCE_S
    while line["click"][0] == 0 or line["position"][0] < line["click"][0] + frames:
        if time.monotonic() > deadline:
            raise DrawstopError("the sound device has stopped; try again")
        time.sleep(0.01)
    return int(line["click"][0])


def _first_peak(line: SharedArrays, ring: str, start: int) -> int | None:
    """The frame of the loudest sample after `start`; None if all is quiet."""
    sound = np.abs(read_ring(line, ring, start, int(line["position"][0]))).max(axis=0)
    place = int(sound.argmax())
    return start + place if sound[place] > HEARD else None
