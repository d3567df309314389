import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from evidence_browser import LOCAL_SCHEMES, Opened, chromium
from evidence_sections import HEAD, sections, write_tone, write_tones
from playwright.sync_api import Browser

from drawstop.base.errors import DrawstopError
from training.evidence.page.pages import PageHead, write_comparison, write_page
from training.evidence.section import (
    Estimate,
    Goal,
    Line,
    Matrix,
    Players,
    Plot,
    Section,
    Sound,
    Table,
    from_json,
)

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
PLAYED_SECONDS = 0.2
"""So long a sound has to play: longer than a seek or a rounding."""
DATA_URI_LIMIT_BYTES = 2 * 2**20
"""Longer URLs are cut off by Chromium when it downloads them."""

Open = Callable[..., Opened]


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
    write_page(path, sections(), HEAD, tones)
    return path


@pytest.fixture(scope="module")
def comparison_file(tones: Path) -> Path:
    path = tones / "comparison.html"
    banks = [("small", sections(), tones), ("large", sections(0.02)[:4], tones)]
    write_comparison(path, banks, PageHead("Two banks"))
    return path


@pytest.fixture(params=["page_file", "comparison_file"])
def either_file(request: pytest.FixtureRequest) -> Path:
    file: Path = request.getfixturevalue(request.param)
    return file


def one(*blocks: Table | Plot | Matrix | Players, **fields: Any) -> Section:
    return Section("one", "One", "Is it?", "It is.", blocks, **fields)


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


def column_of(shown: Opened, number: int) -> list[str]:
    cells = shown.page.locator(".scroll.long tbody tr:not([hidden])").locator(f":nth-child({number})")
    return cells.locator(".value").all_inner_texts()


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


def downloaded(shown: Opened, into: Path) -> dict[str, Any]:
    with shown.page.expect_download() as download:
        shown.page.get_by_role("link", name="Download the numbers").click()
    assert download.value.suggested_filename == "the-demo-bank.json"
    download.value.save_as(into)
    content: dict[str, Any] = json.loads(into.read_text("utf-8"))
    return content


def test_the_download_holds_all_sections(opened: Open, page_file: Path, tmp_path: Path) -> None:
    content = downloaded(opened(page_file), tmp_path / "numbers.json")
    assert [from_json(each) for each in content["sections"]] == list(sections())
    assert content["provenance"] == HEAD.provenance


def test_numbers_longer_than_a_url_are_downloaded_too(opened: Open, tmp_path: Path) -> None:
    section = one(figures={"values": ["0123456789" * 100] * 2500})
    write_page(tmp_path / "page.html", [section], HEAD, tmp_path)
    content = downloaded(opened(tmp_path / "page.html"), tmp_path / "numbers.json")
    assert (tmp_path / "numbers.json").stat().st_size > DATA_URI_LIMIT_BYTES
    assert from_json(content["sections"][0]) == section


def test_without_scripts_everything_is_there(opened: Open, page_file: Path, tmp_path: Path) -> None:
    shown = opened(page_file, java_script_enabled=False)
    assert len(column_of(shown, 1)) == 36
    assert shown.page.locator("audio[controls]").count() == 65
    assert shown.page.get_by_role("searchbox").count() == 0
    assert shown.page.locator("button").count() == 0
    numbers = shown.page.locator("details.numbers").first
    numbers.locator("summary").click()
    assert numbers.get_by_role("row").nth(1).is_visible()
    href = shown.page.get_by_role("link", name="Download the numbers").get_attribute("href") or ""
    content = json.loads(base64.b64decode(href.removeprefix("data:application/json;base64,")))
    assert [from_json(each) for each in content["sections"]] == list(sections())


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


def test_the_summary_says_each_answer_and_each_goal(opened: Open, page_file: Path) -> None:
    summary = opened(page_file).page.locator("#page-summary")
    said = summary.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "4 of 6 goals reached" in said
    for section in sections():
        assert section.answer in said
    rows = summary.get_by_role("row").all_inner_texts()
    verdicts = [row.split()[0] for row in rows[1:]]
    assert verdicts == ["missed", "reached", "reached", "missed", "reached", "reached"]


def test_compared_blocks_of_one_title_stand_beside_each_other(opened: Open, comparison_file: Path) -> None:
    page = opened(comparison_file, viewport=DESKTOP).page
    left, right = (
        page.get_by_label(f"Is the space separable?, {name}: What moves what").bounding_box()
        for name in ("small", "large")
    )
    assert left and right
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]


def test_compared_goals_stand_in_one_row(opened: Open, comparison_file: Path) -> None:
    row = opened(comparison_file).page.locator("#page-summary").get_by_role("row", name="90 %, voice")
    assert row.get_by_role("cell").all_inner_texts() == [
        "missed\n12\N{NO-BREAK SPACE}%",
        "missed\n10\N{NO-BREAK SPACE}%",
    ]


def test_what_one_bank_lacks_is_said(opened: Open, comparison_file: Path) -> None:
    atlas = opened(comparison_file).page.locator("#atlas")
    assert atlas.get_by_text("Not measured.").count() == 3


def test_compared_plots_have_the_same_axes(opened: Open, tmp_path: Path) -> None:
    plots = [one(Plot("Grows", "x", "y", (Line("a", (0.0, top), (0.0, top)),))) for top in (1.0, 50.0)]
    write_comparison(
        tmp_path / "page.html", [("a", plots[:1], tmp_path), ("b", plots[1:], tmp_path)], PageHead("Two")
    )
    page = opened(tmp_path / "page.html").page
    first, second = (
        picture.locator("text").all_text_contents() for picture in page.locator(".picture").all()
    )
    assert first == second and "50" in first


def test_the_same_inputs_give_the_same_bytes(page_file: Path, tones: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "again.html", sections(), HEAD, tones)
    assert (tmp_path / "again.html").read_bytes() == page_file.read_bytes()


HOSTILE = (
    '"><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"> {{ 7 * 7 }} </script> '
    + "w" * 90
)


def test_hostile_names_are_only_shown(opened: Open, tmp_path: Path) -> None:
    name = f"{HOSTILE[:90]}.wav".replace("/", "")
    write_tone(tmp_path / name, 440, 0.1)
    section = Section(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (
            Table(
                HOSTILE, (HOSTILE, HOSTILE), ((HOSTILE, Estimate(0.5, 0.4, 0.6, 3)),) * 31, HOSTILE, HOSTILE
            ),
            Plot(HOSTILE, HOSTILE, HOSTILE, (Line(HOSTILE, (1.0,), (2.0,)),), note=HOSTILE),
            Matrix(HOSTILE, (HOSTILE,), (HOSTILE,), ((1.0,),), HOSTILE, HOSTILE, 0.0, HOSTILE),
            Players(HOSTILE, ((Sound(HOSTILE, name),),), HOSTILE),
        ),
        (Goal(HOSTILE, HOSTILE, True),),
        {HOSTILE: HOSTILE},
        {HOSTILE: [HOSTILE]},
    )
    head = PageHead(HOSTILE, (HOSTILE,), {HOSTILE: {HOSTILE: HOSTILE}}, HOSTILE)
    write_page(tmp_path / "page.html", [section], head, tmp_path)
    shown = opened(tmp_path / "page.html")
    shown.page.get_by_role("searchbox").fill("nothing")
    assert shown.page.evaluate("window.hacked") is None
    assert shown.page.locator("img").count() == 0
    assert shown.page.locator("script").count() == 1
    assert shown.page.locator("h1").inner_text() == HOSTILE
    assert shown.page.locator(".legend").inner_text() == HOSTILE
    assert shown.said == []
    shown.open_details()
    shown.page.set_viewport_size({"width": 360, "height": 740})
    assert shown.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize(
    "path, says",
    [
        ("gone.flac", "No such file"),
        ("../outside.wav", "inside"),
        ("text.wav", "as a sound"),
        ("tone.mp3", r"\.flac or \.wav"),
    ],
)
def test_a_sound_that_cannot_be_shown_is_refused(tmp_path: Path, path: str, says: str) -> None:
    folder = tmp_path / "evidence"
    write_tone(tmp_path / "outside.wav", 440, 0.1)
    write_tone(folder / "inside.wav", 440, 0.1)
    (folder / "text.wav").write_text("no sound")
    (tmp_path / "page.html").write_text("the last page")
    section = one(Players("Loudest moments", ((Sound("a", "inside.wav"), Sound("b", path)),)))
    with pytest.raises(DrawstopError, match=says) as caught:
        write_page(tmp_path / "page.html", [section], HEAD, folder)
    assert "'Loudest moments'" in str(caught.value)
    assert (tmp_path / "page.html").read_text() == "the last page"


@pytest.mark.parametrize(
    "wrong, says",
    [
        ([], "at least one section"),
        ([one(), one()], "different slugs"),
        ([one(figures={"auroc": float("nan")})], "'one'.*None for what couldn't"),
        ([one(settings={"seed": {1}})], "'one'"),
        ([one(Plot("Grows", "x", "y", (Line("a", (1.0, 2.0), (1.0,)),)))], "'Grows' expected as many"),
        ([one(Table("Rows", ("a", "b"), (("only one",),)))], "'Rows' expected 2 cells"),
        ([one(Matrix("Pairs", ("a",), ("b", "c"), ((1.0,),)))], "'Pairs' expected 1 rows of 2"),
    ],
)
def test_what_makes_no_page_is_refused(tmp_path: Path, wrong: list[Section], says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        write_page(tmp_path / "page.html", wrong, HEAD, tmp_path)


@pytest.mark.parametrize(
    "names, says", [(("a", "a"), "different names"), (("a", "b"), "none that 'a' and 'b'")]
)
def test_what_makes_no_comparison_is_refused(tmp_path: Path, names: tuple[str, str], says: str) -> None:
    banks = [(name, [replace(one(), slug=f"s{i}")], tmp_path) for i, name in enumerate(names)]
    with pytest.raises(DrawstopError, match=says):
        write_comparison(tmp_path / "page.html", banks, HEAD)
