"""Figures in pages written by hand: each stands in a generated part, or where a date and a machine say what it was measured on.

A section may say instead that its figures are the code's own settings and limits, by the comment `SETTINGS`.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import blocks

ROOT = Path(__file__).parents[2]
SETTINGS = "<!-- figures: settings -->"
FIGURE = re.compile(
    r"(?<![\w.,/–-])[-−+±]?(?:\d[\d,]*)?\.?\d+\s?(?:%|dB(?:FS)?\b|ms\b|s\b|seconds?\b|minutes?\b|hours?\b|[kMG]B\b)"
)
DATE = re.compile(r"\b20\d\d-[01]\d-[0-3]\d\b")
MACHINE = re.compile(r"\b(?:AMD|Intel|Apple|NVIDIA|EPYC)\b")
NO_PROSE = re.compile(r"```.*?^```$|`[^`\n]*`|\]\([^)]*\)", re.DOTALL | re.MULTILINE)


def undated(text: str) -> list[tuple[str, str]]:
    """The sections with a figure of unknown origin: heading and first such figure.

    What a page says of date and machine before its second heading holds for the whole page.

    >>> undated("# Page\\n## Cost\\nIt takes 12 ms.")
    [('Cost', '12 ms')]
    >>> undated("# Page\\nOn an AMD EPYC, 2026-11-29.\\n## Cost\\nIt takes 12 ms.")
    []
    """
    found = []
    whole, *sections = re.split(r"^##+ ", blocks.PART.sub("", text), flags=re.MULTILINE)
    for section in [] if _known(whole) else [whole, *sections]:
        figure = FIGURE.search(NO_PROSE.sub(" ", section))
        if figure and not _known(section):
            found.append((section.partition("\n")[0].lstrip("# "), figure[0].strip()))
    return found


def complaints(generated: Collection[str]) -> Iterator[str]:
    """One line for each section of README and docs/ with a figure of unknown origin.

    Args:
        generated: names of pages in docs/ that are wholly generated.
    """
    docs = ROOT / "docs"
    for path in (ROOT / "README.md", *sorted(docs.rglob("*.md"))):
        name = path.relative_to(docs if path.is_relative_to(docs) else ROOT).as_posix()
        if name in generated:
            continue
        for heading, figure in undated(path.read_text(encoding="utf-8")):
            yield f"{name}, {heading!r}: {figure} has no date (2026-11-29) and machine, and isn't generated (docs/generators/dated.py)"


def _known(section: str) -> bool:
    return SETTINGS in section or bool(DATE.search(section) and MACHINE.search(section))
