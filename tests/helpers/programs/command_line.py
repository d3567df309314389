"""`drawstop` called in the tests' own process, and what a refusal looks like."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Gives the exit code, what was printed, and the errors."""


def refused(result: tuple[int, str, str], says: str) -> None:
    """Asserts that a command ended with code 2 and one line that says this; what a look at recordings showed may stand before."""
    code, _, err = result
    assert code == 2
    says_drawstop = [line.startswith("drawstop: ") for line in err.splitlines()]
    assert says_drawstop[-1:] == [True], err
    assert says_drawstop.count(True) == 1, err
    assert "Traceback" not in err
    assert says in err
