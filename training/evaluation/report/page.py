"""Writes a page of evidence: one file that needs nothing else, neither a network nor a script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from training.evaluation.report.block_views import PlayersView
from training.evaluation.report.numbers import size_text, tied
from training.evaluation.report.section_views import (
    SectionView,
    anchor_of,
    as_json,
    as_text,
    paired,
    section_views,
)
from training.evaluation.results import Section, to_json

Bank: TypeAlias = tuple[str, Sequence[Section], Path]
"""A bank's name, its sections, and the folder that their sounds' paths are relative to."""


@dataclass(frozen=True)
class PageHead:
    """What stands above the evidence.

    Attributes:
        title: what the page is about: the bank's name.
        subtitle: lines below it.
        provenance: what made the figures: versions, seeds, fingerprints, counts.
        made: the date, as the caller says it: the same inputs give the same bytes.
    """

    title: str
    subtitle: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    made: str = ""


def write_page(path: Path, sections: Sequence[Section], head: PageHead, folder: Path) -> None:
    """Writes one bank's evidence.

    Args:
        folder: what the sounds' paths are relative to.

    Raises:
        DrawstopError: no section at all, two of one slug, a sound that is missing or is none, figures that JSON can't
            hold, or `path` can't be written.
    """
    if not sections:
        raise DrawstopError("a page of evidence expected at least one section, got none: measure first")
    views = section_views(sections, folder)
    numbers = {"sections": [to_json(section) for section in sections]}
    _write(path, "page.html.j2", head, numbers, views, sections=views)


def write_comparison(path: Path, banks: Sequence[Bank], head: PageHead) -> None:
    """Writes the evidence of two banks: what has the same slug and the same title stands beside each other.

    Raises:
        DrawstopError: not two banks of different names, no section that both have, or what `write_page` raises.
    """
    if len(banks) != 2 or banks[0][0] == banks[1][0]:
        given = ", ".join(repr(name) for name, _, _ in banks) or "none"
        raise DrawstopError(f"a comparison expected two banks of different names, got {given}")
    names = (banks[0][0], banks[1][0])
    first, second = (
        section_views(sections, folder, name, beside)
        for (name, sections, folder), (_, beside, _) in ((banks[0], banks[1]), (banks[1], banks[0]))
    )
    pairs = paired(first, second)
    if not any(all(pair.sides) for pair in pairs):
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
    views: Iterable[SectionView],
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
            inside=_inside(views),
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


def _inside(views: Iterable[SectionView]) -> str:
    """What the file holds in sounds; empty without any."""
    players = [block for view in views for block in view.blocks if isinstance(block, PlayersView)]
    sounds = sum(len(row) for block in players for row in block.rows)
    size = size_text(sum(block.size_bytes for block in players))
    return f"{sounds} sounds, {size}" if sounds else ""


def _text(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0].strip()


@cache
def _environment() -> Environment:
    """Escapes whatever the templates show, and refuses a name that isn't there."""
    environment = Environment(
        loader=PackageLoader("training.evaluation.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tied"] = tied
    return environment
