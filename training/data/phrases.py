"""What recordings play, by their names: those of the same phrase are parallel."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from drawstop.names import same_name

PHRASE_MARK = "@"


def phrase_of(path: Path) -> str:
    """What a recording plays: its name without suffix, up to the last `@` where there is one.

    >>> phrase_of(Path("03@nylon.wav")), phrase_of(Path("take 3.flac"))
    ('03', 'take 3')
    """
    return same_name(path.stem.rpartition(PHRASE_MARK)[0] or path.stem)


def is_like(path: Path, pattern: str) -> bool:
    """True where a file's name matches a pattern, whichever way either writes its accents."""
    return fnmatch.fnmatch(same_name(path.name), same_name(pattern))
