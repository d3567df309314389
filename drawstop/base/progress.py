"""Progress on stderr for a person who watches; silence for a pipe or a log."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


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
