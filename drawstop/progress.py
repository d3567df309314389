"""Progress on stderr for a person who watches; silence for a pipe or a log."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""A function to call with the name of the work, the steps done and the number of steps."""


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
def steps_bar() -> Iterator[Progress]:
    """Give a `Progress` that draws a bar for each name on stderr when it is a terminal."""
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
    """A function that reports steps done and the number of steps under one name; None without a `progress`."""
    return (lambda done, total: progress(what, done, total)) if progress else None
