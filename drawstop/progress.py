"""Progress on stderr for a person who watches; silence for a pipe or a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from drawstop.units import hours

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""A function to call with the name of the work, the steps done and the number of steps; 0 where that isn't known."""

Plan = Sequence[tuple[str, float]]
"""The steps of a whole command in their order: the names that its progress is reported by, and each one's share of the time."""

SURE_FROM = 0.02
"""Share of the whole that must be done before what is left is guessed from it."""


class Overall:
    """Where a whole command stands, by what its steps report.

    Args:
        plan: its steps. Of a single one, what it counts are the steps.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = list(plan)
        self._whole = sum(share for _, share in plan)
        self._share = 0.0
        self._began: tuple[float, float] | None = None
        self.text = ""

    def report(self, what: str, done: int, total: int, now_s: float) -> float:
        """The share of the whole that is done, 0 to 1, which never falls; `text` says the same in words."""
        names = [name for name, _ in self.plan]
        if what not in names or not total:
            return self._share
        index = names.index(what)
        before = sum(share for _, share in self.plan[:index])
        share = (before + self.plan[index][1] * min(1.0, done / total)) / self._whole
        self._share = max(self._share, share)
        self._began = self._began or (now_s, self._share)
        step, steps = (index + 1, len(names)) if len(names) > 1 else (min(done + 1, total), total)
        self.text = f"step {step} of {steps}{self._left(now_s)}"
        return self._share

    def _left(self, now_s: float) -> str:
        """How long the rest will take, as the part since the first report did: steps that were stored don't count."""
        assert self._began is not None
        began_s, from_share = self._began
        gone = self._share - from_share
        if gone < SURE_FROM or self._share >= 1:
            return ""
        return f", about {hours((now_s - began_s) * (1 - self._share) / gone / 3600)} left"


def track(iterable: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Give the items of `iterable`, drawing a progress bar on stderr when it is a terminal.

    Args:
        iterable: what to go through.
        description: a few words for the bar.
        total: the number of items, where `len(iterable)` doesn't tell.
    """
    if not sys.stderr.isatty():
        yield from iterable
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(iterable, description, total=total, console=Console(stderr=True))


@contextmanager
def steps_bar(plan: Plan = ()) -> Iterator[Progress]:
    """Give a `Progress` that draws a bar for each name on stderr when it is a terminal; with a plan, one for the whole first."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        SpinnerColumn,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars

    tasks: dict[str, TaskID] = {}
    overall = Overall(plan)
    text = TextColumn("{task.description}", markup=False)  # a stop's name may hold [brackets]
    columns = (SpinnerColumn(), text, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        whole = bars.add_task("beginning", total=1.0) if plan else None

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks or (bars.tasks[tasks[what]].finished and done == 1):
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)
            if whole is not None:
                bars.update(whole, completed=overall.report(what, done, total, time.monotonic()))
                bars.update(whole, description=overall.text or "beginning")

        yield report


def step_report(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """A function that reports steps done and the number of steps under one name; None without a `progress`."""
    return (lambda done, total: progress(what, done, total)) if progress else None
