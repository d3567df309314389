"""OSC address patterns: `*`, `?`, `[a-z]`, `[!a-z]`, `{guitar,voice}`.

python-osc has a matcher, but one pattern with many stars keeps it busy for ever. The standard library's `fnmatch` has
the same signs except the braces, and doesn't have this problem.
"""

import fnmatch
import re
from collections.abc import Iterable
from itertools import product

MAX_LENGTH, MAX_STARS, MAX_CHOSEN = 256, 4, 2048
"""The most characters of a pattern; its stars and brackets; the characters of all that its braces expand to. A pattern
with more of any matches nothing, so that none takes longer than some milliseconds."""

_SIGNS = frozenset("*?[]{}")
_BRACES = re.compile(r"\{([^{}]*)\}")


def is_pattern(address: str) -> bool:
    """Whether an address contains any of the signs."""
    return not _SIGNS.isdisjoint(address)


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """The addresses that a pattern matches, in their order. No sign matches a `/`.

    >>> matching("/stop/{guitar,v*}", ["/stop/guitar", "/stop/voice", "/stop/voice/ramp", "/wet"])
    ['/stop/guitar', '/stop/voice']
    """
    if len(pattern) > MAX_LENGTH or pattern.count("*") + pattern.count("[") > MAX_STARS:
        return []
    choices = [_choices(part) for part in pattern.split("/")]
    return [address for address in addresses if _matches(choices, address.split("/"))]


def _choices(part: str) -> list[re.Pattern[str]]:
    """Regular expressions of which one must match a part of an address."""
    pieces = _BRACES.split(part)  # outside, inside, outside, …
    options = [piece.split(",") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    count = 1
    for option in options:
        count *= len(option)
    length = sum(len("".join(option)) * count // len(option) for option in options)
    if length > MAX_CHOSEN:
        return []
    return [re.compile(fnmatch.translate("".join(chosen))) for chosen in product(*options)]


def _matches(choices: list[list[re.Pattern[str]]], parts: list[str]) -> bool:
    return len(choices) == len(parts) and all(
        any(expression.match(part) for expression in expressions)
        for expressions, part in zip(choices, parts, strict=True)
    )
