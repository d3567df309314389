"""Results prepared for a page: anchors, settings as texts, and the identifiers of their tables and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from drawstop.errors import DrawstopError
from training.evaluation.report.embedded_sound import Embedded, embed
from training.evaluation.report.numbers import size_text
from training.evaluation.report.texts import anchor_of, as_json, as_text
from training.evaluation.results import AudioPlayers, Content, Goal, Result

MOST_RAW_CHARACTERS = 20_000
"""Characters of raw metrics that a page shows; the download holds them all."""

T = TypeVar("T")
Sides = tuple[T | None, T | None]
"""The same item of two banks; None where a bank has none."""


@dataclass(frozen=True)
class ShownContent:
    """A table, plot, matrix or audio players in a page.

    Attributes:
        folder: the folder that the sounds' paths are relative to.
        prefix: prefix of its identifiers.
        owner: title of its result, for screen readers.
        beside: the content that it is compared with, for the same axes and shades.
    """

    content: Content
    folder: Path
    prefix: str
    owner: str
    beside: Content | None = None

    @property
    def label(self) -> str:
        """Its label for screen readers, with the owner because titles repeat."""
        return f"{self.owner}: {self.content.title}"

    @cached_property
    def sounds(self) -> list[list[tuple[str, Embedded]]]:
        """The rows of audio players: each sound with its label. Raises DrawstopError for one that can't be shown."""
        if not isinstance(self.content, AudioPlayers):
            return []
        wanted_by = f"the players {self.content.title!r}"
        return [
            [(sound.label, embed(self.folder, sound.path, wanted_by)) for sound in row]
            for row in self.content.rows
        ]


class ShownResult:
    """A result with its place in a page.

    Args:
        folder: the folder that the sounds' paths are relative to.
        side: in a comparison, the bank's name.
        beside: in a comparison, the other bank's result.

    Attributes:
        settings: names and values as texts.
        raw: the metrics as JSON, cut at MOST_RAW_CHARACTERS.
        cut: whether there is more.

    Raises:
        DrawstopError: metrics or settings that JSON can't hold.
    """

    def __init__(self, result: Result, folder: Path, side: str = "", beside: Result | None = None) -> None:
        whose = f"the result {result.slug!r}"
        self.result, self.anchor = result, anchor_of(result.slug)
        prefix = f"{self.anchor}-{anchor_of(side)}" if side else self.anchor
        owner = f"{result.title}, {side}" if side else result.title
        others = numbered(beside.content if beside else ())
        self.content = [
            ShownContent(each, folder, f"{prefix}-{i}", owner, others.get(key))
            for i, (key, each) in enumerate(numbered(result.content).items())
        ]
        self.settings = [(name, as_text(value, whose)) for name, value in result.settings.items()]
        raw = as_json(result.metrics, whose, indent=1) if result.metrics else ""
        self.raw, self.cut = raw[:MOST_RAW_CHARACTERS], len(raw) > MOST_RAW_CHARACTERS


def shown_results(
    results: Sequence[Result], folder: Path, side: str = "", beside: Sequence[Result] = ()
) -> list[ShownResult]:
    """Results in their order; see ShownResult for the arguments.

    Raises:
        DrawstopError: two results of one slug, or what ShownResult raises.
    """
    counts = Counter(anchor_of(result.slug) for result in results)
    twice = [result.slug for result in results if counts[anchor_of(result.slug)] > 1]
    if twice:
        raise DrawstopError(f"expected results of different slugs, got {', '.join(twice)}: leave one out")
    others = {result.slug: result for result in beside}
    return [ShownResult(result, folder, side, others.get(result.slug)) for result in results]


def side_by_side(
    first: Sequence[T], second: Sequence[T], key: Callable[[T], Hashable]
) -> list[tuple[Hashable, Sides[T]]]:
    """Pairs of two banks' items with the same key, in the first one's order; those of the second alone come last."""
    known = [{key(each): each for each in side} for side in (first, second)]
    keys = dict.fromkeys(key(each) for side in (first, second) for each in side)
    return [(each, (known[0].get(each), known[1].get(each))) for each in keys]


def paired_results(first: Sequence[ShownResult], second: Sequence[ShownResult]) -> list[Sides[ShownResult]]:
    """The results of two banks by slug."""
    return [sides for _, sides in side_by_side(first, second, lambda shown: shown.result.slug)]


def paired_goals(sides: Sides[ShownResult]) -> list[tuple[Hashable, Sides[Goal]]]:
    """The goals of two banks' results by their text."""
    first, second = (shown.result.goals if shown else () for shown in sides)
    return side_by_side(first, second, lambda goal: goal.goal)


def paired_content(sides: Sides[ShownResult]) -> list[tuple[str, Sides[ShownContent]]]:
    """Pairs of two banks' tables, plots, matrices and players, by title and their number among those of that title."""
    known = [
        dict(zip(numbered(shown.result.content), shown.content, strict=True)) if shown else {}
        for shown in sides
    ]
    return [(key[0], (known[0].get(key), known[1].get(key))) for key in dict.fromkeys([*known[0], *known[1]])]


def numbered(content: Sequence[Content]) -> dict[tuple[str, int], Content]:
    """Contents by title and their number among those of that title."""
    seen: Counter[str] = Counter()
    known: dict[tuple[str, int], Content] = {}
    for each in content:
        known[each.title, seen[each.title]] = each
        seen[each.title] += 1
    return known


def sounds_text(shown: Sequence[ShownContent]) -> str:
    """How many sounds there are, and how large."""
    sounds = [sound for each in shown for row in each.sounds for _, sound in row]
    size = size_text(sum(sound.size_bytes for sound in sounds))
    return f"{len(sounds)} sound{'' if len(sounds) == 1 else 's'}, {size}"
