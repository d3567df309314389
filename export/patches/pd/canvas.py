"""Pd's patch format: objects, cords and sub-patches of a canvas, as text.

Only what our patches need, after Pd's own description of the format (pd-file-format in its documentation).
py2pd asks for a newer Python than ours.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

FONT = 12
CHARACTER = 7.3
"""Width in pixels of a character of Pd's font of size 12, a little on the wide side."""
LINE = 17
BOX = 22
"""Height in pixels of an object's box at font size 12, a little on the tall side."""
COLOURS = "#fcfcfc #000000 #000000"

Rect = tuple[float, float, float, float]


@dataclass
class _Item:
    lines: list[str]
    rects: tuple[Rect, ...]
    """The areas that it covers: its body and, for a slider, its label."""
    words: str = ""
    """A short description, for reports of overlaps."""


@dataclass
class PdCanvas:
    """One window of a patch. Every adding method gives the new object's number, which `connect` takes.

    Args:
        width, height: the window's size in pixels.
        name: what `[pd name]` shows, for a sub-patch.
    """

    width: int
    height: int
    name: str = ""
    items: list[_Item] = field(default_factory=list)
    cords: list[tuple[int, int, int, int]] = field(default_factory=list)
    children: list["PdCanvas"] = field(default_factory=list)

    def obj(self, x: int, y: int, text: str, characters: int | None = None) -> int:
        """An object box; `characters` sets its width."""
        return self._box("obj", x, y, text, characters)

    def msg(self, x: int, y: int, text: str, characters: int | None = None) -> int:
        """A message box."""
        return self._box("msg", x, y, text, characters)

    def text(self, x: int, y: int, text: str, characters: int = 60) -> int:
        """A comment, wrapped after `characters`."""
        characters = min(characters, len(text) + 1)
        size = (CHARACTER * characters, LINE * len(wrapped(text, characters)))
        shown = re.sub(
            r"([,;])", r" \1", text
        )  # Pd shows a comma of its own behind its word, any other as \\,
        return self._add([f"#X text {x} {y} {escaped(shown)}, f {characters};"], (x, y, *size), text)

    def number(self, x: int, y: int, width: int, limits: tuple[float, float], receive: str, send: str) -> int:
        """A number box that takes and gives values by name."""
        low, high = limits
        words = f"{width} {low:g} {high:g} 0 - {escaped(receive)} {escaped(send)} 0"
        return self._add([f"#X floatatom {x} {y} {words};"], (x, y, CHARACTER * width, BOX), receive)

    def slider(
        self,
        x: int,
        y: int,
        size: tuple[int, int],
        limits: tuple[float, float],
        start: float = 0.0,
        **names: str,
    ) -> int:
        """A slider, upright when it is taller than wide, that says its value when the patch opens.

        Args:
            x, y: its position in pixels.
            size: width and height. Pd keeps a start value to the pixel: choose a length that can hold it.
            limits: its values at the ends.
            start: its value when the patch opens.
            names: `send`, `receive`, `label`; each may be left out.
        """
        width, height = size
        low, high = limits
        kind, length = ("vsl", height) if height > width else ("hsl", width)
        pixels = round((start - low) / (high - low) * (length - 1)) * 100
        label_offset = "0 -12" if kind == "vsl" else "0 -10"
        words = f"{kind} {width} {height} {low:g} {high:g} 0 1 {_names(names)} {label_offset} 0 {FONT} {COLOURS} {pixels} 1"
        label = names.get("label", "")
        rects = [(x, y - 20, CHARACTER * len(label), 18)] if label else []
        return self._add([f"#X obj {x} {y} {words};"], (x, y, width, height), _names(names), *rects)

    def meter(self, x: int, y: int, size: tuple[int, int], receive: str) -> int:
        """A bar of 0..1: a slider that only shows."""
        width, height = size
        words = f"vsl {width} {height} 0 1 0 0 empty {escaped(receive)} empty 0 -8 0 10 #404040 #40c040 #000000 0 1"
        return self._add([f"#X obj {x} {y} {words};"], (x, y, width, height), receive)

    def level(self, x: int, y: int, height: int, receive: str) -> int:
        """A level meter in decibels."""
        words = f"vu 15 {height} {escaped(receive)} empty -1 -8 0 10 #404040 #000000 0 0"
        return self._add([f"#X obj {x} {y} {words};"], (x, y, 16, height), receive)

    def toggle(self, x: int, y: int, send: str, on: bool, *, says: bool = True) -> int:
        """A switch; `says` its state when the patch opens, or waits for a click."""
        words = f"tgl 18 {int(says)} {escaped(send)} empty empty 20 8 0 {FONT} {COLOURS} {int(on)} 1"
        return self._add([f"#X obj {x} {y} {words};"], (x, y, 18, 18), send)

    def button(self, x: int, y: int, send: str) -> int:
        """A button that sends a bang."""
        words = f"bng 18 250 50 0 {escaped(send)} empty empty 20 8 0 {FONT} {COLOURS}"
        return self._add([f"#X obj {x} {y} {words};"], (x, y, 18, 18), send)

    def subpatch(self, x: int, y: int, child: "PdCanvas", characters: int | None = None) -> int:
        """A canvas inside this one, closed."""
        self.children.append(child)
        width = _characters(f"pd {child.name}", characters)
        end = [f"#X restore {x} {y} pd {child.name};"] + ([f"#X f {characters};"] if characters else [])
        return self._add([*child.lines(inside=True), *end], (x, y, width * CHARACTER + 6, BOX), child.name)

    def connect(self, source: int, outlet: int, target: int, inlet: int) -> None:
        """A cord; outlets and inlets count from 0."""
        self.cords.append((source, outlet, target, inlet))

    def chain(self, boxes: Sequence[int]) -> None:
        """Cords from each box's first outlet to the next one's first inlet."""
        for source, target in itertools.pairwise(boxes):
            self.connect(source, 0, target, 0)

    def lines(self, inside: bool = False) -> list[str]:
        """The canvas as lines of a Pd file."""
        head = f"#N canvas 60 60 {self.width} {self.height} " + (f"{self.name} 0;" if inside else f"{FONT};")
        body = [line for item in self.items for line in item.lines]
        cords = [
            f"#X connect {source} {outlet} {target} {inlet};" for source, outlet, target, inlet in self.cords
        ]
        return [head, *body, *cords]

    def render(self) -> str:
        """The whole file."""
        return "\n".join(self.lines()) + "\n"

    def overlaps(self) -> list[str]:
        """Pairs of objects that lie on each other, here and in every sub-patch; a tidy patch has none."""
        descriptions = [
            f"{first.words} / {second.words}"
            for index, first in enumerate(self.items)
            for second in self.items[index + 1 :]
            if any(overlap(one, other) for one in first.rects for other in second.rects)
        ]
        return descriptions + [pair for child in self.children for pair in child.overlaps()]

    def outside(self) -> list[str]:
        """Objects that lie outside their window, here and in every sub-patch."""
        descriptions = [
            item.words
            for item in self.items
            if any(x + wide > self.width or y + high > self.height for x, y, wide, high in item.rects)
        ]
        return descriptions + [words for child in self.children for words in child.outside()]

    def _box(self, kind: str, x: int, y: int, text: str, characters: int | None) -> int:
        width = _characters(text, characters)
        end = f", f {characters};" if characters else ";"
        return self._add(
            [f"#X {kind} {x} {y} {escaped(text)}{end}"], (x, y, CHARACTER * width + 6, BOX), text
        )

    def _add(self, lines: list[str], rect: Rect, words: str, *more: Rect) -> int:
        self.items.append(_Item(lines, (rect, *more), words))
        return len(self.items) - 1


def escaped(text: str) -> str:
    r"""Text for a Pd file: what would end an atom or a line, or be taken for an argument, is escaped.

    >>> print(escaped("$0-guitar, 1; set $1"))
    \$0-guitar\, 1\; set \$1
    """
    return re.sub(r"([\\,;]|\$(?=\d))", r"\\\1", text)


def wrapped(text: str, characters: int) -> list[str]:
    """The rows of a comment, as Pd breaks them: between words, where the next doesn't fit.

    >>> wrapped("one two three", 8)
    ['one two', 'three']
    """
    rows: list[str] = []
    for word in text.split(" "):
        if rows and len(rows[-1]) + 1 + len(word) <= characters:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    return rows


def _characters(text: str, characters: int | None) -> int:
    return characters or max(len(text), 3)


def _names(names: dict[str, str]) -> str:
    return " ".join(escaped(names.get(name) or "empty") for name in ("send", "receive", "label"))


def overlap(first: Sequence[float], second: Sequence[float]) -> bool:
    """True where two rectangles (x, y, width, height) share some area."""
    x, y, width, height = first
    left, top, wide, high = second
    return x < left + wide and left < x + width and y < top + high and top < y + height
