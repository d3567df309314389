"""The section on guitar music with a male voice in docs/evidence/stops.md, written from training/shipped/duet.json."""

from typing import Any

from shares import by_both

from training.evaluation.experiments.several_stops.duet import (
    CASES,
    DETECTED_GOAL,
    FEMALE,
    GUITAR,
    MALE,
    DuetCase,
    is_reached,
)

EDITS = {"before": "before", "stop": "with the stops", "random": "random queries"}
CONCEPTS = (GUITAR, MALE, FEMALE)


def section(duet: dict[str, Any]) -> str:
    """Markdown of the three ways: what both classifiers detect before, with the stops, with random queries, in true mixtures."""
    rows = [
        "## Guitar music with a male voice\n",
        f"Three ways to it, on {duet['clips']} unseen phrases a cell. For this, stops for men and for women were learned from "
        "synthesised singers, and the guitar's +1 plays grains of guitars; none of these ships. *detected*: by our classifier "
        f"/ a published one, with 95 % intervals. The goal: guitar and male voice in {DETECTED_GOAL:.0%} or more by both, and "
        "what is brought in more often than with random queries. Our classifier detects a guitar after random queries, too: "
        "where none played before, the published one counts.\n",
        f"| from | | {' | '.join(f'{concept} detected' for concept in CONCEPTS)} | goal |",
        "|---|---|---|---|---|---|",
    ]
    for case in CASES:
        cell = duet["cases"][case.title]
        for edit, name in EDITS.items():
            goal = ("reached" if _reached(case, cell) else "**missed**") if edit == "stop" else ""
            start = case.title if edit == "before" else ""
            rows.append(f"| {start} | {name} | {_shares(cell[edit])} | {goal} |")
    rows.append(f"| true mixtures | | {_shares(duet['true mixtures'])} | |")
    return "\n".join(rows) + "\n"


def _shares(detected: dict[str, Any]) -> str:
    """What both classifiers detect of each concept, as cells of a table."""
    return " | ".join(
        by_both({name: of_concepts[concept] for name, of_concepts in detected.items()})
        for concept in CONCEPTS
    )


def _reached(case: DuetCase, cell: dict[str, Any]) -> bool:
    """Whether the stops reach the goal that `duet.is_reached` sets."""
    return is_reached(
        case,
        {
            (concept, name): (cell["stop"][name][concept]["mean"], cell["random"][name][concept]["mean"])
            for name in cell["stop"]
            for concept in (GUITAR, MALE)
        },
    )
