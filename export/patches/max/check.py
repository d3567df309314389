"""Checks of a Max patch: unique ids, cords between ports that exist, methods and attributes that the instrument has."""

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Any

from py2max import Patcher
from py2max.lint import lint

from drawstop.errors import DrawstopError
from export.patches.content import PatchContent
from export.patches.pd.canvas import overlap

Boxes = dict[str, dict[str, Any]]


def faults(patch: dict[str, Any], content: PatchContent) -> list[str]:
    """The faults of a patch, a line for each; empty for a correct one.

    Args:
        patch: the dictionary that a .maxpat holds, `{"patcher": ...}`.
        content: the instrument that it plays.
    """
    problems: list[str] = []
    for path, patcher in _patchers(patch["patcher"], ""):
        boxes = [entry["box"] for entry in patcher["boxes"]]
        counted = Counter(box["id"] for box in boxes)
        problems += [
            f"{path}{name}: {times} boxes have this id" for name, times in counted.items() if times > 1
        ]
        by_id = {box["id"]: box for box in boxes}
        for box in boxes:
            problems += [f"{path}{box['id']}: {fault}" for fault in _box_faults(box, content)]
        for entry in patcher["lines"]:
            problems += [f"{path}cord: {fault}" for fault in _cord_faults(entry["patchline"], by_id)]
    return problems or _reference_faults(patch)


def require_sound(patch: dict[str, Any], content: PatchContent) -> None:
    """Raise DrawstopError naming the first fault."""
    problems = faults(patch, content)
    if problems:
        raise DrawstopError(
            f"the Max patch of {content.file} isn't sound ({problems[0]}); please report this"
        )


def overlaps(patch: dict[str, Any]) -> list[str]:
    """Pairs of boxes that lie on each other, in every patcher; a tidy patch has none."""
    problems = []
    for path, patcher in _patchers(patch["patcher"], ""):
        boxes = [entry["box"] for entry in patcher["boxes"]]
        for field in ("patching_rect", "presentation_rect"):
            shown = [box for box in boxes if field in box]
            for index, first in enumerate(shown):
                problems += [
                    f"{path}{_words(first)} / {_words(second)}"
                    for second in shown[index + 1 :]
                    if overlap(first[field], second[field])
                ]
    return problems


def _patchers(patcher: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A patcher and all patchers inside it, each with the path to it."""
    yield path, patcher
    for entry in patcher["boxes"]:
        if "patcher" in entry["box"]:
            yield from _patchers(entry["box"]["patcher"], f"{path}{entry['box']['text']}/")


def _box_faults(box: dict[str, Any], content: PatchContent) -> list[str]:
    problems = []
    if len(box["outlettype"]) != box["numoutlets"]:
        problems.append(f"{box['numoutlets']} outlets, {len(box['outlettype'])} of them with a type")
    words = str(box.get("text", "")).split()
    if words[:1] == ["nn~"] and box["maxclass"] == "newobj":
        problems += _nn_faults(box, words, content)
    if box["maxclass"] == "message" and words[:1] == ["set"]:
        problems += _set_faults(words, content)
    if "patcher" in box:
        inside = Counter(entry["box"]["maxclass"] for entry in box["patcher"]["boxes"])
        if (inside["inlet"], inside["outlet"]) != (box["numinlets"], box["numoutlets"]):
            problems.append(
                f"{box['text']} shows {box['numinlets']} inlets and {box['numoutlets']} outlets, but holds "
                f"{inside['inlet']} and {inside['outlet']}"
            )
    return problems


def _nn_faults(box: dict[str, Any], words: list[str], content: PatchContent) -> list[str]:
    if len(words) != 3:  # a size here overflows nn~'s memory where a method has one inlet and one outlet
        return [f"expected nn~ with a file and a method and no size, got {' '.join(words)}"]
    if words[1].rsplit("/", 1)[-1] != content.file:
        return [f"nn~ opens {words[1]}, the instrument is {content.file}"]
    if words[2] not in {method.name for method in content.description.methods}:
        return [f"the instrument has no method {words[2]}"]
    method = content.method(words[2])
    has, needs = (box["numinlets"], box["numoutlets"]), (len(method.inlets), len(method.outlets))
    return [] if has == needs else [f"nn~ {words[2]} has {needs} inlets and outlets, the box {has}"]


def _set_faults(words: list[str], content: PatchContent) -> list[str]:
    if len(words) != 3:
        return [f"expected set, an attribute and one value, got {' '.join(words)}"]
    if words[1] not in content.attributes:
        return [f"the instrument has no attribute {words[1]}"]
    return []


def _cord_faults(cord: dict[str, Any], boxes: Boxes) -> list[str]:
    (source, outlet), (target, inlet) = cord["source"], cord["destination"]
    missing = [name for name in (source, target) if name not in boxes]
    if missing:
        return [f"no box has the id {name}" for name in missing]
    problems = []
    if not 0 <= outlet < boxes[source]["numoutlets"]:
        problems.append(f"{_words(boxes[source])} has no outlet {outlet}")
    if not 0 <= inlet < boxes[target]["numinlets"]:
        problems.append(f"{_words(boxes[target])} has no inlet {inlet}")
    return problems


def _reference_faults(patch: dict[str, Any]) -> list[str]:
    """The faults that py2max reports, which knows the inlets and outlets of Max's objects."""
    return [
        str(finding)
        for finding in lint(Patcher.from_dict(copy.deepcopy(patch["patcher"])))
        if finding.severity == "error"
    ]


def _words(box: dict[str, Any]) -> str:
    return str(box.get("text") or box["maxclass"])
