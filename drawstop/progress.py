"""Progress on stderr for a person who watches; silence for a pipe or a log."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all."""


def track(iterable: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Give the items of `iterable`, drawing a progress bar on stderr when it is a terminal.

    Args:
        iterable: what to go through.
        description: what is going on, a few words.
        total: the number of items, where `len(iterable)` doesn't tell.
    """
    if not sys.stderr.isatty():
        yield from iterable
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(iterable, description, total=total, console=Console(stderr=True))


@contextmanager
def steps_bar() -> Iterator[Progress]:
    """A function to call with (what is being done, steps done, steps in all): one bar per thing, on a terminal's stderr."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    tasks: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True)) as bars:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks or (bars.tasks[tasks[what]].finished and done == 1):
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield report


def step_report(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """A report of steps done and steps in all, under one name."""
    return (lambda done, total: progress(what, done, total)) if progress else None
