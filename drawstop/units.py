"""Bytes, durations and shares as text."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes as text.

    >>> size(0), size(1_234_000), size(19_300_000_000), size(4_100_000_000_000)
    ('0 MB', '1.2 MB', '19.3 GB', '4.1 TB')
    """
    if count >= 1e12:
        return f"{count / 1e12:.1f} TB"
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count else "0 MB"


def hours(value: float) -> str:
    """A duration as text; `value` in hours.

    >>> hours(0.001), hours(0.2), hours(3.21)
    ('4 s', '12 min', '3.2 h')
    """
    if value >= 1:
        return f"{value:.1f} h"
    return f"{60 * value:.0f} min" if value * 60 >= 2 else f"{3600 * value:.0f} s"


def percent(share: float | None) -> str:
    """A share of 0 to 1 in whole per cent; a dash for None.

    >>> percent(0.625), percent(None)
    ('62%', '–')
    """
    return "–" if share is None else f"{share:.0%}"
