"""What a page of evidence holds: every section, goal and number, two banks beside each other; what makes no page is refused."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drawstop.errors import DrawstopError
from tests.helpers.evidence.evidence_browser import PHONE, Open, Opened, column_of, one
from tests.helpers.evidence.evidence_results import HEAD, results, write_tone
from training.evaluation.report.page import PageHead, write_comparison, write_page
from training.evaluation.results import (
    AudioPlayers,
    Goal,
    Line,
    Matrix,
    Plot,
    Result,
    Sound,
    Table,
    from_json,
)
from training.metrics.bootstrap import Estimate

pytest_plugins = ["tests.helpers.evidence.evidence_pages"]

DATA_URI_LIMIT_BYTES = 2 * 2**20
"""Longer URLs are cut off by Chromium when it downloads them."""


def downloaded(shown: Opened, into: Path) -> dict[str, Any]:
    with shown.page.expect_download() as download:
        shown.page.get_by_role("link", name="Download the numbers").click()
    assert download.value.suggested_filename == "the-example-bank.json"
    download.value.save_as(into)
    content: dict[str, Any] = json.loads(into.read_text("utf-8"))
    return content


def test_the_download_holds_all_sections(opened: Open, page_file: Path, tmp_path: Path) -> None:
    content = downloaded(opened(page_file), tmp_path / "numbers.json")
    assert [from_json(each) for each in content["sections"]] == list(results())
    assert content["provenance"] == HEAD.provenance


def test_numbers_longer_than_a_url_are_downloaded_too(opened: Open, tmp_path: Path) -> None:
    result = one(metrics={"values": ["0123456789" * 100] * 2500})
    write_page(tmp_path / "page.html", [result], HEAD, tmp_path)
    content = downloaded(opened(tmp_path / "page.html"), tmp_path / "numbers.json")
    assert (tmp_path / "numbers.json").stat().st_size > DATA_URI_LIMIT_BYTES
    assert from_json(content["sections"][0]) == result


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
    assert [from_json(each) for each in content["sections"]] == list(results())


def test_the_summary_says_each_answer_and_each_goal(opened: Open, page_file: Path) -> None:
    summary = opened(page_file).page.locator("#page-summary")
    said = summary.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "4 of 6 goals reached" in said
    for result in results():
        assert result.answer in said
    rows = summary.get_by_role("row").all_inner_texts()
    verdicts = [row.split()[0] for row in rows[1:]]
    assert verdicts == ["missed", "reached", "reached", "missed", "reached", "reached"]


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


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes(page_file: Path, tones: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "again.html", results(), HEAD, tones)
    assert (tmp_path / "again.html").read_bytes() == page_file.read_bytes()


HOSTILE = (
    '"><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"> {{ 7 * 7 }} </script> '
    + "w" * 90
)


def test_hostile_names_are_only_shown(opened: Open, tmp_path: Path) -> None:
    name = f"{HOSTILE[:90]}.wav".replace("/", "")
    write_tone(tmp_path / name, 440, 0.1)
    result = Result(
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
            AudioPlayers(HOSTILE, ((Sound(HOSTILE, name),),), HOSTILE),
        ),
        (Goal(HOSTILE, HOSTILE, True),),
        {HOSTILE: HOSTILE},
        {HOSTILE: [HOSTILE]},
    )
    head = PageHead(HOSTILE, (HOSTILE,), {HOSTILE: {HOSTILE: HOSTILE}}, HOSTILE)
    write_page(tmp_path / "page.html", [result], head, tmp_path)
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
    result = one(AudioPlayers("Loudest moments", ((Sound("a", "inside.wav"), Sound("b", path)),)))
    with pytest.raises(DrawstopError, match=says) as caught:
        write_page(tmp_path / "page.html", [result], HEAD, folder)
    assert "'Loudest moments'" in str(caught.value)
    assert (tmp_path / "page.html").read_text() == "the last page"


@pytest.mark.parametrize(
    "wrong, says",
    [
        ([], "at least one result"),
        ([one(), one()], "different slugs"),
        ([one(metrics={"auroc": float("nan")})], "'one'.*None for what couldn't"),
        ([one(settings={"seed": {1}})], "'one'"),
        ([one(Plot("Grows", "x", "y", (Line("a", (1.0, 2.0), (1.0,)),)))], "'Grows' expected as many"),
        ([one(Table("Rows", ("a", "b"), (("only one",),)))], "'Rows' expected 2 cells"),
        ([one(Matrix("Pairs", ("a",), ("b", "c"), ((1.0,),)))], "'Pairs' expected 1 rows of 2"),
    ],
)
def test_what_makes_no_page_is_refused(tmp_path: Path, wrong: list[Result], says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        write_page(tmp_path / "page.html", wrong, HEAD, tmp_path)


@pytest.mark.parametrize(
    "names, says", [(("a", "a"), "different names"), (("a", "b"), "none that 'a' and 'b'")]
)
def test_what_makes_no_comparison_is_refused(tmp_path: Path, names: tuple[str, str], says: str) -> None:
    banks = [(name, [replace(one(), slug=f"s{i}")], tmp_path) for i, name in enumerate(names)]
    with pytest.raises(DrawstopError, match=says):
        write_comparison(tmp_path / "page.html", banks, HEAD)
