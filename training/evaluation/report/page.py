"""Writes a page of evidence: one file that needs nothing else, neither a network nor a script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from training.evaluation.report.matrices import shaded
from training.evaluation.report.numbers import THIN, number, size_text, tied
from training.evaluation.report.shown import (
    ShownContent,
    ShownResult,
    paired_content,
    paired_goals,
    paired_results,
    shown_results,
    sounds_text,
)
from training.evaluation.report.svg_plot import plot_svg, swatch_svg
from training.evaluation.report.tables import table_of, table_text
from training.evaluation.report.texts import anchor_of, as_json, as_text
from training.evaluation.results import KINDS, Result, to_json

Bank: TypeAlias = tuple[str, Sequence[Result], Path]
"""A bank's name, its results, and the folder that their sounds' paths are relative to."""


@dataclass(frozen=True)
class PageHead:
    """The head of a page.

    Attributes:
        title: the page's title, with the bank's name.
        subtitle: lines below it.
        provenance: versions, seeds, fingerprints and counts behind the metrics.
        made: the date, given by the caller, so that the same inputs give the same bytes.
    """

    title: str
    subtitle: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    made: str = ""


def write_page(path: Path, results: Sequence[Result], head: PageHead, folder: Path) -> None:
    """Writes one bank's evidence.

    Args:
        folder: the folder that the sounds' paths are relative to.

    Raises:
        DrawstopError: no result at all, two of one slug, a sound that is missing or is none, metrics that JSON can't
            hold, or `path` can't be written.
    """
    if not results:
        raise DrawstopError("a page of evidence expected at least one result, got none: measure first")
    shown = shown_results(results, folder)
    numbers = {"sections": [to_json(result) for result in results]}
    _write(path, "page.html.j2", head, numbers, shown, results=shown)


def write_comparison(path: Path, banks: Sequence[Bank], head: PageHead) -> None:
    """Writes the evidence of two banks; results of the same slug and content of the same title stand side by side.

    Raises:
        DrawstopError: not two banks of different names, no result that both have, or what `write_page` raises.
    """
    if len(banks) != 2 or banks[0][0] == banks[1][0]:
        given = ", ".join(repr(name) for name, _, _ in banks) or "none"
        raise DrawstopError(f"a comparison expected two banks of different names, got {given}")
    names = (banks[0][0], banks[1][0])
    first, second = (
        shown_results(results, folder, name, beside)
        for (name, results, folder), (_, beside, _) in ((banks[0], banks[1]), (banks[1], banks[0]))
    )
    pairs = paired_results(first, second)
    if not any(all(sides) for sides in pairs):
        raise DrawstopError(
            f"expected evidence of the same kind from both banks, got none that {names[0]!r} and {names[1]!r} share: "
            "measure both alike"
        )
    numbers = {"banks": [{"name": n, "sections": [to_json(each) for each in s]} for n, s, _ in banks]}
    _write(path, "comparison.html.j2", head, numbers, [*first, *second], pairs=pairs, names=names)


def _write(
    path: Path,
    template: str,
    head: PageHead,
    numbers: dict[str, Any],
    shown: Sequence[ShownResult],
    **content: Any,
) -> None:
    about = {"title": head.title, "made": head.made, "provenance": head.provenance}
    data = as_json(about | numbers, "the evidence").encode()
    script = _text("page.js")
    provenance = [(name, as_text(value, "the provenance")) for name, value in head.provenance.items()]
    page = (
        _environment()
        .get_template(template)
        .render(
            head=head,
            provenance=provenance,
            inside=_inside(shown),
            data_uri=f"data:application/json;base64,{base64.b64encode(data).decode('ascii')}",
            data_name=f"{anchor_of(head.title)}.json",
            data_size=size_text(len(data)),
            style=Markup(_text("page.css")),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
            **content,
        )
    )
    with atomic_file(path) as beside:
        beside.write_text(page, encoding="utf-8")


def _inside(shown: Sequence[ShownResult]) -> str:
    """The number and size of the embedded sounds; empty without any."""
    players = [each for one in shown for each in one.content if each.sounds]
    return sounds_text(players) if players else ""


def _text(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0].strip()


@cache
def _environment() -> Environment:
    """The templates' environment: everything is escaped, and an undefined name raises."""
    environment = Environment(
        loader=PackageLoader("training.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests |= {name: _is_a(kind) for name, kind in KINDS.items()}
    environment.filters |= {
        "tied": tied,
        "seconds": lambda value: f"{number(value, 1)}{THIN}s",
        "table_text": table_text,
        "table_of": table_of,
        "legend": lambda plot: [(swatch_svg(i, plot), line.name) for i, line in enumerate(plot.lines)],
        "svg": lambda shown: plot_svg(shown.content, shown.prefix, _alike(shown)),
        "shaded": lambda shown: shaded(shown.content, _alike(shown)),
        "sounds_text": lambda shown: sounds_text([shown]),
        "paired_goals": paired_goals,
        "paired_content": paired_content,
    }
    return environment


def _is_a(kind: type) -> Callable[[object], bool]:
    return lambda content: isinstance(content, kind)


def _alike(shown: ShownContent) -> Any:
    """The content beside it, if it is of the same kind."""
    return shown.beside if isinstance(shown.beside, type(shown.content)) else None
