"""A headless Chromium that opens a results page, and what can be read from it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.helpers.programs.programs import need_program
from training.evaluation.results import AudioPlayers, Matrix, Plot, Result, Table

ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root, as CI does, without it
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]
LOCAL_SCHEMES = ("file:", "data:", "blob:")
PHONE = {"width": 360, "height": 740}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips the test without one, in CI fails it."""
    need_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """An opened page, with its console messages and its network requests."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self.page: Page = browser.new_context(**context).new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url[:100]))
        self.page.goto(path.as_uri())

    def open_details(self) -> None:
        """Opens every closed part."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    def close(self) -> None:
        """Closes the page."""
        self.page.context.close()


Open = Callable[..., Opened]


def one(*blocks: Table | Plot | Matrix | AudioPlayers, **fields: Any) -> Result:
    return Result("one", "One", "Is it?", "It is.", blocks, **fields)


def column_of(shown: Opened, number: int) -> list[str]:
    cells = shown.page.locator(".scroll.long tbody tr:not([hidden])").locator(f":nth-child({number})")
    return cells.locator(".value").all_inner_texts()
