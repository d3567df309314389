"""README and docs/: links lead somewhere, command lines are ones that the commands take, and figures say where they are from."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from repository import DOCS, REPOSITORY

from drawstop.cli import COMMANDS, load

PAGES = (REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
FENCE = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub("[`*]", "", heading.strip().lower()))
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    lost = []
    for address in re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    ):
        name, _, anchor = address.partition("#")
        target = (page.parent / name).resolve() if name else page
        if address.startswith(("http", "mailto:")):
            continue
        if not target.exists():
            lost.append(address)
        elif anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            lost += [address] * (anchor not in map(_anchor, headings))
    assert lost == []


def _command_lines() -> list[tuple[str, list[str]]]:
    """Every `drawstop …` of a page's shell examples: the page and the words after `drawstop`."""
    found = []
    for page in PAGES:
        for block in FENCE.findall(page.read_text("utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                match = re.match(r"\s*(?:uv run )?drawstop (.*)", line)
                if match:
                    found.append((page.name, shlex.split(match[1], comments=True)))
    return found


@pytest.mark.slow
def test_every_command_line_of_the_pages_has_a_command_and_options_that_exist() -> None:
    programs: dict[str, Any] = {}
    unknown = []
    lines = _command_lines()
    for page, words in lines:
        name = next(iter(words), "--help")
        if name.startswith("-"):
            continue
        if name not in COMMANDS:
            unknown.append((page, words))
            continue
        if name not in programs:
            programs[name] = load(name)
        known = {
            option
            for parameter in programs[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        used = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
        if used - known - {"-h", "--help"}:
            unknown.append((page, words))
    assert unknown == []
    assert len(lines) >= 30


def test_a_figure_without_a_date_and_a_machine_is_found() -> None:
    program = (
        "import sys; sys.path.insert(0, 'docs/generators'); from dated import undated\n"
        "head = '# Page\\n'\n"
        "assert undated(head + '## Cost\\nIt takes 12 ms.') == [('Cost', '12 ms')]\n"
        "assert undated(head + '## Cost\\nIt falls by −.5 dB.') == [('Cost', '−.5 dB')]\n"
        "assert undated(head + 'AMD EPYC, 2026-11-29\\n## Cost\\nIt takes 12 ms.') == []\n"
        "assert undated(head + '## Cost\\nAMD EPYC, 2026-11-29: 12 ms.\\n## More\\n3 %') == [('More', '3 %')]\n"
        "assert undated(head + '## Cost\\n`sleep 12 s`\\n```\\n3 %\\n```\\n') == []\n"
        "assert undated(head + '<!-- generated: x -->\\n12 ms\\n<!-- end of x -->') == []\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)
