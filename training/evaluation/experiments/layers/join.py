"""Sections that ask the same of several layers, as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from training.evaluation.results import Goal, Section


def one_section(sections: Mapping[str, Section]) -> Section:
    """One section of all layers, each block, goal and answer named by its layer; figures and settings by layer.

    A single layer's section is given as it is.

    Args:
        sections: by layer, of one experiment.
    """
    assert sections, "an experiment is of at least one layer"
    first = next(iter(sections.values()))
    if len(sections) == 1:
        return first
    return replace(
        first,
        answer=" ".join(f"{layer}: {each.answer}" for layer, each in sections.items()),
        blocks=tuple(
            replace(block, title=f"{layer}: {block.title}")
            for layer, each in sections.items()
            for block in each.blocks
        ),
        goals=tuple(
            Goal(f"{layer}: {goal.goal}", goal.seen, goal.reached)
            for layer, each in sections.items()
            for goal in each.goals
        ),
        figures={layer: each.figures for layer, each in sections.items()},
        settings={layer: each.settings for layer, each in sections.items()},
    )
