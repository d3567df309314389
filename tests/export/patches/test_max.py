import json
from typing import Any

import pytest
from py2max.m4l import unpack_amxd

from drawstop.errors import DrawstopError
from export.patches.content import OSC_PORT, PatchContent
from export.patches.max.check import faults, overlaps, require_sound
from export.patches.max.help_patches import help_patches
from export.patches.max.live_device import PER_COLUMN, device_delay, live_device
from export.patches.max.patcher import MaxPatch
from export.patches.max.play_patch import play_patch
from export.patches.max.subpatches import CC_EXPRESSION, PORT_CELL, ROW
from export.patches.osc_port import BOXES, CORDS, LISTEN
from realtime.controllers.mapping.curves import Response
from realtime.controllers.midi.source import ControllerInput, MidiSource
from tests.helpers.patch_descriptions import description

MODEL = "organ.ts"
DEVICE_HEIGHT = 169  # pixels, of every device in Live
HELP_METHODS = [["forward"], ["play"], ["encode", "decode"], ["encode", "steer", "decode"], ["listen"]]
SHAPES = [(1, 1, 4), (1, 2, 128), (2, 2, 4), (2, 16, 16)]
"""Channels, stops, latents."""


def value_of(data: int) -> float:
    """A controller's data as our engine takes them."""
    return Response()(ControllerInput(MidiSource("cc", 20), data).position)


def patches(content: PatchContent) -> dict[str, MaxPatch]:
    return {"play": play_patch(content), "live": live_device(content)} | help_patches(content)


def boxes(patch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["box"]["id"]: entry["box"] for entry in patch["patcher"]["boxes"]}


def inside(patch: dict[str, Any], text: str) -> dict[str, Any]:
    """A sub-patch by what its box says."""
    return next(box for box in boxes(patch).values() if box.get("text") == text)


def followed(patch: dict[str, Any], name: str, outlet: int) -> list[tuple[str, int]]:
    """The boxes and inlets that an outlet's cords lead to."""
    cords = [entry["patchline"] for entry in patch["patcher"]["lines"]]
    return [tuple(cord["destination"]) for cord in cords if cord["source"] == [name, outlet]]


def behind_guard(patch: dict[str, Any], name: str, outlet: int) -> str:
    """The box that gets an outlet's single numbers, behind boxes that pass no list, symbol, bang or NaN."""
    ((kinds, _),) = followed(patch, name, outlet)
    assert words(boxes(patch)[kinds]) == "route int float"
    ((number, _),) = followed(patch, kinds, 0)
    assert followed(patch, kinds, 1) == [(number, 0)] and followed(patch, kinds, 2) == []
    assert words(boxes(patch)[number]) == "if $f1 == $f1 then $f1"
    ((target, inlet),) = followed(patch, number, 0)
    assert inlet == 0
    return str(target)


def words(box: dict[str, Any]) -> str:
    return str(box.get("text") or box["maxclass"])


@pytest.mark.parametrize("channels, stops, latents", SHAPES)
def test_every_max_patch_is_sound_and_tidy(channels: int, stops: int, latents: int) -> None:
    content = PatchContent(description(channels, stops, latents), MODEL)
    for name, patch in patches(content).items():
        made = patch.as_dict()
        assert (name, faults(made, content), overlaps(made)) == (name, [], [])


@pytest.mark.slow
def test_a_maxpat_is_json_and_the_same_every_time() -> None:
    content = PatchContent(description(), MODEL)
    first, second = (play_patch(content).maxpat(content) for _ in range(2))
    assert first == second
    assert json.loads(first)["patcher"]["fileversion"] == 1


def test_each_patch_holds_the_nn_boxes_of_its_methods() -> None:
    content = PatchContent(description(), MODEL)
    expected = {
        play_patch(content): ["forward", "listen"],
        live_device(content): ["forward"],
        **dict(zip(help_patches(content).values(), HELP_METHODS, strict=True)),
    }
    for patch, methods in expected.items():
        made = boxes(patch.as_dict()).values()
        texts = [box["text"] for box in made if box["maxclass"] == "newobj" and box["text"].startswith("nn~")]
        assert texts == [f"nn~ {MODEL} {method}" for method in methods]


@pytest.mark.parametrize("stops", [1, 3, 16])
def test_every_dial_sets_its_own_stop(stops: int) -> None:
    content = PatchContent(description(stops=stops), MODEL)
    for patch in (play_patch(content).as_dict(), live_device(content).as_dict()):
        named = [box for box in boxes(patch).values() if box["maxclass"] == "live.dial"]
        assert len(named) == stops
        for dial, stop in zip(named, content.stops, strict=True):
            value = dial["saved_attribute_attributes"]["valueof"]
            assert (value["parameter_mmin"], value["parameter_mmax"], value["parameter_initial"]) == (
                -1,
                1,
                [0],
            )
            assert value["parameter_shortname"] == stop.slug and value["parameter_type"] == 0
            ((setter, inlet),) = followed(patch, dial["id"], 0)
            knobs = {"patcher": boxes(patch)[setter]["patcher"]}
            entries = sorted(
                (box for box in boxes(knobs).values() if box["maxclass"] == "inlet"),
                key=lambda box: float(box["patching_rect"][0]),
            )
            clip = behind_guard(knobs, entries[inlet]["id"], 0)
            ((message, _),) = followed(knobs, clip, 0)
            assert words(boxes(knobs)[clip]) == "clip -1.0 1.0"
            assert words(boxes(knobs)[message]) == f"set {stop.slug} $1"
            assert [words(boxes(patch)[name]) for name, _ in followed(patch, setter, 0)] == [
                f"nn~ {MODEL} forward"
            ]


@pytest.mark.parametrize("stops", [1, 3])
def test_controllers_osc_and_scenes_lead_to_their_dial(stops: int) -> None:
    content = PatchContent(description(stops=stops), MODEL)
    patch = play_patch(content).as_dict()
    control = inside(patch, "p control")
    parts = {"patcher": control["patcher"]}
    outlets = sorted(
        (box for box in boxes(parts).values() if box["maxclass"] == "outlet"),
        key=lambda box: float(box["patching_rect"][0]),
    )
    unpack = next(box for box in boxes(parts).values() if words(box).startswith("unpack"))
    route = next(box for box in boxes(parts).values() if words(box).startswith("route /"))
    receiver = inside(parts, "udpreceive")
    assert followed(parts, receiver["id"], 0) == [(route["id"], 0)]
    assert words(route).split()[1:] == [content.address(stop) for stop in content.stops]
    for index, stop in enumerate(content.stops):
        (dial, _), *more = followed(patch, control["id"], index)
        valueof = boxes(patch)[dial]["saved_attribute_attributes"]["valueof"]
        assert not more and valueof["parameter_shortname"] == stop.slug
        clip = behind_guard(parts, route["id"], index)
        assert followed(parts, unpack["id"], index) == [(clip, 0)]
        assert followed(parts, clip, 0) == [(outlets[index]["id"], 0)]
        controller = inside(parts, f"ctlin {content.controller(stop)}")
        ((expression, _),) = followed(parts, controller["id"], 0)
        assert words(boxes(parts)[expression]) == CC_EXPRESSION
        assert followed(parts, expression, 0) == [(clip, 0)]


def test_max_chooses_its_port_by_the_wiring_that_pd_runs() -> None:
    content = PatchContent(description(), MODEL)
    patch = play_patch(content).as_dict()
    control = inside(patch, "p control")
    parts = {"patcher": control["patcher"]}
    placed = {box["id"]: tuple(box["patching_rect"][:2]) for box in boxes(parts).values()}
    receiver, start = inside(parts, "udpreceive")["id"], inside(parts, f"loadmess {OSC_PORT}")["id"]
    ((wanted, _),) = followed(parts, start, 0)
    left, top = placed[wanted]
    by_part = {
        name: next(
            box
            for box, place in placed.items()
            if words(boxes(parts)[box]) == part.max
            and place == (left + PORT_CELL * part.place[0], top + ROW * part.place[1])
        )
        for name, part in BOXES.items()
    }
    gates = {by_part[name] for name, part in BOXES.items() if part.max == "gate"}
    made = [
        (source, outlet, target, {0: "switch", 1: "in"}[inlet] if target in gates else inlet)
        for source in by_part.values()
        for outlet in range(boxes(parts)[source]["numoutlets"])
        for target, inlet in followed(parts, source, outlet)
        if target in by_part.values()
    ]
    expected = [(by_part[source], outlet, by_part[target], inlet) for source, outlet, target, inlet in CORDS]
    assert sorted(made, key=str) == sorted(expected, key=str)
    assert followed(parts, by_part[LISTEN], 0) == [(receiver, 0)]
    ((number, _),) = followed(patch, control["id"], len(content.stops))
    assert boxes(patch)[number]["maxclass"] == "number" and followed(patch, number, 0) == [(control["id"], 1)]


def test_a_scene_is_called_by_its_label_and_gives_its_values() -> None:
    content = PatchContent(description(stops=3), MODEL)
    patch = play_patch(content).as_dict()
    control = inside(patch, "p control")
    parts = {"patcher": control["patcher"]}
    kind = inside(parts, "route all only without")
    for scene in content.scenes():
        message = inside(patch, scene.label)
        assert followed(patch, message["id"], 0) == [(control["id"], 0)]
        first, second = scene.label.split()
        ((target, _),) = followed(parts, kind["id"], ("all", "only", "without").index(first))
        if first != "all":
            outlet = words(boxes(parts)[target]).split()[1:].index(second)
            ((target, _),) = followed(parts, target, outlet)
        assert words(boxes(parts)[target]).split() == [str(value) for value in scene.values]


def test_maxs_expression_for_a_control_change_is_our_engines() -> None:
    expression = CC_EXPRESSION.removeprefix("expr ").replace("$f1", "float(data)")
    for data in range(128):
        assert eval(expression, {"float": float, "data": data}) == pytest.approx(value_of(data), abs=1e-9)
    assert [eval(expression, {"float": float, "data": data}) for data in (0, 64, 127)] == [-1, 0, 1]


@pytest.mark.parametrize("channels, stops", [(1, 2), (2, 16)])
def test_the_live_device_holds_its_patch_and_says_its_delay(channels: int, stops: int) -> None:
    content = PatchContent(description(channels, stops), MODEL)
    data = live_device(content).amxd(content, "organ", device_delay(content))
    assert data == live_device(content).amxd(content, "organ", device_delay(content))
    text, kind = unpack_amxd(data)
    patch = json.loads(text)
    assert kind == "audio_effect" and patch["patcher"]["openinpresentation"] == 1
    assert patch["patcher"]["latency"] == 2000 + 2 * 4096 - 64
    shown = [box for box in boxes(patch).values() if box.get("presentation")]
    assert sorted(box["maxclass"] for box in shown) == sorted(
        ["live.dial"] * stops + ["live.toggle"] + ["live.comment"] * 2
    )
    for box in shown:
        x, y, width, height = box["presentation_rect"]
        assert y + height <= DEVICE_HEIGHT and x + width <= patch["patcher"]["devicewidth"]
    assert -(-stops // PER_COLUMN) * 58 < patch["patcher"]["devicewidth"]


def test_parameters_of_the_live_device_have_names_of_their_own() -> None:
    content = PatchContent(description(stops=16), MODEL)
    patch = live_device(content).as_dict()["patcher"]
    names = [value[0] for key, value in patch["parameters"].items() if key.startswith("obj")]
    assert len(set(names)) == 17
    banks = [name for bank in patch["parameters"]["parameterbanks"].values() for name in bank["parameters"]]
    assert [name for name in banks if name != "-"] == names


def broken_cord(patch: dict[str, Any]) -> None:
    patch["patcher"]["lines"][0]["patchline"]["destination"][1] = 99


def cord_to_nowhere(patch: dict[str, Any]) -> None:
    patch["patcher"]["lines"][0]["patchline"]["source"][0] = "obj-9999"


def duplicate_id(patch: dict[str, Any]) -> None:
    first, second, *_ = patch["patcher"]["boxes"]
    second["box"]["id"] = first["box"]["id"]


def unknown_attribute(patch: dict[str, Any]) -> None:
    inside(patch, "set bypass $1")["text"] = "set bypas $1"


def two_values(patch: dict[str, Any]) -> None:
    inside(patch, "set ramp $1")["text"] = "set ramp $1 $2"


def outlet_without_type(patch: dict[str, Any]) -> None:
    inside(patch, f"nn~ {MODEL} listen")["outlettype"].pop()


def missing_inlet(patch: dict[str, Any]) -> None:
    inside(patch, f"nn~ {MODEL} forward")["numinlets"] = 0


def unknown_method(patch: dict[str, Any]) -> None:
    inside(patch, f"nn~ {MODEL} forward")["text"] = f"nn~ {MODEL} backward"


def other_instrument(patch: dict[str, Any]) -> None:
    inside(patch, f"nn~ {MODEL} forward")["text"] = "nn~ piano.ts forward"


def box_with_a_size(patch: dict[str, Any]) -> None:
    inside(patch, f"nn~ {MODEL} forward")["text"] = f"nn~ {MODEL} forward 8192"


def lost_outlet_inside(patch: dict[str, Any]) -> None:
    parts = inside(patch, "p knobs")["patcher"]["boxes"]
    parts[:] = [entry for entry in parts if entry["box"]["maxclass"] != "outlet"]


def attribute_inside(patch: dict[str, Any]) -> None:
    parts = {"patcher": inside(patch, "p knobs")["patcher"]}
    inside(parts, "set guitar $1")["text"] = "set guitarre $1"


def message_into_a_signal_inlet(patch: dict[str, Any]) -> None:
    """Only Max's own reference knows this one: `toggle` has one outlet, whatever a file says."""
    toggle = next(box for box in boxes(patch).values() if box["maxclass"] == "ezdac~")
    toggle["numinlets"] = 1


@pytest.mark.parametrize(
    "damage, says",
    [
        (broken_cord, "no inlet 99"),
        (cord_to_nowhere, "no box has the id obj-9999"),
        (duplicate_id, "have this id"),
        (unknown_attribute, "no attribute bypas"),
        (two_values, "one value"),
        (outlet_without_type, "of them with a type"),
        (missing_inlet, "inlets and outlets"),
        (unknown_method, "no method backward"),
        (other_instrument, "piano.ts"),
        (box_with_a_size, "no size"),
        (lost_outlet_inside, "p knobs"),
        (attribute_inside, "no attribute guitarre"),
        (message_into_a_signal_inlet, "no inlet 1"),
    ],
)
def test_the_checker_catches_every_damage(damage: Any, says: str) -> None:
    content = PatchContent(description(), MODEL)
    patch = play_patch(content).as_dict()
    require_sound(patch, content)
    damage(patch)
    assert any(says in fault for fault in faults(patch, content)), faults(patch, content)
    with pytest.raises(DrawstopError, match="isn't sound"):
        require_sound(patch, content)


def test_the_checker_knows_maxs_own_objects() -> None:
    content = PatchContent(description(), MODEL)
    patch = MaxPatch(400, 300)
    sound, number = patch.obj(10, 10, "cycle~ 440", 2, ["signal"]), patch.obj(10, 60, "toggle", 1, ["int"])
    patch.connect(sound, 0, number, 0)
    assert any("cycle~" in fault for fault in faults(patch.as_dict(), content))
