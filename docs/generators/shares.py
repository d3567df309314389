"""Shares of clips in which classifiers detect a concept, as text."""

from typing import Any


def by_both(shares: dict[str, Any]) -> str:
    """A share by our classifier and by a published one, with intervals."""
    both = (shares[name] for name in ("judge", "tagger"))
    return " / ".join(f"{each['mean']:.0%} ({each['low']:.0%}…{each['high']:.0%})" for each in both)
