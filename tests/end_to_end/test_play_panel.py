"""`play --panel` as a performer uses it: with JACK, a real Chromium, a surface by UDP and a MIDI box."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.controllers.oscquery.zeroconf import addresses_of
from realtime.recording.replay import replay
from realtime.recording.session_file import read_session
from tests.helpers.control.midi_controller import Controller, cc
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.evidence.evidence_browser import PHONE, chromium
from tests.helpers.programs.live_player import Playing
from tests.helpers.waiting import PATIENCE_S, wait_for

PATIENCE_MS = 1000 * PATIENCE_S
GUITAR = "#stops stop-knob >> nth=0"

expect.set_options(timeout=PATIENCE_MS)
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.usefixtures("playing_ends")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def started(jack: JackServer, instrument: Path, web: int, *options: object) -> Playing:
    osc = free_port()
    # without --headless: errors go to no terminal here, so the address is printed all the same
    playing = Playing(
        jack, instrument, "--block", 512, "--osc", osc, "--oscquery", web, "--panel", *options
    )  # fmt: skip
    playing.osc = osc  # type: ignore[attr-defined]
    playing.wait_until_said(f":{web}/panel/")
    return playing


def opened(browser: Browser, web: int, **context: object) -> tuple[Page, list[str]]:
    page, said = browser.new_context(**context).new_page(), list[str]()  # type: ignore[arg-type]
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"http://127.0.0.1:{web}/panel/")
    expect(page.locator("#state")).to_be_hidden()
    expect(page.locator("#stops stop-knob")).to_have_count(2)
    return page, said


def value_of(knob: Locator) -> float:
    return float(knob.get_attribute("aria-valuenow") or "nan")


def test_knobs_scenes_and_a_learned_box_move_the_sound_and_every_client_is_sent_it(
    small: Path, tmp_path: Path, jack: JackServer, browser: Browser
) -> None:
    web, takes = free_port(), tmp_path / "takes"
    playing = started(jack, small, web, "--takes", takes, "--scenes", tmp_path / "scenes.toml")
    surface = UdpPeer(playing.osc)  # type: ignore[attr-defined]
    surface.send_message("/subscribe", [])
    page, said = opened(browser, web, viewport={"width": 1280, "height": 900})
    guitar, voice = page.locator(GUITAR), page.locator("#stops stop-knob >> nth=1")

    surface.send_message("/stop/voice/ramp", [1.0, 600.0])  # on its way when the recording begins
    expect(voice).to_have_attribute("aria-valuetext", "+1.00")
    page.get_by_label("Name", exact=True).fill("Vers/1: été")
    page.get_by_role("button", name="Record", exact=True).click()
    end = page.get_by_role("button", name="End", exact=True)
    expect(end).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#session")).to_have_text(f"into {takes / 'Vers-1-été'}")

    box = guitar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] - 5, steps=10)  # 55 of 220 pixels: half of 1
    page.mouse.up()
    assert value_of(guitar) == 0.5
    received(surface, "/stop/guitar", 0.5)
    guitar.press("Shift+ArrowDown")
    received(surface, "/stop/guitar", 0.498)
    voice.press("Home")
    received(surface, "/stop/voice", -1.0)
    surface.send_message("/stop/voice", 0.25)
    expect(voice).to_have_attribute("aria-valuetext", "+0.25")

    page.get_by_label("Store as").fill("Vers 1, été")
    page.get_by_role("button", name="Store", exact=True).click()
    scene = page.get_by_role("button", name="Vers 1, été", exact=True)
    expect(scene).to_be_visible()
    guitar.dblclick()
    received(surface, "/stop/guitar", 0.0)
    scene.click()
    received(surface, "/stop/guitar", 0.498)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Rename Vers 1, été").click()
    page.get_by_label("Its name").fill("Chorus")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("button", name="Chorus", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(scene).to_be_visible()

    page.get_by_role("button", name="Learn a controller for Voice").click()
    expect(page.get_by_text("Turn its knob …")).to_be_visible()
    knob = Controller(jack, "Box")
    try:
        playing.wait_until_said("MIDI Box:out is here")
        knob.send(*cc(33, *range(0, 128, 4), *range(127, 40, -4)), pace_s=0.01)
        expect(page.get_by_text("Turn its knob …")).to_have_count(0)
        knob.send(*cc(33, 40, 90, 127))
        expect(voice).to_have_attribute("aria-valuetext", "+1.00")
        expect(page.locator("#moved")).to_contain_text("Voice by")
    finally:
        knob.pull()

    expect(page.locator("#recorded")).to_have_text(re.compile(r"^[1-9]?\d:\d\d$"))
    end.click()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    page.get_by_role("button", name="Panic").click()
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    expect(guitar).to_have_attribute("aria-valuetext", "0.00")
    expect(page.locator("#spectra")).to_be_visible()
    surface.close()
    page.context.close()
    code, _, err = playing.interrupt()
    assert code == 0, err
    session = read_session(takes / "Vers-1-été")
    assert session.input.shape == session.output.shape and session.input.shape[1] > session.about.sample_rate
    np.testing.assert_array_equal(replay(session), session.output)
    moved = [(event.slug, round(event.value, 3)) for event in session.events]
    assert not any(slug.startswith("engine.") for slug, _ in moved)  # panic came after its end
    for each in (("guitar", 0.5), ("guitar", 0.498), ("guitar", 0.0), ("voice", -1.0), ("voice", 1.0)):
        assert each in moved
    assert said == []


def received(surface: UdpPeer, address: str, value: float) -> None:
    """Wait until a surface has been sent this value."""
    while abs(surface.receive_until(address).params[0] - value) > 1e-6:
        pass


def test_no_violation_by_axe_no_sideways_scrolling_and_the_page_comes_back_with_the_engine(
    small: Path, jack: JackServer, browser: Browser
) -> None:
    web = free_port()
    playing = started(jack, small, web)
    for scheme, viewport in (("dark", PHONE), ("light", {"width": 1280, "height": 900})):
        page, _ = opened(browser, web, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    page.locator(GUITAR).press("End")
    playing.close()  # as if it had crashed
    expect(page.locator("#state")).to_contain_text("Trying again")
    playing = started(jack, small, web, "--set", "voice=-0.5", "--panel-open")
    expect(page.locator("#state")).to_be_hidden()
    expect(page.locator(GUITAR)).to_have_attribute("aria-valuetext", "0.00")
    expect(page.locator("#stops stop-knob >> nth=1")).to_have_attribute("aria-valuetext", "−0.50")
    if addresses_of("0.0.0.0"):
        a_telephone_comes_in_with_the_code_alone(browser, playing)
    page.locator(GUITAR).press("Home")
    expect(page.locator(GUITAR)).to_have_attribute("aria-valuetext", "−1.00")
    code, _, err = playing.interrupt()
    assert code == 0, err
    wait_for(lambda: "Trying again" in page.locator("#state").inner_text(), "the end")


def a_telephone_comes_in_with_the_code_alone(browser: Browser, playing: Playing) -> None:
    address = "".join(playing._said["err"]).split("The panel is at ")[1].split()[0]
    page = browser.new_context(viewport=PHONE, has_touch=True).new_page()  # type: ignore[arg-type]
    refused = page.goto(address.partition("?")[0])
    assert refused is not None and refused.status == 403
    page.goto(address)
    expect(page.locator("#state")).to_be_hidden()
    assert "code" not in page.url
    surface = UdpPeer(playing.osc)  # type: ignore[attr-defined]
    surface.send_message("/subscribe", [])
    page.locator(GUITAR).press("End")
    received(surface, "/stop/guitar", 1.0)
    page.reload()
    expect(page.locator(GUITAR)).to_have_attribute("aria-valuetext", "+1.00")
    surface.close()
    stranger = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    used = stranger.goto(address)
    assert used is not None and used.status == 403 and "scan the present one" in stranger.content()
    playing.wait_until_said("has come in. For the next one:")
    following = "".join(playing._said["err"]).split("For the next one: ")[1].split()[0]
    assert following != address
    stranger.goto(following)
    expect(stranger.locator(GUITAR)).to_have_attribute("aria-valuetext", "+1.00")
    for each in (page, stranger):
        each.context.close()
