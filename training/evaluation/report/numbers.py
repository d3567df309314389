"""Numbers as texts for readers: percent, decibels and plain numbers, with as many digits as are useful."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from training.metrics.bootstrap import Estimate

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
SIGNIFICANT = 3
_MOST_DECIMALS = 3
_LARGEST_PLAIN = 1e7
_GROUPED_FROM = 10_000
_UNITS = re.compile(r"(?<=\d) (?=(?:%|dB|k?Hz|ms|s|kB|MB|cents|points)(?!\w))")


def number(value: float | int | None, decimals: int | None = None) -> str:
    """A number with a true minus sign; a dash for None and what isn't finite.

    Args:
        decimals: after the point; by default three significant digits. A value that they would round to 0 gets two
            significant digits, because 0 says something else.
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if isinstance(value, int):
        return _signed(f"{value:,}".replace(",", THIN) if abs(value) >= _GROUPED_FROM else str(value))
    value += 0.0  # no −0
    if decimals is None:
        decimals = decimals_for([value])
    if abs(value) >= _LARGEST_PLAIN:
        return _signed(f"{value:.2e}")
    if value and abs(value) < 0.5 * 10**-decimals:
        return _signed(f"{value:.2g}")
    return _signed(f"{value:.{decimals}f}")


def decimals_for(values: Iterable[float | int | None]) -> int:
    """Decimals that give the largest of some values three significant digits, so that a column lines up."""
    finite = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(finite, default=0.0)
    if all(value == int(value) for value in finite):
        return 0
    return max(0, min(_MOST_DECIMALS, SIGNIFICANT - 1 - math.floor(math.log10(largest))))


def mean_text(estimate: Estimate, unit: str, decimals: int) -> str:
    """The mean with its unit: `62 %`, `−3.2 dB`, `0.962`."""
    if estimate.mean is None:
        return NOTHING
    if unit == "share":
        return f"{_percent(estimate.mean)}{THIN}%"
    text = number(float(estimate.mean), 1 if unit == "dB" else decimals)
    return f"{text}{THIN}{unit}" if unit else text


def interval_text(estimate: Estimate, unit: str, decimals: int) -> str:
    """The 95 % interval without its unit, `[50, 74]`; empty without one."""
    if estimate.mean is None or estimate.low is None or estimate.high is None:
        return ""
    if unit == "share":
        ends = [_percent(estimate.low), _percent(estimate.high)]
    else:
        places = 1 if unit == "dB" else decimals
        ends = [number(float(end), places) for end in (estimate.low, estimate.high)]
    return f"[{ends[0]}, {ends[1]}]"


def size_text(size_bytes: int) -> str:
    """A file's size: `34 kB`, `2.1 MB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))}{THIN}kB"
    return f"{size_bytes / 1e6:.1f}{THIN}MB"


def tied(text: str) -> str:
    """A text whose units stay on the line of their numbers."""
    return _UNITS.sub("\N{NO-BREAK SPACE}", text)


def _percent(share: float) -> str:
    """Whole percent; one decimal where rounding to 0 or 100 would be wrong."""
    whole = round(100 * share)
    rounded_away = whole in (0, 100) and abs(100 * share - whole) >= 0.05
    return _signed(f"{100 * share:.1f}" if rounded_away else str(whole))


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
