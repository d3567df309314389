"""Pictures of the demo instrument's patches for docs/hosts/ as SVG, drawn from what is in the files: boxes and cords, and for
SuperCollider the sliders of its window."""

import html
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from export.patches.content import PatchContent
from export.patches.demo_patches import FILE, demo_description
from export.patches.max.play_patch import play_patch
from export.patches.pd.canvas import PdCanvas
from export.patches.pd.play_patch import play_canvas
from export.patches.supercollider import supercollider_file

PLAIN = {"text", "comment"}
TEXT_SIZE = 11
SLIDER_LABEL = 13
"""The place of a slider's label among the words of its line in a Pd file."""
ROW = 16
MARGIN, TITLE = 8, 20
"""A window in SuperCollider: pixels around its parts, and the height of the bar above them."""
PORT_INSET = 5
"""Pixels between a box's edge and its first inlet or outlet."""


class Shape(NamedTuple):
    """One box of a patch: its kind, its place and size in pixels, what it says, how many inlets and outlets it has."""

    kind: str
    rect: tuple[float, float, float, float]
    text: str
    inlets: int = 2
    outlets: int = 2


Cord = tuple[int, int, int, int]
"""The number of a box, its outlet; the number of another, its inlet."""


NAMES = ("hosts/puredata.svg", "hosts/max.svg", "hosts/supercollider.svg")


def picture(name: str) -> str:
    """One of the SVG files."""
    content = PatchContent(demo_description(), FILE)
    if name == NAMES[0]:
        canvas = play_canvas(content, FILE)
        return svg((canvas.width, canvas.height), *pd_shapes(canvas))
    if name == NAMES[2]:
        size, shapes = window_shapes(supercollider_file(content, FILE))
        return svg(size, shapes, [])
    patch = play_patch(content).as_dict()["patcher"]
    return svg(patch["rect"][2:], *max_shapes(patch))


def pd_shapes(canvas: PdCanvas) -> tuple[list[Shape], list[Cord]]:
    """A Pd window's boxes and cords."""
    shapes: list[Shape] = []
    for item in canvas.items:
        inside = [line for line in item.lines if line.startswith("#X restore")]
        words = (inside[-1] if inside else item.lines[0]).rstrip(";").split(" ")
        kind = (
            words[1] if words[1] != "obj" else {"tgl": "tgl", "bng": "bng", "vu": "vu"}.get(words[4], "obj")
        )
        kind = "slider" if words[4:5] in (["vsl"], ["hsl"]) else kind
        text = (
            f"pd {item.words}" if kind == "restore" else item.words if kind in ("obj", "msg", "text") else ""
        )
        label = words[SLIDER_LABEL] if kind == "slider" else ""
        inlets = max([cord[3] + 1 for cord in canvas.cords if cord[2] == len(shapes)], default=1)
        outlets = max([cord[1] + 1 for cord in canvas.cords if cord[0] == len(shapes)], default=1)
        shown = label if label not in ("", "empty") else text
        shapes.append(Shape(kind, item.rects[0], shown, inlets, outlets))
    return shapes, canvas.cords


def max_shapes(patcher: dict[str, Any]) -> tuple[list[Shape], list[Cord]]:
    """A Max window's boxes, and those of its cords that aren't hidden."""
    boxes = [entry["box"] for entry in patcher["boxes"]]
    numbers = {box["id"]: number for number, box in enumerate(boxes)}
    shapes = [_max_shape(box) for box in boxes]
    cords = [entry["patchline"] for entry in patcher["lines"] if not entry["patchline"].get("hidden")]
    ends = [(cord["source"], cord["destination"]) for cord in cords]
    return shapes, [
        (numbers[source], outlet, numbers[target], inlet) for (source, outlet), (target, inlet) in ends
    ]


def _max_shape(box: dict[str, Any]) -> Shape:
    kinds = {"newobj": "obj", "message": "msg", "comment": "comment", "toggle": "tgl", "live.dial": "dial"}
    values = box.get("saved_attribute_attributes", {}).get("valueof", {})
    shown = box["maxclass"] if box["maxclass"].endswith("~") else ""
    text = str(box.get("text") or values.get("parameter_shortname", shown))
    rect = tuple(float(number) for number in box["patching_rect"])
    return Shape(kinds.get(box["maxclass"], "slider"), rect, text, box["numinlets"], box["numoutlets"])  # type: ignore[arg-type]


def window_shapes(scd: str) -> tuple[tuple[int, int], list[Shape]]:
    """The size and contents of the window that a `.scd` opens. Raises ValueError where the file doesn't say them as expected."""
    stops = re.findall(r"^\t\[\\(\w+), (\S+), (\S+), \w+\]", scd, re.MULTILINE)
    window = re.search(r"max\(stops\.size \* (\d+) \+ 20, (\d+)\), (\d+) \+ (\d+)\)", scd)
    port = re.search(r"port = (\d+);", scd)
    name = re.search(r"var name = \\(\w+);", scd)
    if not stops or window is None or port is None or name is None:
        raise ValueError(
            "expected the stops, the window's size, the port and the name in the SuperCollider file"
        )
    each, least, high, around = map(int, window.groups())
    width = max(len(stops) * each + 20, least)
    wide = (width - MARGIN) / len(stops) - MARGIN
    shapes = [Shape("title", (0, 0, width, TITLE), f"{name[1]} - OSC {port[1]}")]
    for place, (slug, low, most) in enumerate(stops):
        x, y = MARGIN + place * (wide + MARGIN), TITLE + 36
        rest = float(most) / (float(most) - float(low))
        shapes += [
            Shape("slider", (x, y, wide, high), slug),
            Shape("obj", (x, y + rest * (high - 16), wide, 16), ""),
            Shape("number", (x, y + high + MARGIN, wide, 22), "0.00"),
        ]
    return (width, TITLE + high + around), shapes


def svg(size: Sequence[float], shapes: list[Shape], cords: list[Cord]) -> str:
    """One window as SVG: cords below, boxes above."""
    width, height = (round(length) for length in size)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="DejaVu Sans Mono, monospace" font-size="{TEXT_SIZE}">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for source, outlet, target, inlet in cords:
        x1, y1 = _port(shapes[source], outlet, shapes[source].outlets, bottom=True)
        x2, y2 = _port(shapes[target], inlet, shapes[target].inlets, bottom=False)
        parts.append(f'<path d="M{x1:g} {y1:g} L{x2:g} {y2:g}" stroke="#888888" fill="none"/>')
    return "\n".join([*parts, *(line for shape in shapes for line in _drawn(shape)), "</svg>"]) + "\n"


def _port(shape: Shape, number: int, count: int, *, bottom: bool) -> tuple[float, float]:
    x, y, width, height = shape.rect
    step = (width - 2 * PORT_INSET) / (count - 1) if count > 1 else 0
    return round(x + PORT_INSET + step * number, 1), round(y + (height if bottom else 0), 1)


def _drawn(shape: Shape) -> list[str]:
    x, y, width, height = (round(number, 1) for number in shape.rect)
    lines = _wrapped(shape.text, width) if shape.kind in PLAIN else [shape.text]
    words = [
        f'<text x="{x + 4:g}" y="{y + TEXT_SIZE + 3 + ROW * row:g}">{html.escape(line)}</text>'
        for row, line in enumerate(lines)
        if line
    ]
    if shape.kind in PLAIN:
        return words
    if shape.kind in ("slider", "dial", "vu"):
        middle = [f'<text x="{x:g}" y="{y - 6:g}">{html.escape(shape.text)}</text>'] if shape.text else []
        round_corner = f' rx="{width / 2:g}"' if shape.kind == "dial" else ""
        fill = "#404040" if shape.kind == "vu" else "#f4f4f4"
        box = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{round_corner} fill="{fill}" stroke="#000000"/>'
        return [box, *middle]
    corner = ' rx="5"' if shape.kind == "msg" else ' rx="9"' if shape.kind == "bng" else ""
    fill = {"msg": "#eeeeee", "obj": "#f8f8f8", "restore": "#e8eef8"}.get(shape.kind, "#ffffff")
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{corner} fill="{fill}" stroke="#000000"/>',
        *words,
    ]


def _wrapped(text: str, width: float) -> list[str]:
    """Words in rows of at most this many pixels."""
    most = max(10, int(width / (0.6 * TEXT_SIZE)))
    return re.findall(rf".{{1,{most}}}(?:\s|$)", text) or [text]
