"""The pages as a site: built without a warning, whole without a network, readable on a telephone, by day and by night."""

import io
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sphinx.application import Sphinx

from tests.helpers.evidence.evidence_browser import LOCAL_SCHEMES, Opened, chromium
from tests.helpers.repository import DOCS, REPOSITORY
from tests.helpers.shared import made_once

PHONE, DESK = 390, 1280
SHOWN = (
    "README",
    "docs/reference/commands",
    "docs/reference/mapping",
    "docs/evidence/features",
    "docs/make/own_rave",
    "docs/play/live",
    "docs/hosts/daw",
)
"""README, and the pages with the widest tables and code."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `just site` does: a warning fails."""

    def make(folder: Path) -> Path:
        sphinx = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs/site", ".", folder]
        done = subprocess.run(sphinx, cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return folder

    return made_once(tmp_path_factory, "site", make)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.slow
def test_a_broken_link_and_a_broken_anchor_are_each_a_warning_and_so_an_error(tmp_path: Path) -> None:
    said = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Sphinx's extensions about Sphinx
        app = Sphinx(
            str(REPOSITORY), str(REPOSITORY / "docs" / "site"), str(tmp_path), str(tmp_path), "dummy",
            status=None, warning=said,
        )  # fmt: skip
        app.connect("source-read", spoil)
        app.build()
    lines = said.getvalue().splitlines()
    assert len(lines) == 3, lines
    for name in ("nowhere.md", "no-such-heading", "no_such_file.py"):
        assert [line for line in lines if name in line], lines


def spoil(_app: Sphinx, page: str, source: list[str]) -> None:
    if page == "docs/play/scenes":
        source[0] += "\n[a](nowhere.md) [b](osc.md#no-such-heading) [c](../../tests/no_such_file.py)\n"


@pytest.mark.slow
def test_every_page_is_in_the_navigation_and_no_generator_is_in_the_site(site: Path) -> None:
    text = (site / "README.html").read_text("utf-8")
    pages = [page for page in DOCS.rglob("*.md") if "generators" not in page.parts]
    assert len(pages) > 20
    for page in pages:
        assert page.relative_to(REPOSITORY).with_suffix(".html").as_posix() in text
    for heading in ("Start", "Play", "Make", "Hosts", "MusicGen", "Evidence", "Reference", "Inside"):
        assert f'<span class="caption-text">{heading}</span>' in text
    assert not list(site.rglob("generators*"))
    assert not list(site.rglob("measured*"))


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_the_screen_and_ask_no_network_for_anything(
    site: Path, browser: Browser, width: int, scheme: str
) -> None:
    shown = Opened(
        browser, site / "index.html", viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    shown.page.wait_for_url("**/README.html")
    for name in SHOWN:
        shown.page.goto((site / f"{name}.html").as_uri())
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width, name
        ground = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
        bright = sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(",")))
        assert (bright > 600) is (scheme == "light"), (name, ground)
    shown.page.goto((site / "docs/clips/README.html").as_uri())
    players = shown.page.locator("audio.clip")
    assert players.count() == 31
    players.first.evaluate(
        "player => new Promise((yes, no) => { player.onloadeddata = yes; player.onerror = no; player.load(); })"
    )
    assert shown.said == []
    assert [url for url in shown.asked if not url.startswith(LOCAL_SCHEMES)] == []
    shown.close()


@pytest.mark.slow
def test_the_search_finds_a_page_from_a_folder_without_a_server(site: Path, browser: Browser) -> None:
    shown = Opened(browser, site / "search.html")
    shown.page.goto((site / "search.html").as_uri() + "?q=takeover")
    shown.page.locator("#search-results li a[href*='mapping']").first.wait_for()
    shown.close()
