"""Describes stops, engine parameters, scenes, commands and meters as OSCQuery's tree."""

from collections.abc import Iterable, Sequence

from realtime.controllers.osc.addresses import address_of, is_stop, name_of
from realtime.controllers.osc.arguments import MAX_SECONDS
from realtime.controllers.osc.feedback import LEVEL, METER_FLOOR_DBFS
from realtime.controllers.oscquery.node import READ, READ_AND_WRITE, WRITE, Namespace, Node, container
from realtime.controllers.scenes.scene import Scene
from realtime.engine.control_signals import Ranged

FULL_SCALE_DBFS = 0.0
_SHARE = {"MIN": 0.0, "MAX": 1.0}
_PRESSED = ({"TYPE": "f", "ACCESS": WRITE, "RANGE": [_SHARE]},)
_SECONDS = ({"TYPE": "f", "ACCESS": WRITE, "RANGE": [{"MIN": 0.0, "MAX": MAX_SECONDS}]},)
_BUTTONS = {
    "/next_scene": "the next scene", "/previous_scene": "the previous scene", "/undo": "undo a scene", "/redo": "redo",
    "/tap": "a tap for the tempo", "/next_instrument": "the next instrument",
    "/previous_instrument": "the previous instrument", "/panic": "panic: silence",
    "/end_recording": "end the recording", "/toggle_recording": "record, or end it",
}  # fmt: skip
_STATUS = {"status": "the performance", "spectrum": "levels of bands from low to high, dBFS"}
"""Containers that are there when something is in them, and their descriptions."""


def describe(
    targets: Iterable[Ranged],
    scenes: Sequence[Scene],
    meters: Sequence[str],
    status: Sequence[tuple[str, str]] = (),
) -> Namespace:
    """The tree of all addresses. Ramps, `/morph/<a>/<b>`, storing and queries work but aren't in it.

    Args:
        targets: stops and engine parameters; those without an address are left out.
        scenes: the scenes in their order.
        meters: the addresses of meters and of stops' levels.
        status: the address and the OSC type tags of each other reading; each address has two parts.
    """
    stops, engine_parameters = [], []
    for target in targets:
        if is_stop(target.slug):
            stops.append(_movable(target, name_of(target)))
        elif address_of(target.slug):
            engine_parameters.append(_movable(target, _parameter_name(target)))
    buttons = [
        Node(path, text, WRITE, "I", overloads=({**_PRESSED[0], "DESCRIPTION": "1: pressed"},))
        for path, text in _BUTTONS.items()
    ]
    nodes = [
        container("/stop", "stops", stops),
        *engine_parameters,
        container("/scene", "scenes", [_scene(scene) for scene in scenes]),
        _morph([scene.slug for scene in scenes]),
        Node("/pad", "between the pad's four scenes", WRITE, "ff", (_SHARE, _SHARE), ("both", "both")),
        *buttons,
        Node("/record", "record as a session of this name", WRITE, "s"),
        container("/meter", "levels", [_meter(path) for path in meters if not path.startswith(LEVEL)]),
        container(
            "/level", "how strongly stops sound", [_level(path) for path in meters if path.startswith(LEVEL)]
        ),
    ]
    for name, description in _STATUS.items():
        readings = [
            Node(path, _words(path), READ, tags) for path, tags in status if path.startswith(f"/{name}/")
        ]
        nodes += [container(f"/{name}", description, readings)] if readings else []
    return Namespace(container("/", "Drawstop", nodes))


def _movable(target: Ranged, description: str) -> Node:
    return Node(
        address_of(target.slug) or "",
        description,
        READ_AND_WRITE,
        "f",
        ({"MIN": target.minimum, "MAX": target.maximum},),
        ("both",),
    )


def _parameter_name(target: Ranged) -> str:
    word, label = (address_of(target.slug) or "/")[1:].replace("_", " "), name_of(target)
    return label if label.startswith(word) else f"{word} ({label})"


def _scene(scene: Scene) -> Node:
    over = {**_SECONDS[0], "DESCRIPTION": "over so many seconds"}
    return Node(f"/scene/{scene.slug}", scene.name, WRITE, "I", overloads=(over,))


def _morph(slugs: list[str]) -> Node:
    names = {"VALS": slugs}
    clipmode = ("none", "none", "both")
    return Node("/morph", "between two scenes", WRITE, "ssf", (names, names, _SHARE), clipmode)


def _meter(path: str) -> Node:
    name = path.rpartition("/")[2]
    ends = {"MIN": METER_FLOOR_DBFS, "MAX": FULL_SCALE_DBFS}
    return Node(path, f"level {name}, dBFS", READ, "f", (ends,), ("none",))


def _words(path: str) -> str:
    return path[1:].replace("/", ": ").replace("_", " ")


def _level(path: str) -> Node:
    return Node(path, f"how strongly {path.removeprefix(LEVEL)} sounds", READ, "f", (_SHARE,), ("none",))
