"""Max's patch format, on py2max: its patcher, its reference of Max's own objects, its .amxd container.

py2max names and orders the fields; every box's position, inlets and outlets are given here, so that nothing depends on
its layouts. A file is refused unless `check` finds no fault.
"""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from py2max import Box, Patcher
from py2max.core.common import Rect
from py2max.m4l import ensure_amxd_project_block, pack_amxd

from export.patches.content import PatchContent
from export.patches.max.check import require_sound
from export.patches.pd.canvas import wrapped

CHARACTER = 6.7
"""Width in pixels of a character of Arial 12, a little on the wide side."""
PADDING = 16
BOX = 22
LINE = 18
MADE = 3_849_984_000
"""The date in every .amxd, in seconds since 1904 (1 January 2026): equal patches are equal bytes."""
SIGNAL, MESSAGE = "signal", ""


class MaxPatch:
    """One patcher. Every adding method gives the new box, which `connect` takes.

    Args:
        width, height: the window's size in pixels.
        presentation: whether it opens in presentation mode, as a Max for Live device does.
    """

    def __init__(self, width: int, height: int, *, presentation: bool = False) -> None:
        self.patcher = Patcher(
            openinpresentation=int(presentation), on_invalid="ignore", validate_attrs=False
        )
        self.resize(width, height)
        self.parameters: dict[str, Any] = {}
        self._children: list[tuple[Box, MaxPatch]] = []
        self._hidden: list[tuple[list[Any], list[Any]]] = []

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.patcher.rect = Rect(60.0, 80.0, float(width), float(height))

    def obj(
        self, x: float, y: float, text: str, inlets: int, outlets: Sequence[str], width: float | None = None
    ) -> Box:
        """An object box; `outlets` says what each one gives: SIGNAL or MESSAGE."""
        return self._box("newobj", (x, y, width or _width(text), BOX), inlets, outlets, text=text)

    def msg(self, x: float, y: float, text: str) -> Box:
        """A message box."""
        return self._box("message", (x, y, _width(text), BOX), 2, [MESSAGE], text=text)

    def text(self, x: float, y: float, text: str, width: float = 560) -> Box:
        """A comment, wrapped at `width` pixels."""
        rows = len(wrapped(text, int(width / CHARACTER)))
        wide = min(width, len(text) * CHARACTER + 10)
        return self._box("comment", (x, y, wide, 4 + LINE * rows), 1, [], text=text, linecount=rows)

    def ui(
        self,
        maxclass: str,
        rect: tuple[float, float, float, float],
        inlets: int,
        outlets: Sequence[str],
        **fields: Any,
    ) -> Box:
        """A box that a person touches or looks at."""
        return self._box(maxclass, rect, inlets, outlets, **fields)

    def inlet(self, x: float, y: float, comment: str) -> Box:
        """An inlet of a sub-patch; Max counts them from left to right."""
        return self._box("inlet", (x, y, 30, 30), 0, [MESSAGE], comment=comment)

    def outlet(self, x: float, y: float, comment: str) -> Box:
        """An outlet of a sub-patch; Max counts them from left to right."""
        return self._box("outlet", (x, y, 30, 30), 1, [], comment=comment)

    def subpatch(
        self,
        x: float,
        y: float,
        name: str,
        child: "MaxPatch",
        ports: tuple[int, int],
        width: float | None = None,
    ) -> Box:
        """A patcher inside this one; `ports` are its inlets and outlets."""
        box = self.obj(x, y, f"p {name}", ports[0], [MESSAGE] * ports[1], width)
        self._children.append((box, child))
        return box

    def connect(self, source: Box, outlet: int, target: Box, inlet: int, *, hidden: bool = False) -> None:
        """A cord; outlets and inlets count from 0. A hidden one shows only while the patch is unlocked."""
        self.patcher.add_line(source, target, inlet=inlet, outlet=outlet)
        if hidden:
            self._hidden.append(([source.id, outlet], [target.id, inlet]))

    def chain(self, boxes: Sequence[Box]) -> None:
        """Cords from each box's first outlet to the next one's first inlet."""
        for source, target in itertools.pairwise(boxes):
            self.connect(source, 0, target, 0)

    def as_dict(self) -> dict[str, Any]:
        """The patcher as the dictionary that a .maxpat holds."""
        made: dict[str, Any] = self.patcher.to_dict()
        inner = made["patcher"]
        for box, child in self._children:
            outer = next(each["box"] for each in inner["boxes"] if each["box"]["id"] == box.id)
            outer["patcher"] = child.as_dict()["patcher"]
        for cord in (entry["patchline"] for entry in inner["lines"]):
            if (cord["source"], cord["destination"]) in self._hidden:
                cord["hidden"] = 1
        if self.parameters:
            inner["parameters"] = self.parameters
        return made

    def maxpat(self, content: PatchContent) -> str:
        """The .maxpat file. Raises DrawstopError when the patch isn't sound."""
        made = self.as_dict()
        require_sound(made, content)
        return json.dumps(made, indent=1, ensure_ascii=True) + "\n"

    def amxd(self, content: PatchContent, name: str, delay_samples: int) -> bytes:
        """The Max for Live device, an audio effect. Raises DrawstopError when the patch isn't sound."""
        made = self.as_dict()
        require_sound(made, content)
        made["patcher"]["latency"] = delay_samples
        ensure_amxd_project_block(made, device_type="audio_effect", mtime=MADE)
        text = json.dumps(made, indent=1, ensure_ascii=True)
        return pack_amxd(text, device_type="audio_effect", patcher_filename=f"{name}.maxpat", mtime=MADE)

    def _box(
        self, maxclass: str, rect: Sequence[float], inlets: int, outlets: Sequence[str], **fields: Any
    ) -> Box:
        x, y, width, height = (float(round(value)) for value in rect)
        box = Box(
            maxclass,
            inlets,
            len(outlets),
            self.patcher.get_id(maxclass),
            Rect(x, y, width, height),
            outlettype=list(outlets),
            **fields,
        )
        return self.patcher.add_box(box)


def _width(text: str) -> float:
    return max(30.0, len(text) * CHARACTER + PADDING)
