"""A command line's arguments before they are parsed: empty ones refused, options of several values made repeatable."""

import itertools
from collections.abc import Sequence

from drawstop.errors import DrawstopError

MAY_BE_EMPTY = ("--prompt", "--other-prompt")
"""Options for which no words are an answer: music without a description."""


def refuse_empty(arguments: Sequence[str]) -> None:
    """Raise DrawstopError for an argument without a letter, which as a path would be the folder that one is in.

    >>> refuse_empty(["small", "--prompt", ""])
    """
    for number, (before, argument) in enumerate(zip(["", *arguments], arguments, strict=False), 1):
        option, equals, value = (
            argument.partition("=") if argument.startswith("--") else (before, "=", argument)
        )
        if equals and not value.strip() and option not in MAY_BE_EMPTY:
            where = f" after {option}" if option.startswith("-") else ""
            raise DrawstopError(
                f"argument {number}{where} is empty: expected a name, a path or a number; is a variable of your shell unset?"
            )


def spread_values(arguments: list[str], option: str, count: int) -> list[str]:
    """Rewrite an option of several values as that many options of one value, which typer can repeat.

    Raises:
        DrawstopError: fewer than `count` values before the next option.

    >>> spread_values(["a.ts", "--stop", "x", "y", "--out", "o"], "--stop", 2)
    ['a.ts', '--stop', 'x', '--stop', 'y', '--out', 'o']
    """
    spread, rest = [], list(arguments)
    while rest:
        spread.append(rest.pop(0))
        if option and spread[-1] == option:
            values = list(itertools.takewhile(lambda value: not value.startswith("--"), rest[:count]))
            if len(values) < count:
                raise DrawstopError(f"{option} takes {count} values, got {len(values)}: {' '.join(values)}")
            spread.pop()
            spread += [part for value in values for part in (option, value)]
            del rest[:count]
    return spread


def spread_lists(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Rewrite options of any number of values as options of one value; the values end at the next option.

    >>> spread_lists(["a.ts", "--ks", "8", "16", "--out", "o"], ["--ks"])
    ['a.ts', '--ks', '8', '--ks', '16', '--out', 'o']
    """
    spread: list[str] = []
    current, count = "", 0
    for argument in arguments:
        if argument.startswith("-"):
            current, count = argument, 0
        elif current in options:
            spread += [current] * (count > 0)
            count += 1
        spread.append(argument)
    return spread
