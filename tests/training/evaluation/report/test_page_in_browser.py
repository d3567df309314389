"""How a page of evidence behaves in a real browser: quiet, accessible, on a phone and on paper; sounds, sorting, filtering."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.helpers.evidence.evidence_browser import LOCAL_SCHEMES, PHONE, Open, column_of

pytest_plugins = ["tests.helpers.evidence.evidence_pages"]

DESKTOP = {"width": 1280, "height": 900}
PLAYED_SECONDS = 0.2
"""So long a sound has to play: longer than a seek or a rounding."""


def test_opens_with_a_quiet_console_and_asks_nobody_for_anything(opened: Open, either_file: Path) -> None:
    shown = opened(either_file)
    shown.open_details()
    for audio in shown.page.locator("audio").all()[:2]:
        audio.evaluate("audio => audio.play()")
    assert shown.said == []
    assert all(url.startswith(LOCAL_SCHEMES) for url in shown.asked), shown.asked
    assert "://" not in either_file.read_text("utf-8").replace("http://www.w3.org/", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(opened: Open, either_file: Path, scheme: str) -> None:
    shown = opened(either_file, color_scheme=scheme, viewport=DESKTOP)
    shown.open_details()
    results = Axe().run(shown.page)
    assert results.violations_count == 0, results.generate_report()


def test_light_and_dark_differ(opened: Open, page_file: Path) -> None:
    colours = {
        scheme: opened(page_file, color_scheme=scheme).page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, "
            "getComputedStyle(document.querySelector('.picture text')).fill]"
        )
        for scheme in ("light", "dark")
    }
    assert colours["light"][0] != colours["dark"][0]
    assert colours["light"][1] != colours["dark"][1]


def test_a_phone_scrolls_down_and_not_sideways(opened: Open, either_file: Path) -> None:
    shown = opened(either_file, viewport=PHONE)
    shown.open_details()
    assert shown.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_wide_tables_scroll_in_a_box_of_their_own(opened: Open, page_file: Path) -> None:
    box = opened(page_file, viewport=PHONE).page.get_by_label("What moves what")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert box.get_attribute("tabindex") == "0"


def test_every_identifier_comes_once(opened: Open, either_file: Path) -> None:
    ids = opened(either_file).page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("label", ["guitar at −1", "feature 0, moment 1"], ids=["flac", "wav"])
def test_a_sound_plays(opened: Open, page_file: Path, label: str) -> None:
    page = opened(page_file).page
    audio = page.get_by_label(label, exact=True).element_handle()
    audio.evaluate("audio => audio.play()")
    page.wait_for_function(f"audio => audio.currentTime > {PLAYED_SECONDS}", arg=audio)
    assert audio.evaluate("audio => audio.error === null && audio.readyState >= 2")


def test_one_sound_plays_at_a_time(opened: Open, page_file: Path) -> None:
    page = opened(page_file).page
    first, second = (
        page.get_by_label(label, exact=True).element_handle() for label in ("as played", "guitar at +1")
    )
    for audio in (first, second):
        audio.evaluate("audio => audio.play()")
        page.wait_for_function("audio => audio.currentTime > 0", arg=audio)
    assert first.evaluate("audio => audio.paused")
    assert not second.evaluate("audio => audio.paused")


def test_a_long_table_sorts_by_number_and_by_name(opened: Open, page_file: Path) -> None:
    shown = opened(page_file)
    heading = shown.page.get_by_role("columnheader", name="Brightness r", exact=True)
    for order in ("descending", "ascending"):
        heading.get_by_role("button").click()
        *values, last = column_of(shown, 4)
        floats = [float(value.replace("−", "-")) for value in values]
        assert floats == sorted(floats, reverse=order == "descending")
        assert len(floats) == 35 and last == "–"
        assert heading.get_attribute("aria-sort") == order
    shown.page.get_by_role("button", name="Sounds like", exact=True).click()
    names = column_of(shown, 2)
    assert names == sorted(names) and names[0] != names[-1]
    assert heading.get_attribute("aria-sort") is None


def test_a_long_table_and_its_sounds_are_filtered(opened: Open, page_file: Path) -> None:
    shown = opened(page_file)
    table, players = shown.page.get_by_role("searchbox").all()
    table.fill("breath 0.0")
    kept = column_of(shown, 2)
    assert 0 < len(kept) < 36 and set(kept) == {"breath"}
    assert shown.page.get_by_role("status").first.inner_text() == f"{len(kept)} of 36 rows"
    table.fill("")
    assert len(column_of(shown, 2)) == 36
    players.fill("feature 30,")
    assert shown.page.locator(".players.long audio:visible").count() == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_details_are_open_and_sounds_are_named(opened: Open, page_file: Path, scripts: bool) -> None:
    page = opened(page_file, java_script_enabled=scripts, color_scheme="dark").page
    row = page.locator("details.numbers").first.locator("tbody tr").first
    assert not row.is_visible()
    page.emulate_media(media="print")
    box = row.bounding_box()
    assert box is not None and box["height"] > 10
    assert page.locator("audio:visible").count() == 0
    assert page.get_by_text("guitar at −1").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_the_first_tab_skips_to_the_evidence(opened: Open, page_file: Path) -> None:
    page = opened(page_file).page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the evidence")
    assert skip.evaluate("link => link === document.activeElement")
    assert (skip.bounding_box() or {"x": -1})["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_compared_blocks_of_one_title_stand_beside_each_other(opened: Open, comparison_file: Path) -> None:
    page = opened(comparison_file, viewport=DESKTOP).page
    left, right = (
        page.get_by_label(f"Is the space separable?, {name}: What moves what").bounding_box()
        for name in ("small", "large")
    )
    assert left and right
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
