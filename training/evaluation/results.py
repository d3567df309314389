"""The result of an experiment: answer, goals, tables, plots, matrices and audio players, which a page or a terminal shows.

A result holds numbers and words, never markup. Its JSON keeps the names of the first format: a section of blocks and figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from drawstop.errors import DrawstopError
from training.metrics.bootstrap import Estimate, Number

Cell: TypeAlias = str | float | int | bool | None


@dataclass(frozen=True)
class Table:
    """Rows under headings. A cell may be an Estimate, which is shown with its interval.

    Attributes:
        unit: the estimates' unit: `share` (0..1, shown as %), `dB`, or `` for a plain number.
        note: how to read the table: how many items, which control, what a dash means.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | Estimate, ...], ...]
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One curve of a plot; `low` and `high` are its 95 % band, empty without one."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plot:
    """Curves over one axis, or points without lines (`points`)."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    points: bool = False
    log_x: bool = False
    note: str = ""


@dataclass(frozen=True)
class Matrix:
    """A value for each pair, shown as colours with the numbers in them; `middle` is the value without colour."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    row_label: str = ""
    column_label: str = ""
    middle: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Sound:
    """A playable sound: its label, and its file's path relative to the evidence's folder."""

    label: str
    path: str


@dataclass(frozen=True)
class AudioPlayers:
    """Sounds in rows that belong together: the same clip unsteered and steered, or a feature's loudest moments."""

    title: str
    rows: tuple[tuple[Sound, ...], ...]
    note: str = ""


Content: TypeAlias = Table | Plot | Matrix | AudioPlayers
KINDS: dict[str, type[Table | Plot | Matrix | AudioPlayers]] = {
    "table": Table,
    "plot": Plot,
    "matrix": Matrix,
    "players": AudioPlayers,
}


@dataclass(frozen=True)
class Goal:
    """A goal in words (`goal`), what was measured (`seen`), and whether the goal is reached."""

    goal: str
    seen: str
    reached: bool


@dataclass(frozen=True)
class Result:
    """The answer of one experiment.

    Attributes:
        slug: its name in commands and files, and its anchor in the page.
        title: a few words.
        question: what it asks, in one or two sentences for a musician.
        answer: what was found, in words, misses included.
        content: tables, plots, matrices and audio players, in the order of the page.
        goals: what was aimed at, and whether it was reached.
        metrics: the raw numbers, as values for JSON.
        settings: what decides the metrics: seeds, counts, sizes.
    """

    slug: str
    title: str
    question: str
    answer: str
    content: tuple[Content, ...] = ()
    goals: tuple[Goal, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def to_json(result: Result) -> dict[str, Any]:
    """A result as a dictionary for JSON; `from_json` reads it back."""
    names = {kind: name for name, kind in KINDS.items()}
    fields = asdict(result)
    return {
        "slug": result.slug,
        "title": result.title,
        "question": result.question,
        "answer": result.answer,
        "blocks": [{"kind": names[type(each)]} | asdict(each) for each in result.content],
        "goals": fields["goals"],
        "figures": fields["metrics"],
        "settings": fields["settings"],
    }


def plain(metrics: Any) -> Any:
    """Metrics with every estimate as a dictionary for JSON."""
    if isinstance(metrics, Estimate):
        return asdict(metrics)
    if isinstance(metrics, Mapping):
        return {str(name): plain(value) for name, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [plain(value) for value in metrics]
    return metrics


def from_json(fields: dict[str, Any]) -> Result:
    """A result that `to_json` gave. Raises DrawstopError for anything else."""
    try:
        content = tuple(_content(each) for each in fields["blocks"])
        goals = tuple(Goal(**goal) for goal in fields["goals"])
        others = {name: fields[name] for name in ("slug", "title", "question", "answer", "settings")}
        return Result(**others, content=content, goals=goals, metrics=fields["figures"])
    except (KeyError, TypeError) as error:
        raise DrawstopError(
            f"expected a result of evidence, got something else ({error}): measure again"
        ) from error


def _content(saved: dict[str, Any]) -> Content:
    kind = KINDS[saved["kind"]]
    fields = {name: _frozen(value) for name, value in saved.items() if name != "kind"}
    if kind is Plot:
        fields["lines"] = tuple(Line(**line) for line in fields["lines"])
    if kind is AudioPlayers:
        fields["rows"] = tuple(tuple(Sound(**sound) for sound in row) for row in fields["rows"])
    if kind is Table:
        fields["rows"] = tuple(
            tuple(Estimate(**c) if isinstance(c, dict) else c for c in row) for row in fields["rows"]
        )
    return kind(**fields)


def _frozen(value: Any) -> Any:
    """JSON's lists as tuples again."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return value
