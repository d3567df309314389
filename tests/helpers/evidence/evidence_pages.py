"""Pages of evidence, written once for all tests of a module, and the browser that opens them: fixtures alone, as a plugin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.helpers.evidence.evidence_browser import Open, Opened, chromium
from tests.helpers.evidence.evidence_results import HEAD, results, write_tones
from training.evaluation.report.page import PageHead, write_comparison, write_page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    pages: list[Opened] = []

    def call(path: Path, **context: Any) -> Opened:
        pages.append(Opened(browser, path, **context))
        return pages[-1]

    yield call
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    write_tones(folder)
    return folder


@pytest.fixture(scope="module")
def page_file(tones: Path) -> Path:
    path = tones / "page.html"
    write_page(path, results(), HEAD, tones)
    return path


@pytest.fixture(scope="module")
def comparison_file(tones: Path) -> Path:
    path = tones / "comparison.html"
    banks = [("small", results(), tones), ("large", results(0.02)[:4], tones)]
    write_comparison(path, banks, PageHead("Two banks"))
    return path


@pytest.fixture(params=["page_file", "comparison_file"])
def either_file(request: pytest.FixtureRequest) -> Path:
    file: Path = request.getfixturevalue(request.param)
    return file
