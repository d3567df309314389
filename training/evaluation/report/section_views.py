"""Sections as a template shows them: one bank's, or two banks' in pairs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from drawstop.errors import DrawstopError
from training.evaluation.report.block_views import BlockView, block_view
from training.evaluation.report.numbers import number
from training.evaluation.report.table_views import Place
from training.evaluation.results import Block, Goal, Section

MOST_RAW_CHARACTERS = 20_000
"""Of raw figures that a page shows; the download holds them all."""


_Titled = TypeVar("_Titled", Block, BlockView)


@dataclass(frozen=True)
class SectionView:
    """A section with its blocks ready to show.

    Attributes:
        anchor: its place in the page.
        settings: names and values as texts.
        raw: the figures as JSON, cut at MOST_RAW_CHARACTERS.
        cut: whether there is more.
    """

    section: Section
    anchor: str
    blocks: tuple[BlockView, ...]
    settings: tuple[tuple[str, str], ...]
    raw: str
    cut: bool

    @property
    def reached(self) -> int:
        """Goals that were."""
        return sum(goal.reached for goal in self.section.goals)


@dataclass(frozen=True)
class BlockPair:
    """The blocks of one title; None where a bank has none."""

    title: str
    sides: tuple[BlockView | None, BlockView | None]


@dataclass(frozen=True)
class GoalPair:
    """One goal, and how each bank stands to it; None where a bank doesn't say."""

    goal: str
    sides: tuple[Goal | None, Goal | None]


@dataclass(frozen=True)
class SectionPair:
    """The sections of one slug; None where a bank has none."""

    anchor: str
    title: str
    question: str
    sides: tuple[SectionView | None, SectionView | None]
    goals: tuple[GoalPair, ...]
    blocks: tuple[BlockPair, ...]


def section_views(
    sections: Sequence[Section], folder: Path, side: str = "", beside: Sequence[Section] = ()
) -> tuple[SectionView, ...]:
    """Sections in their order.

    Args:
        folder: what the sounds' paths are relative to.
        side: of a comparison, the bank's name.
        beside: of a comparison, the other bank's sections.

    Raises:
        DrawstopError: two sections of one slug, a sound that can't be shown, figures that JSON can't hold.
    """
    counts = Counter(anchor_of(section.slug) for section in sections)
    twice = [section.slug for section in sections if counts[anchor_of(section.slug)] > 1]
    if twice:
        raise DrawstopError(f"expected sections of different slugs, got {', '.join(twice)}: leave one out")
    others = {section.slug: section for section in beside}
    return tuple(_view(section, folder, side, others.get(section.slug)) for section in sections)


def paired(first: Sequence[SectionView], second: Sequence[SectionView]) -> tuple[SectionPair, ...]:
    """Sections of the same slug beside each other, in the first bank's order; what only the second has comes last."""
    known = [{view.section.slug: view for view in views} for views in (first, second)]
    slugs = dict.fromkeys(view.section.slug for views in (first, second) for view in views)
    return tuple(_pair(known[0].get(slug), known[1].get(slug)) for slug in slugs)


def as_json(value: Any, whose: str, indent: int | None = None) -> str:
    """Raises DrawstopError for what JSON can't hold, naming whose it is."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError) as error:
        raise DrawstopError(
            f"expected numbers and texts in {whose}, got something that JSON can't hold ({error}): "
            "say None for what couldn't be measured"
        ) from error


def as_text(value: Any, whose: str) -> str:
    """A setting as a reader likes it: texts and numbers bare, lists with commas, anything deeper as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int | float):
        return number(value, None) if not isinstance(value, float) else repr(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(as_text(each, whose) for each in value)
    if isinstance(value, dict) and all(isinstance(each, str | int | float) for each in value.values()):
        return ", ".join(f"{name}: {as_text(each, whose)}" for name, each in value.items())
    return as_json(value, whose)


def anchor_of(text: str) -> str:
    """An identifier of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


def _view(section: Section, folder: Path, side: str, beside: Section | None) -> SectionView:
    whose = f"the section {section.slug!r}"
    anchor = anchor_of(section.slug)
    prefix = f"{anchor}-{anchor_of(side)}" if side else anchor
    owner = f"{section.title}, {side}" if side else section.title
    others = _by_title(beside.blocks if beside else ())
    blocks = tuple(
        block_view(block, Place(folder, f"{prefix}-{i}", owner, others.get(key)))
        for i, (key, block) in enumerate(_by_title(section.blocks).items())
    )
    settings = tuple((name, as_text(value, whose)) for name, value in section.settings.items())
    raw = as_json(section.figures, whose, indent=1) if section.figures else ""
    return SectionView(
        section, anchor, blocks, settings, raw[:MOST_RAW_CHARACTERS], len(raw) > MOST_RAW_CHARACTERS
    )


def _pair(first: SectionView | None, second: SectionView | None) -> SectionPair:
    shown = first or second
    assert shown is not None
    sides = (first, second)
    return SectionPair(
        shown.anchor,
        shown.section.title,
        shown.section.question,
        sides,
        _goal_pairs(*(view.section.goals if view else () for view in sides)),
        _block_pairs(*(view.blocks if view else () for view in sides)),
    )


def _goal_pairs(first: Sequence[Goal], second: Sequence[Goal]) -> tuple[GoalPair, ...]:
    known = [{goal.goal: goal for goal in goals} for goals in (first, second)]
    names = dict.fromkeys(goal.goal for goals in (first, second) for goal in goals)
    return tuple(GoalPair(name, (known[0].get(name), known[1].get(name))) for name in names)


def _block_pairs(first: Sequence[BlockView], second: Sequence[BlockView]) -> tuple[BlockPair, ...]:
    known = [_by_title(blocks) for blocks in (first, second)]
    keys = dict.fromkeys([*known[0], *known[1]])
    return tuple(BlockPair(key[0], (known[0].get(key), known[1].get(key))) for key in keys)


def _by_title(blocks: Sequence[_Titled]) -> dict[tuple[str, int], _Titled]:
    """Blocks by title, and by which of that title they are."""
    seen: Counter[str] = Counter()
    known: dict[tuple[str, int], _Titled] = {}
    for block in blocks:
        known[block.title, seen[block.title]] = block
        seen[block.title] += 1
    return known
