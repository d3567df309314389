"""Progress on stderr for a person who watches; silence for a pipe or a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from drawstop.units import hours

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import Task, TaskID

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""A function to call with the name of the work, the steps done and the number of steps; 0 where that isn't known."""
StepReport = Callable[[int, int], None]
"""A function to call with the steps done and the number of steps."""

Step = Sequence[tuple[str, float]]
"""One step of a command: its parts in order, each with the name that `Progress` reports and its estimated seconds."""
Plan = Sequence[Step]

SURE_AFTER_S = 5.0
"""Weight of the plan against measured work, in seconds: so much measured time counts as much as the plan."""
SURE_FROM = 0.25
"""Share of a part that must be done before its remaining time is estimated from its own pace alone."""
STORED = 0.05
"""A part that took less than this share of its planned time was read from disk, so it says nothing about the pace."""
OVERRUN = 0.25
"""For a part that takes longer than expected: its remaining time, as a share of the time by which it overran."""
MARGIN = 0.1
"""For a part that reports no steps: the remaining time that is always assumed, as a share of its expected time."""
NEARLY = 0.99
"""The largest share that is shown before the end."""
MOST_FINISHED = 5
"""How many bars of finished work stay in view."""


@dataclass
class _Part:
    """A part of a plan, and how much of it is done."""

    name: str
    planned_s: float
    step: int
    took_s: float = 0.0
    done: float = 0.0

    @property
    def says_the_pace(self) -> bool:
        return self.done == 1 and self.took_s > STORED * self.planned_s


class Overall:
    """Estimates how much of a command is done and how long the rest takes.

    The estimate comes from the plan at first, more and more from measured times. The time between two reports belongs to
    the work of the second one. The planned times of the parts to come are multiplied by the pace of the finished ones:
    their time over their planned time. Parts that an earlier run stored don't count.

    Args:
        plan: the steps.
        now_s: the time at which the first one begins, in seconds; `report` and `shown` take later ones.
    """

    def __init__(self, plan: Plan, now_s: float) -> None:
        self._parts = [
            _Part(name, planned_s, step) for step, parts in enumerate(plan) for name, planned_s in parts
        ]
        self._steps = len(plan)
        self._began_s = self._last_s = now_s
        self._current, self._share = 0, 0.0

    def report(self, what: str, done: int, total: int, now_s: float) -> None:
        """Record how much of a part is done; a name that isn't in the plan is ignored."""
        index = next((i for i, part in enumerate(self._parts) if part.name == what), None)
        if index is None or not total:
            return
        part = self._parts[index]
        part.took_s += now_s - self._last_s
        part.done = max(part.done, min(1.0, done / total))
        self._current, self._last_s = index, now_s

    def shown(self, now_s: float) -> tuple[float, str]:
        """The share of the whole that is done, 0 to 1, which never falls, and the same in words."""
        running = next((i for i in range(self._current, len(self._parts)) if self._parts[i].done < 1), None)
        if running is None:
            return 1.0, f"step {self._steps} of {self._steps}"
        left_s, gone_s = self._left_s(running, now_s), now_s - self._began_s
        self._share = max(self._share, min(NEARLY, gone_s / (gone_s + left_s)))
        step = self._parts[running].step + 1
        return self._share, f"step {step} of {self._steps}, about {hours(left_s / 3600)} left"

    def _left_s(self, running: int, now_s: float) -> float:
        known = [part for part in self._parts[:running] if part.says_the_pace]
        measured = sum(part.took_s for part in known), sum(part.planned_s for part in known)
        part, later = self._parts[running], sum(each.planned_s for each in self._parts[running + 1 :])
        expected_s = _pace(*measured) * part.planned_s
        if part.done:
            sure = min(1.0, part.done / SURE_FROM)
            expected_s += sure * (part.took_s / part.done - expected_s)
        silent_s = now_s - self._last_s
        took_s = part.took_s + silent_s
        left_s = max(expected_s - took_s, OVERRUN * (took_s - expected_s), min(MARGIN * expected_s, silent_s))
        whole_s = took_s + left_s
        return left_s + _pace(measured[0] + whole_s, measured[1] + part.planned_s) * later


def _pace(measured_s: float, planned_s: float) -> float:
    """How many times as long as planned the work takes, by the measured times; 1 before there are any."""
    return (SURE_AFTER_S + measured_s) / (SURE_AFTER_S + planned_s)


def track(iterable: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Give the items of `iterable`, drawing a progress bar on stderr when it is a terminal.

    Args:
        iterable: what to go through.
        description: a few words for the bar.
        total: the number of items, for an iterable without a length.
    """
    if not sys.stderr.isatty():
        yield from iterable
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(iterable, description, total=total, console=Console(stderr=True))


class StepsBar:
    """A `Progress` that draws a bar for each name; with a plan, one for the whole first.

    Attributes:
        bars: where they are drawn; None draws nothing.
    """

    def __init__(self, bars: "Bars | None" = None) -> None:
        self.bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._overall: Overall | None = None
        self._whole: TaskID | None = None

    def expect(self, plan: Plan) -> None:
        """Announce the steps: from now on a bar for the whole command is shown too."""
        if self.bars is not None:
            self._overall = Overall(plan, time.monotonic())
            self._whole = self.bars.add_task("beginning", total=1.0)
            self.tick()

    def __call__(self, what: str, done: int, total: int) -> None:
        bars = self.bars
        if bars is None:
            return
        if what not in self._tasks or (self._task(what).finished and done <= 1):
            self._tasks[what] = bars.add_task(what, total=total or None)
            self._hide_finished()
        bars.update(self._tasks[what], completed=done, total=total or None)
        if self._overall is not None:
            self._overall.report(what, done, total, time.monotonic())
            self.tick()

    def tick(self) -> None:
        """Show the remaining time as it is now; it changes also while nothing is reported."""
        if self.bars is not None and self._overall is not None and self._whole is not None:
            share, text = self._overall.shown(time.monotonic())
            self.bars.update(self._whole, completed=share, description=text)

    def _task(self, what: str) -> "Task":
        assert self.bars is not None
        return next(task for task in self.bars.tasks if task.id == self._tasks[what])

    def _hide_finished(self) -> None:
        """Hide the oldest finished bars, so that the running one stays on a small screen."""
        assert self.bars is not None
        finished = [task for task in self.bars.tasks if task.finished and task.id != self._whole]
        for task in finished[:-MOST_FINISHED]:
            self.bars.update(task.id, visible=False)


@contextmanager
def steps_bar() -> Iterator[StepsBar]:
    """Give a `Progress` that draws a bar for each name on stderr when it is a terminal."""
    if not sys.stderr.isatty():
        yield StepsBar()
        return
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    class TickingBars(Bars):
        def get_renderables(self) -> Iterable[RenderableType]:
            steps.tick()
            yield from super().get_renderables()

    text = TextColumn("{task.description}", markup=False)  # a stop's name may hold [brackets]
    columns = (SpinnerColumn(), text, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    steps = StepsBar()
    with TickingBars(*columns, console=Console(stderr=True)) as steps.bars:
        yield steps


def step_report(progress: Progress | None, what: str) -> StepReport | None:
    """A function that reports steps done and the number of steps under one name; None without a `progress`."""
    return (lambda done, total: progress(what, done, total)) if progress else None


def named(progress: Progress, name: str) -> Progress:
    """Progress with a name before what is done."""
    return lambda what, done, total: progress(f"{name}: {what}", done, total)
