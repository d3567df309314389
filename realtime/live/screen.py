"""The live view on the terminal, or, headless and without a terminal, the notes alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console, RenderableType
from rich.live import Live


class Screen:
    """The terminal's second screen, drawn whole each time, so that no resize leaves a copy of the view behind."""

    def __init__(self) -> None:
        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True, screen=True)

    def show(self, view: RenderableType) -> None:
        """Draw the view, unless the screen is closed."""
        if self._live.is_started:
            self._live.update(view, refresh=True)

    def open(self) -> None:
        """Show the second screen."""
        self._live.start()

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._live.stop()


def on_a_terminal() -> bool:
    """Whether errors go to a terminal, where a view can be drawn; notes go to a file or a pipe as lines."""
    return Console(stderr=True).is_terminal


@contextmanager
def opened_screen() -> Iterator[Screen]:
    """A screen that is open until the end of the context."""
    screen = Screen()
    screen.open()
    try:
        yield screen
    finally:
        screen.close()


def print_notes(notes: list[str]) -> None:
    """Print the notes and take them out."""
    while notes:
        typer.echo(notes.pop(0), err=True)
