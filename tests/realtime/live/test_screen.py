"""The live view in a terminal that is resized."""

from collections.abc import Iterator

import pytest

from tests.helpers.programs.terminal_program import LINE_UP, OTHER_SCREEN, Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_a_resize_leaves_no_copy_of_the_view(terminal: Terminal) -> None:
    """A view that is drawn from the top of a screen of its own, and never from where it thinks that it began."""
    terminal.wait_for(b"seen<>")
    for lines, columns in ((24, 30), (10, 30), (40, 120)):
        terminal.resize(lines, columns)
        terminal.press(b"x")
        terminal.wait_for(b"x>")
    assert OTHER_SCREEN in terminal.shown
    assert LINE_UP not in terminal.shown
