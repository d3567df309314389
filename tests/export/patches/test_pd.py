import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from export.patches.content import RAMP_SECONDS, PatchContent
from export.patches.pd.help_patches import help_canvases
from export.patches.pd.play_patch import play_canvas
from realtime.controllers.mapping.curves import Response
from realtime.controllers.midi.source import ControllerInput, MidiSource
from tests.helpers.patch_descriptions import description
from tests.helpers.programs import pd_host
from tests.helpers.repository import REPOSITORY

pytestmark = pytest.mark.live

MODEL = "organ.ts"
PAGE = REPOSITORY / "docs" / "hosts" / "puredata.md"
LEVEL_TOLERANCE_DB = 0.1
"""env~ measures through a window."""
SHAPES = [(1, 1, 4), (1, 2, 128), (2, 2, 4), (2, 16, 16)]
"""Channels, stops, latents."""


def value_of(data: int) -> float:
    """A controller's data as our engine takes them."""
    return Response()(ControllerInput(MidiSource("cc", 20), data).position)


@pytest.fixture(autouse=True)
def _pd(needs_program: Callable[[str], None]) -> None:
    needs_program("pd")


def play(folder: Path, content: PatchContent) -> str:
    pd_host.write_stubs(folder, content.description)
    return pd_host.stubbed(play_canvas(content, MODEL).render(), MODEL)


def sent(folder: Path, content: PatchContent, steps: list[pd_host.Step]) -> list[list[str]]:
    """What nn~ got when the patch opened, and after each step."""
    lines = pd_host.run(play(folder, content), folder, steps)
    assert pd_host.unexpected_lines(lines) == []
    return pd_host.by_step(lines)


@pytest.mark.parametrize("channels, stops, latents", SHAPES)
def test_every_pd_patch_opens_without_an_unexpected_line(
    channels: int, stops: int, latents: int, tmp_path: Path
) -> None:
    content = PatchContent(description(channels, stops, latents), MODEL)
    pd_host.write_stubs(tmp_path, content.description)
    patches = {"play": pd_host.stubbed(play_canvas(content, MODEL).render(), MODEL)}
    for name, canvas in help_canvases(content, f"../{MODEL}").items():
        patches[f"help {name}"] = pd_host.stubbed(canvas.render(), f"../{MODEL}")
    unexpected = {
        name: pd_host.unexpected_lines(pd_host.run(patch, tmp_path, [])) for name, patch in patches.items()
    }
    assert unexpected == {name: [] for name in patches}


def test_the_pages_minimal_patch_opens_and_sets_a_stop(tmp_path: Path) -> None:
    (patch,) = re.findall(r"```text\n(#N canvas.*?)```", PAGE.read_text(), re.DOTALL)
    pd_host.write_stubs(tmp_path, description())
    lines = pd_host.run(pd_host.stubbed(patch, MODEL), tmp_path, [])
    assert pd_host.unexpected_lines(lines) == []
    assert "set guitar -1" in patch


def test_a_missing_object_or_a_broken_cord_is_an_unexpected_line(tmp_path: Path) -> None:
    patch = play(tmp_path, PatchContent(description(), MODEL))
    misspelt = patch.replace("snapshot~", "snapshout~", 1)
    assert any(
        "couldn't create" in line for line in pd_host.unexpected_lines(pd_host.run(misspelt, tmp_path, []))
    )
    astray = patch + "#X connect 0 0 1 7;\n"
    assert any(
        "connection failed" in line for line in pd_host.unexpected_lines(pd_host.run(astray, tmp_path, []))
    )


@pytest.mark.parametrize("channels, stops, latents", SHAPES)
def test_objects_neither_overlap_nor_leave_their_window(channels: int, stops: int, latents: int) -> None:
    content = PatchContent(description(channels, stops, latents), MODEL)
    for canvas in (play_canvas(content, MODEL), *help_canvases(content, MODEL).values()):
        assert canvas.overlaps() == [] and canvas.outside() == []


def test_opening_the_patch_sets_everything_to_what_it_shows(tmp_path: Path) -> None:
    opened = sent(tmp_path, PatchContent(description(), MODEL), [])[0]
    switches = [f"set ramp {RAMP_SECONDS:g}", "set bypass 0", "set noise 1"]
    knobs = ["set guitar 0", "set voice 0"]
    assert sorted(opened) == sorted(
        [f"nn-forward: {each}" for each in switches + knobs] + ["nn-listen: enable 1"]
    )


def test_a_knob_sends_its_value_once_and_never_beyond_its_ends(tmp_path: Path) -> None:
    values = {"-1": "-1", "-0.25": "-0.25", "0": "0", "1": "1", "3": "1", "-1e+09": "-1"}
    for name in (r"\$0-guitar", r"\$0-guitar-number"):
        steps = [(name, value) for value in values]
        got = sent(tmp_path, PatchContent(description(), MODEL), steps)[1:]
        assert got == [[f"nn-forward: set guitar {value}"] for value in values.values()]


def test_a_knob_shows_what_it_sends(tmp_path: Path) -> None:
    patch = play(tmp_path, PatchContent(description(), MODEL))
    steps = [(r"\$0-guitar", value) for value in ("0.25", "3", "-7")]
    shown = pd_host.by_step(pd_host.run(patch, tmp_path, steps, [r"\$0-guitar-turned"]))[1:]
    for lines, value in zip(shown, ("0.25", "1", "-1"), strict=True):
        assert sorted(lines) == sorted([f"sent-guitar-turned: {value}", f"nn-forward: set guitar {value}"])


def test_a_control_change_means_what_it_means_in_our_engine(tmp_path: Path) -> None:
    content = PatchContent(description(stops=3), MODEL)
    data = (0, 1, 32, 63, 64, 65, 126, 127)
    for stop in content.stops:
        steps = [("#ctlin", f"{content.controller(stop)} {value} 1") for value in data]
        for value, got in zip(data, sent(tmp_path, content, steps)[1:], strict=True):
            name, number = re.fullmatch(r"nn-forward: set (\w+) (\S+)", "\n".join(got)).groups()  # type: ignore[union-attr]
            assert name == stop.slug and float(number) == pytest.approx(value_of(value), abs=1e-6)
            assert value not in (0, 64, 127) or float(number) == value_of(value)


def test_other_controllers_turn_nothing(tmp_path: Path) -> None:
    steps = [("#ctlin", f"{controller} 100 1") for controller in (1, 19, 22, 64)]
    assert sent(tmp_path, PatchContent(description(stops=2), MODEL), steps)[1:] == [[]] * len(steps)


@pytest.mark.parametrize("stops", [1, 3])
def test_a_scene_sets_every_stop(stops: int, tmp_path: Path) -> None:
    content = PatchContent(description(stops=stops), MODEL)
    slugs = [stop.slug for stop in content.stops]
    expected = {r"\$0-scene-neutral": dict.fromkeys(slugs, 0)}
    for slug in slugs:
        expected[rf"\$0-scene-only-{slug}"] = dict.fromkeys(slugs, -1) | {slug: 1}
        expected[rf"\$0-scene-without-{slug}"] = dict.fromkeys(slugs, 0) | {slug: -1}
    got = sent(tmp_path, content, [(name, "bang") for name in expected])[1:]
    for lines, values in zip(got, expected.values(), strict=True):
        assert sorted(lines) == sorted(f"nn-forward: set {slug} {value}" for slug, value in values.items())


def test_switches_send_numbers_to_the_right_box(tmp_path: Path) -> None:
    steps = {
        (r"\$0-bypass", "1"): "nn-forward: set bypass 1",
        (r"\$0-noise", "0"): "nn-forward: set noise 0",
        (r"\$0-reset", "bang"): "nn-forward: set reset 1",
        (r"\$0-ramp", "0.5"): "nn-forward: set ramp 0.5",
        (r"\$0-ramp", "-1"): "nn-forward: set ramp 0",
        (r"\$0-bufsize-0", "bang"): "nn-forward: bufsize 0",
        (r"\$0-bufsize-2048", "bang"): "nn-forward: bufsize 2048",
        (r"\$0-bufsize-16384", "bang"): "nn-forward: bufsize 16384",
        (r"\$0-listen", "0"): "nn-listen: enable 0",
    }
    assert sent(tmp_path, PatchContent(description(), MODEL), list(steps))[1:] == [
        [line] for line in steps.values()
    ]


def test_no_nn_box_has_a_size_of_its_own() -> None:
    content = PatchContent(description(), MODEL)
    for canvas in (play_canvas(content, MODEL), *help_canvases(content, MODEL).values()):
        boxes = re.findall(r"#X obj \d+ \d+ (nn~ [^,;]*)", canvas.render())
        assert boxes and all(len(box.split()) == 3 for box in boxes), boxes


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_passes_both_gains_and_every_stop_has_its_own_meter(channels: int, tmp_path: Path) -> None:
    content = PatchContent(description(channels, 3), MODEL)
    patch, amplitude = play(tmp_path, content), 0.5
    objects = pd_host.top_objects(patch)
    gain = next(index for index, line in enumerate(objects) if line.endswith("pd in-gain;"))
    names = [f"{name}-level-{channel}" for name in ("in", "out") for channel in range(channels)]
    names += [f"{stop.slug}-level" for stop in content.stops]
    patch += f"#X obj 0 950 sig~ {amplitude};\n"
    patch += "".join(f"#X connect {len(objects)} 0 {gain} {channel};\n" for channel in range(channels))
    turned = [(r"\$0-in-number", "-6"), (r"\$0-out-number", "-3"), (r"\$0-sound", "1")]
    wait = [("nowhere", "bang")] * 15  # the gains' 20 ms, and a full window of env~
    lines = pd_host.run(patch, tmp_path, turned + wait, [rf"\$0-{name}" for name in names])
    last = dict(line.removeprefix("sent-").split(": ") for line in lines if line.startswith("sent-"))
    full = 20 * math.log10(amplitude)
    for channel in range(channels):
        assert float(last[f"in-level-{channel}"]) == pytest.approx(full - 6, abs=LEVEL_TOLERANCE_DB)
        assert float(last[f"out-level-{channel}"]) == pytest.approx(full - 9, abs=LEVEL_TOLERANCE_DB)
    for index, stop in enumerate(content.stops):
        assert float(last[f"{stop.slug}-level"]) == pd_host.HELD * (index + 1)
