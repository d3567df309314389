"""What an experiment says: a section of tables, curves, matrices and sounds, which a page or a terminal shows and JSON keeps.

A section holds numbers and words, never markup: who shows it decides how.
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
        unit: of the estimates: `share` (0..1, shown as %), `dB`, or `` for a plain number.
        note: what to know in reading it: how many items, which control, what a dash means.
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
class Players:
    """Sounds in rows that belong together: the same clip unsteered and steered, or a feature's loudest moments."""

    title: str
    rows: tuple[tuple[Sound, ...], ...]
    note: str = ""


Block: TypeAlias = Table | Plot | Matrix | Players
_BLOCKS: dict[str, type[Table | Plot | Matrix | Players]] = {
    "table": Table,
    "plot": Plot,
    "matrix": Matrix,
    "players": Players,
}


@dataclass(frozen=True)
class Goal:
    """A figure held against what was aimed at, in words: `goal` says what, `seen` what was measured."""

    goal: str
    seen: str
    reached: bool


@dataclass(frozen=True)
class Section:
    """One experiment's answer.

    Attributes:
        slug: its name in commands and files, and its anchor in the page.
        title: a few words.
        question: what it asks, in one or two sentences for a musician.
        answer: what was found, in words, misses included.
        goals: what was aimed at, and whether it was reached.
        blocks: what to show.
        figures: the raw numbers, as JSON holds them.
        settings: what decides the figures: seeds, counts, sizes.
    """

    slug: str
    title: str
    question: str
    answer: str
    blocks: tuple[Block, ...] = ()
    goals: tuple[Goal, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def to_json(section: Section) -> dict[str, Any]:
    """A section as JSON holds it; `from_json` gives it back."""
    content = asdict(section)
    names = {kind: name for name, kind in _BLOCKS.items()}
    content["blocks"] = [{"kind": names[type(block)]} | asdict(block) for block in section.blocks]
    return content


def plain(figures: Any) -> Any:
    """Estimates as JSON holds them."""
    if isinstance(figures, Estimate):
        return asdict(figures)
    if isinstance(figures, Mapping):
        return {str(name): plain(value) for name, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [plain(value) for value in figures]
    return figures


def from_json(content: dict[str, Any]) -> Section:
    """A section that `to_json` gave. Raises DrawstopError for anything else."""
    try:
        blocks = tuple(_block(block) for block in content["blocks"])
        goals = tuple(Goal(**goal) for goal in content["goals"])
        return Section(**{**content, "blocks": blocks, "goals": goals})
    except (KeyError, TypeError) as error:
        raise DrawstopError(
            f"expected a section of evidence, got something else ({error}): measure again"
        ) from error


def _block(content: dict[str, Any]) -> Block:
    kind = _BLOCKS[content["kind"]]
    fields = {name: _frozen(value) for name, value in content.items() if name != "kind"}
    if kind is Plot:
        fields["lines"] = tuple(Line(**line) for line in fields["lines"])
    if kind is Players:
        fields["rows"] = tuple(tuple(Sound(**sound) for sound in row) for row in fields["rows"])
    if kind is Table:
        fields["rows"] = tuple(
            tuple(Estimate(**c) if isinstance(c, dict) else c for c in row) for row in fields["rows"]
        )
    return kind(**fields)


def _frozen(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return value
