"""Does a stop do what its label says, and what else does it do? Success at -1 and +1, and the curve between, beside controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from training.evaluation.experiments.steering.goals import answer_of, goals_of
from training.evaluation.experiments.steering.pitch_and_notes import Tracked
from training.evaluation.experiments.steering.sounds import write_players
from training.evaluation.experiments.steering.tables import blocks_of
from training.evaluation.playback.playback import MEANS, RANDOM, STOP, Bench
from training.evaluation.results import Section, plain
from training.metrics import notes
from training.metrics.audio import sound_changes
from training.metrics.bootstrap import mean_of

DOSE = (0.0, 0.25, 0.5, 0.75, 1.0)
TRACKED_EDITS = (STOP, MEANS, RANDOM)

Cells = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One edit of some clips."""

    places: list[int]
    values: Mapping[str, float]


def steering_section(bench: Bench, folder: Path) -> Section:
    """Every stop at -1 on clips with its concept, at +1 on clips without it, and its curve; sounds go into `folder`."""
    figures: Cells = {"ears": bench.accuracy(), "heard in noise": bench.heard_in_noise()}
    edits, tracked = bench.edits(), None if bench.options.quick else Tracked(bench)
    for concept in bench.items.concepts:
        figures[concept] = {
            name: _success(bench, edit, concept, tracked if name in TRACKED_EDITS else None)
            for name, edit in edits.items()
        }
        figures[concept]["dose"] = _dose(bench, edits[STOP], concept)
    goals = goals_of(figures, bench.items.concepts)
    ears = {ear.name: ear.kind for ear in bench.ears}
    missing = notes.MISSING if tracked and not notes.installed() else ""
    return Section(
        "steering",
        "Does each stop do what it says?",
        "At −1 a stop should take its concept away and leave the rest; at +1 it should bring it in. Independent ears listen to "
        "clips that nothing was found on, beside the same size of edit told into random features.",
        answer_of(goals),
        (
            *blocks_of(figures, bench.items.concepts, ears, list(edits), missing),
            *write_players(bench, edits, folder),
        ),
        tuple(goals),
        plain(figures),
        {
            "seed": bench.options.seed,
            "clips": len(bench.items.groups),
        },
    )


def _success(bench: Bench, edit: Any, concept: str, tracked: Tracked | None) -> Cells:
    clips, found = bench.items, {}
    cells = {
        "alone": Cell(clips.alone(concept), {concept: -1.0}),
        "mixed": Cell(clips.mixed(concept), {concept: -1.0}),
        "without": Cell(clips.lacking(concept), {concept: 1.0}),
    }
    for key, cell in cells.items():
        if cell.places:
            found[key] = _cell(bench, edit, concept, cell, tracked)
    return found


def _cell(bench: Bench, edit: Any, concept: str, cell: Cell, tracked: Tracked | None) -> Cells:
    """What the ears hear, and what else moved; pitch and notes where something tracks them."""
    places, off = cell.places, cell.values[concept] < 0
    before, sound = bench.rest_of(places), bench.sound(edit, places, cell.values)
    after, rest = bench.hear(sound), bench.rest[places]
    others = [name for name in bench.items.concepts if name != concept]
    found: Cells = {"heard": {}, "clips": len(places)}
    for ear, first in before.items():
        heard_first = first.of(concept)[0]
        found["heard"][ear] = {
            "at 0": bench.share(first, concept, places),
            "turned": bench.share(after[ear], concept, places),
            "of those": bench.share(after[ear], concept, places, heard_first if off else ~heard_first),
            "new timbres": bench.share(after[ear], concept, places, bench.items.new_timbre[places]),
            "others": {other: bench.moved(first, after[ear], other, places) for other in others},
        }
    groups = bench.groups_of(places)
    found["changed"] = {
        what: mean_of(moved.numpy(), groups) for what, moved in sound_changes(rest, sound, bench.rate).items()
    }
    if tracked:
        found |= tracked.changes(concept, places, sound)
    way = bench.way(concept, places, sound) if off else None
    if way is not None:
        found["way to the stem"] = way
    return found


def _dose(bench: Bench, edit: Any, concept: str) -> Cells:
    """The ears' logits at five values on each side, and Spearman's correlation with the knob, clip by clip.

    In quick mode the first ear's alone.
    """
    clips, ears = bench.items, 1 if bench.options.quick else None
    sides = {
        "minus": (clips.alone(concept) + clips.mixed(concept), -1.0),
        "plus": (clips.lacking(concept), 1.0),
    }
    found: Cells = {}
    for side, (every, sign) in sides.items():
        places = bench.spread(every)
        if not places:
            continue
        heard = [
            bench.hear(bench.sound(edit, places, {concept: sign * value}), ears)
            if value
            else bench.rest_of(places)
            for value in DOSE
        ]
        found[side] = {
            ear: _curve(
                [each[ear].of(concept)[1].numpy() for each in heard],
                [sign * v for v in DOSE],
                bench.groups_of(places),
            )
            for ear in heard[-1]
        }
    return found


def _curve(logits: Sequence[np.ndarray[Any, Any]], values: Sequence[float], groups: Sequence[str]) -> Cells:
    """Of one ear; `of the mean`: how evenly the mean answer follows, `per clip`: the mean of each clip's own correlation."""
    table = np.stack(logits)  # [values, clips]
    each = [spearmanr(values, column).statistic if np.ptp(column) > 0 else 0.0 for column in table.T]
    means = [mean_of(1 / (1 + np.exp(-np.clip(row, -50, 50))), groups) for row in table]
    return {
        "values": list(values),
        "probability": means,
        "of the mean": round(float(spearmanr(values, table.mean(1)).statistic), 4),
        "per clip": mean_of(each, groups),
    }
