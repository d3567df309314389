"""How a training's time and memory grow with frames, features and layers: one axis at a time from one point.

    python -m bench.sae.growth [--quick] [--json docs/make/scale_growth.json] [--plot docs/make/scale_growth.svg]

Planted frames lie in a store on disk and come through a shuffle buffer, as `drawstop train --buffer-frames` reads them. Each
point is a training by `train_sites` in a process of its own, with one thread. A pass that would take long is measured for 200
steps and extrapolated. Points that the JSON has already aren't measured again. Memory is the most that the process held besides
mapped files, which the system takes back when it needs the room.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib
import torch
from matplotlib import pyplot
from rich.console import Console

from bench.sae.measure import described, in_new_process, memory_mb, planted
from drawstop.files import write_json
from training.activations.shards import Frames
from training.activations.shuffle import Rows
from training.activations.store import ActivationStore, write_store
from training.data.recordings import Recording, Split
from training.sae.config import SAEConfig
from training.sae.dataset import StoredFrames
from training.sae.train import train, train_sites

matplotlib.use("svg")

CONFIG = SAEConfig(64, 4096, 16, batch_size=128, dead_after_steps=20)
"""Dead features' loss is on nearly from the start, as it is for most of a long training."""
BUFFER_FRAMES, RECORDING_FRAMES, PLANTED_FRAMES = 8192, 1000, 100_000
WHOLE = 5 * 10**8
"""Frames x features x layers up to which a pass is measured whole."""
SKIPPED_STEPS, MEASURED_STEPS = 30, 200
_SAMPLED_S = 0.005


@dataclass(frozen=True)
class Point:
    """What is trained: so many frames once, in all layers."""

    frames: int
    features: int
    layers: int


@dataclass(frozen=True)
class Measured:
    """A point's measurements.

    Attributes:
        steps: that were measured.  pass_steps: of a pass over the frames.
        step_s, pass_s: CPU seconds; the pass's are `step_s * pass_steps` where fewer steps were measured.
        memory_mb: the peak, without mapped files.
    """

    axis: str
    point: Point
    steps: int
    pass_steps: int
    step_s: float
    pass_s: float
    memory_mb: float

    @property
    def extrapolated(self) -> bool:
        """Says whether the pass wasn't measured whole."""
        return self.steps < self.pass_steps - SKIPPED_STEPS


BASE = Point(10**6, 4096, 1)
AXES: dict[str, list[Point]] = {
    "frames": [replace(BASE, frames=count) for count in (10**5, 10**6, 10**7)],
    "features": [replace(BASE, features=count) for count in (512, 2048, 4096, 16384, 65536)],
    "layers": [replace(BASE, layers=count) for count in (1, 2, 4, 8, 16, 24)],
}
QUICK: dict[str, list[Point]] = {
    "frames": [Point(count, 512, 1) for count in (10**5, 3 * 10**5)],
    "layers": [Point(10**5, 512, count) for count in (1, 2)],
}


class Layers:
    """The first frames of a store as those of so many layers, each of which reads them for itself."""

    random_access = True
    identity = "planted"

    def __init__(self, store: ActivationStore, frames: int, layers: int) -> None:
        self.stored, self.frames = StoredFrames([store]), frames
        self.widths = {f"layers.{number}": store.width for number in range(layers)}

    def pieces(self, split: Split | None = None) -> list[range]:
        """The recordings' rows; none of them is for validation."""
        return [piece for piece in self.stored.pieces(split) if piece.stop <= self.frames]

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Copies rows into each layer's array."""
        for array in into.values():
            self.stored.read(rows, {self.stored.first.site: array})


def main() -> None:
    """Measure, print the table, and write what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.sae.growth", description="How training grows.")
    parser.add_argument("--quick", action="store_true", help="small points, fewer steps")
    parser.add_argument("--json", type=Path, help="write the measurements here; those that are there stay")
    parser.add_argument("--plot", type=Path, help="write the picture (SVG)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    measured = measure_all(QUICK if arguments.quick else AXES, arguments.json)
    if arguments.plot:
        draw(measured, arguments.plot)
    if not arguments.quick:
        require_claims(measured)
    Console(soft_wrap=True).print(table(measured))


def measure_all(axes: dict[str, list[Point]], file: Path | None) -> list[Measured]:
    """All points, the one that several axes share once, and those that the file has already not again."""
    most = max(point.frames for points in axes.values() for point in points)
    known = {each.point: each for each in (read(file) if file and file.is_file() else [])}
    measured = list[Measured]()
    with tempfile.TemporaryDirectory() as folder:
        store: Path | None = None
        for axis, points in axes.items():
            for point in points:
                if point not in known:
                    store = store or written(Path(folder) / "store", most)
                    known[point] = measure(store, axis, point)
                measured.append(replace(known[point], axis=axis))
                Console(stderr=True, soft_wrap=True).print(_row(measured[-1]))
                if file:
                    write_json(
                        file,
                        as_json(measured + [known[each] for each in known if each not in _points(measured)]),
                    )
    return measured


def _points(measured: list[Measured]) -> set[Point]:
    return {each.point for each in measured}


def written(folder: Path, frames: int) -> Path:
    """A store of planted frames, the same ones again and again."""

    def items() -> Iterator[tuple[Recording, Frames]]:
        block = planted(CONFIG, PLANTED_FRAMES).numpy()
        for first in range(0, frames, RECORDING_FRAMES):
            recording = Recording(Path(f"{first}.wav"), "", f"{first:064d}", "train")
            start = first % PLANTED_FRAMES
            yield recording, block[start : start + RECORDING_FRAMES]

    write_store(folder, "planted", "planted", items())
    return folder


def measure(store: Path, axis: str, point: Point) -> Measured:
    """A training, whole or its first steps."""
    pass_steps = max(1, point.frames // CONFIG.batch_size)
    whole = point.frames * point.features * point.layers <= WHOLE
    steps = pass_steps if whole else min(pass_steps, SKIPPED_STEPS + MEASURED_STEPS)
    config = replace(CONFIG, n_features=point.features, steps=steps)
    step_s, memory = in_new_process(_trained, store, point, config)
    return Measured(axis, point, steps - SKIPPED_STEPS, pass_steps, step_s, step_s * pass_steps, memory)


def _trained(store: Path, point: Point, config: SAEConfig) -> tuple[float, float]:
    """CPU seconds of a step, reading included, after some that aren't counted; and the memory's peak."""
    torch.set_num_threads(1)
    # once before: what the libraries hold from their first training on isn't counted
    train(torch.randn(100, 4), SAEConfig(4, 8, 2, steps=3, batch_size=10))
    source = Layers(ActivationStore.open(store, verify=False), point.frames, point.layers)
    times = []
    with peak_memory() as peak:
        train_sites(
            source,
            config,
            buffer_frames=BUFFER_FRAMES,
            progress=lambda step, loss: times.append(time.process_time()),
        )
    return (times[-1] - times[SKIPPED_STEPS - 1]) / (len(times) - SKIPPED_STEPS), peak[0]


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """The most MB that this process holds meanwhile beyond what it held before, mapped files left out; looked at often."""
    ended, before = threading.Event(), memory_mb("RssAnon")
    peak = [0.0]

    def watch() -> None:
        while not ended.wait(_SAMPLED_S):
            peak[0] = max(peak[0], memory_mb("RssAnon") - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def table(measured: list[Measured]) -> str:
    """The measurements as a table in Markdown."""
    head = "| axis | frames | features | layers | s a step | s a pass | memory, MB | steps measured |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *map(_row, measured)])


def _row(each: Measured) -> str:
    point = each.point
    taken = f"{each.pass_s:.0f}, extrapolated" if each.extrapolated else f"{each.pass_s:.0f}"
    cells = [
        each.axis,
        f"{point.frames:,}",
        f"{point.features:,}",
        str(point.layers),
        f"{each.step_s:.3f}",
        taken,
        f"{each.memory_mb:.0f}",
        str(each.steps),
    ]
    return f"| {' | '.join(cells)} |"


ALLOCATORS_SHARE = 0.01
"""Share of the frames' bytes that two measurements of the same training may differ by."""


def require_claims(measured: list[Measured]) -> None:
    """Raises ValueError where docs/make/scale.md would say more than was measured: few points or steps, or growing memory."""
    points = [(each.axis, each.point) for each in measured]
    if points != [(axis, point) for axis, of_axis in AXES.items() for point in of_axis]:
        raise ValueError(f"expected every point of {', '.join(AXES)}, got {len(points)}: measure the others")
    few = [each for each in measured if each.steps < MEASURED_STEPS]
    if few:
        raise ValueError(f"{few[0].axis}: expected {MEASURED_STEPS} steps, got {few[0].steps}: measure again")
    frames = [each for each in measured if each.axis == "frames"]
    held = [each.memory_mb for each in frames]
    largest_mb = max(each.point.frames for each in frames) * CONFIG.d_in * 4 / 1e6
    if max(held) - min(held) >= ALLOCATORS_SHARE * largest_mb:
        raise ValueError(f"the memory grows with the frames, from {min(held):.0f} to {max(held):.0f} MB")


def as_json(measured: list[Measured]) -> dict[str, Any]:
    """The measurements, and what was trained."""
    return {
        "training": described(CONFIG),
        "buffer_frames": BUFFER_FRAMES,
        "points": [asdict(each) for each in measured],
    }


def read(path: Path) -> list[Measured]:
    """Figures that were written by `--json`."""
    points = json.loads(path.read_text("utf-8"))["points"]
    return [Measured(**{**each, "point": Point(**each["point"])}) for each in points]


_GREY, _TIME, _MEMORY = "#808080", "#e07020", "#3090d0"  # each stands out on white and on black

_TICKS_MB = (50, 100, 200, 400)

_STYLE = {
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "drawstop",
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _GREY),
}


def draw(measured: list[Measured], path: Path) -> None:
    """Writes the SVG; hollow points are extrapolated."""
    axes = list(dict.fromkeys(each.axis for each in measured))
    with pyplot.rc_context(_STYLE):
        figure, panels = pyplot.subplots(2, len(axes), figsize=(9, 4.6), sharey="row", sharex="col")
        for column, axis in enumerate(axes):
            points = [each for each in measured if each.axis == axis]
            along = [getattr(each.point, axis) for each in points]
            _curve(panels[0][column], along, [each.pass_s for each in points], points, _TIME)
            _curve(panels[1][column], along, [each.memory_mb for each in points], points, _MEMORY)
            panels[1][column].set_xlabel(axis)
            panels[1][column].set_xticks(along, [f"{count:,}" for count in along], rotation=30)
            panels[1][column].minorticks_off()
        panels[0][0].set_ylabel("CPU s for one pass\n(hollow: extrapolated)")
        panels[1][0].set_ylabel("memory, MB")
        panels[1][0].set_yticks(_TICKS_MB, map(str, _TICKS_MB))
        panels[1][0].minorticks_off()
        figure.tight_layout()
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
        pyplot.close(figure)


def _curve(
    panel: pyplot.Axes, along: list[int], values: list[float], points: list[Measured], colour: str
) -> None:
    panel.loglog(along, values, color=colour, linewidth=1)
    for x, y, each in zip(along, values, points, strict=True):
        hollow = each.extrapolated and colour == _TIME
        panel.plot(x, y, "o", color=colour, markerfacecolor="none" if hollow else colour)
    panel.grid(color=_GREY, alpha=0.25, linewidth=0.5)


if __name__ == "__main__":
    main()
