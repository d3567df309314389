"""README and docs/: links lead somewhere, pages say what they are for, and figures say where they are from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.programs.printed_commands import PAGES
from tests.helpers.repository import DOCS, REPOSITORY


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


def test_every_page_begins_with_what_a_reader_can_do_after_reading_it() -> None:
    silent = []
    for page in DOCS.rglob("*.md"):
        text = re.sub(r"<!--.*?-->", "", page.read_text("utf-8"), flags=re.DOTALL)
        title, first, *_ = (part.strip() for part in text.split("\n\n") if part.strip())
        if "generators" not in page.parts and not (
            title[:2] == "# " and re.match(r"After (reading this|this page) you ", first)
        ):
            silent.append(page.name)
    assert silent == []


@pytest.mark.slow
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
