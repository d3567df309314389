"""The tables of docs/musicgen/training.md that the small MusicGen's committed figures carry."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

DEMO = Path(__file__).parents[2] / "training" / "demo"
CONCEPTS = ("guitar", "voice")
MOVES = (
    ("guitar", "guitar", "-1"),
    ("both", "guitar", "-1"),
    ("voice", "voice", "-1"),
    ("both", "voice", "-1"),
    ("voice", "guitar", "+1"),
    ("neither", "guitar", "+1"),
    ("guitar", "voice", "+1"),
    ("neither", "voice", "+1"),
)
"""Text, stop and value of each row."""

CLASSIFIERS = ("judge", "svm")
UNSTEERED = {
    "originals": "recordings",
    "reconstructions": "EnCodec's sound of them",
    "samples, cfg 3": "unsteered samples, guidance 3",
    "samples, cfg 1": "without guidance",
}
"""Sounds by their name in the figures, and what a table calls them."""

MOST_LEFT, LEAST_BEFORE, LEAST_BROUGHT = 0.1, 0.9, 0.6
"""The goals: from so often detected to at most so often at −1; at +1 at least so often."""
BEYOND_RANDOM = 0.1
"""How much further than the random stop a stop must go."""


def layers() -> str:
    """Which layers carry a concept: effects in thousandths of a nat a token, features / difference of means / random."""
    of = {
        concept: json.loads((DEMO / f"musicgen_layers_{concept}.json").read_text("utf-8"))
        for concept in CONCEPTS
    }
    head = ["", "FVE", "L0", "dead"]
    for concept in CONCEPTS:
        head += [f"{concept}: AUROC of 1, 5 features", f"{concept} −1", f"{concept} +1"]
    rows = []
    for per_concept in zip(*of.values(), strict=True):
        first = per_concept[0]
        row = [first["site"], f"{first['fve']:.2f}", f"{first['l0']:.0f}", f"{first['dead']}"]
        for layer in per_concept:
            row += [
                f"{layer['auroc_best']:.2f}, {layer['auroc_five']:.2f}",
                _effects(layer["off_nats"]),
                _effects(layer["on_nats"]),
            ]
        rows.append(row)
    return table(head, rows)


def unsteered() -> str:
    """What two classifiers detect in recordings and in what the model makes of a text: guitar / voice."""
    figures = json.loads((DEMO / "musicgen_figures.json").read_text("utf-8"))
    texts = figures["judge"]["heard"]["originals"]
    rows = [
        [
            text,
            *(
                "; ".join(
                    " / ".join(
                        f"{100 * figures[classifier]['heard'][sounds][text][concept]:.0f}"
                        for concept in CONCEPTS
                    )
                    for classifier in CLASSIFIERS
                )
                for sounds in UNSTEERED
            ),
        ]
        for text in texts
    ]
    return table(["text", *UNSTEERED.values()], rows)


def stops() -> str:
    """How often two classifiers detect a stop's concept, with 95 % intervals (Wilson's, over pieces); in bold where the goal is
    reached by both and by no random draw."""
    figures = json.loads((DEMO / "musicgen_success.json").read_text("utf-8"))
    detected, draws = figures["heard"], figures["draws"]
    rows = []
    for text, concept, value in MOVES:
        before = _shares(detected[f"{text}: at rest"], concept)
        after = _shares(detected[f"{text}: {concept} {value}, stop"], concept)
        random = [_shares(detected[f"{text}: {concept} {value}, random {draw}"], concept) for draw in draws]
        reached = all(
            _reached(value, *each) for each in zip(before, after, zip(*random, strict=True), strict=True)
        )
        shown = _with_intervals(after, figures["pieces"])
        rows.append(
            [
                f"{text}, {concept} {value.replace('-', '−')}",
                _with_intervals(before, figures["pieces"]),
                f"**{shown}**" if reached else shown,
                "; ".join(map(_percent, random)),
            ]
        )
    return table(["text, stop", "neutral", "the stop", "random, three draws"], rows)


def _shares(cell: dict[str, dict[str, float]], concept: str) -> list[float]:
    """By each classifier, in their order."""
    return [shares[concept] for shares in cell.values()]


def _percent(shares: Sequence[float]) -> str:
    return ", ".join(f"{100 * share:.0f}" for share in shares) + " %"


def _with_intervals(shares: Sequence[float], pieces: int) -> str:
    """Each share with its 95 % interval by Wilson's score, as `70 (58…80) %`."""
    shown = []
    for share in shares:
        interval = binomtest(round(share * pieces), pieces).proportion_ci(method="wilson")
        shown.append(f"{100 * share:.0f} ({100 * interval.low:.0f}…{100 * interval.high:.0f})")
    return ", ".join(shown) + " %"


def _reached(value: str, before: float, after: float, random: Sequence[float]) -> bool:
    if value == "-1":
        return before >= LEAST_BEFORE and after <= MOST_LEFT and min(random) - after >= BEYOND_RANDOM
    return after >= LEAST_BROUGHT and after - max(random) >= BEYOND_RANDOM


def _effects(nats: dict[str, Any]) -> str:
    shown = (f"{1000 * nats[kind]:.0f}".replace("-", "−") for kind in ("static", "direction", "random"))
    return " / ".join(shown)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    first, *others = (f"| {' | '.join(line)} |" for line in (head, *rows))
    return "\n".join((first, "|---" * len(head) + "|", *others)) + "\n"
