"""`drawstop` called in the tests' own process, and what a refusal looks like."""

import re
from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Gives the exit code, what was printed, and the errors."""


def refused(result: tuple[int, str, str], says: str) -> None:
    """Asserts that a command ended with code 2 and one line that says this."""
    code, _, err = result
    assert code == 2
    assert re.fullmatch(r"drawstop: [^\n]+\n", err), err
    assert says in err
