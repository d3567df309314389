"""Generated parts of pages written by hand: what stands between two comments in Markdown, written from measurements.

A part begins with `<!-- generated: NAME -->` on a line of its own and ends with `<!-- end of NAME -->`.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import host_delays
import musicgen_blocks

from bench.sae import growth

FOLDER = Path(__file__).parents[1]
DEMO = FOLDER.parent / "training" / "demo"
PART = re.compile(
    r"^<!-- generated: (?P<name>[\w-]+) -->\n.*?^<!-- end of (?P=name) -->$", re.DOTALL | re.MULTILINE
)
PAGES = ("evidence/README.md", "hosts/daw.md", "musicgen/training.md", "make/scale.md")
"""The pages in docs/ that have such parts."""


def filled(text: str, makers: Mapping[str, Callable[[], str]]) -> str:
    """The text with each part made anew. Raises ValueError for a part that has no maker, and KeyError for none at all.

    >>> filled("<!-- generated: pi -->\\nthree\\n<!-- end of pi -->", {"pi": lambda: "3.14"})
    '<!-- generated: pi -->\\n3.14\\n<!-- end of pi -->'
    """

    def part(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in makers:
            raise ValueError(f"nothing makes the part {name!r}: expected one of {', '.join(makers)}")
        return f"<!-- generated: {name} -->\n{makers[name]().strip()}\n<!-- end of {name} -->"

    new, count = PART.subn(part, text)
    if not count:
        raise ValueError("a page of docs/generators/blocks.py has no generated part: leave it out of PAGES")
    return new


def page(name: str) -> str:
    """One of `PAGES`, its parts made anew."""
    return filled((FOLDER / name).read_text(encoding="utf-8"), MAKERS)


def growth_table() -> str:
    """How training grows, from scale_growth.json. Raises ValueError where the measurements don't carry the page's claims."""
    measured = growth.read(FOLDER / "make" / "scale_growth.json")
    growth.require_claims(measured)
    return growth.table(measured)


def planted() -> str:
    """Which share of planted directions each architecture finds, from training/demo/planted.json."""
    measured = json.loads((DEMO / "planted.json").read_text(encoding="utf-8"))
    settings = measured["settings"]
    about = settings["planted"]
    found = []
    for name, seeds in measured["architectures"].items():
        shares = ", ".join(f"{seed['recovered']:.0%}" for seed in seeds.values())
        found.append(f"{name} {shares}")
    return (
        f"Of {about['directions']} directions, {about['active']} of them active in a frame, at {about['snr_db']:.0f} dB, an SAE "
        f"of {settings['n_features']} features finds, seed by seed: {'; '.join(found)}."
    )


MAKERS = {
    "daw-delays": host_delays.table,
    "growth": growth_table,
    "musicgen-layers": musicgen_blocks.layers,
    "musicgen-stops": musicgen_blocks.stops,
    "musicgen-unsteered": musicgen_blocks.unsteered,
    "planted": planted,
}
