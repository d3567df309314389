"""`scenes.toml`, read and written. Writing one scene leaves the comments, order and spaces of the rest as they are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from tomlkit.items import AoT, InlineTable

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from realtime.controllers.mapping.toml_document import KeyPath, Lines, parse_toml, read_toml
from realtime.controllers.scenes.scene import CORNERS, Scene, scene_slug
from realtime.controllers.scenes.scene_list import MOST_SCENES, SceneList

EXAMPLE = """\
# The scenes of a set, in the order of their numbers: MIDI program change 0 is the first.
# The pad's corners: bottom left, bottom right, top left, top right.
pad = ["verse", "chorus", "quiet", "storm"]

[[scene]]
name = "Verse"          # OSC: /scene/verse
seconds = 2             # its recall takes 2 s, unless the recall says otherwise

[scene.values]          # a stop that isn't named here stays where it is
guitar = 0.5
voice = -0.25

[[scene]]
name = "Chorus"
beats = 4               # quarter notes, at the tempo of the MIDI clock
values = { guitar = -0.5, voice = 1.0 }

[[scene]]
name = "Quiet"
values = { guitar = 0.0, voice = 0.0, "engine.wet" = 0.3 }  # a parameter of the engine

[[scene]]
name = "Storm"
values = { guitar = 1.0 }
"""

_KEYS = ("pad", "scene")
_SCENE_KEYS = ("name", "seconds", "beats", "values")
_LARGEST = 1e9
"""No stop has such a range."""


@dataclass(frozen=True)
class SceneSet:
    """The file's content: scenes in order, and the slugs of the pad's corners, four or none."""

    scenes: tuple[Scene, ...] = ()
    corners: tuple[str, ...] = ()


class ScenesFile:
    """Reads the file, and writes single scenes into it.

    Args:
        path: the file; `save` creates it if it doesn't exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SceneSet:
        """The content of the file; an empty set if there is no file.

        Raises:
            DrawstopError: "<file>, line N: <what>; <cure>".
        """
        return scene_set(*read_toml(self.path)) if self.path.exists() else SceneSet()

    def save(self, slug: str, scene: Scene | None, index: int) -> None:
        """Write one scene, at `index` if its slug is new; None: remove it. Fits `Scenes(on_change=...)`.

        Other scenes stay as they are in the file, even if the file has been edited since it was read.

        Raises:
            DrawstopError: the file is broken and must be mended first, or can't be written; it stays as it was.
        """
        old_text = ""
        if self.path.exists():
            old_text = read_toml(self.path)[0].as_string()
        newline = "\r\n" if "\r\n" in old_text else "\n"
        text = with_scene(old_text.replace("\r\n", "\n"), self.path, slug, scene, index)
        with atomic_file(self.path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline=newline)


def scene_set(document: tomlkit.TOMLDocument, lines: Lines) -> SceneSet:
    """The scenes of a document.

    Raises:
        DrawstopError: "<file>, line N: <what>; <cure>".
    """
    values = document.unwrap()
    _refuse_unknown(values, _KEYS, (), lines)
    tables = values.get("scene", [])
    if not isinstance(document.get("scene", tomlkit.aot()), AoT):
        raise lines.error(("scene",), "scene is no list of tables; begin each scene with [[scene]]")
    if len(tables) > MOST_SCENES:
        raise lines.error(("scene", MOST_SCENES), f"more than {MOST_SCENES} scenes; remove some")
    scenes = dict[str, Scene]()
    for number, table in enumerate(tables):
        scene = _scene(table, ("scene", number), lines)
        if scene.slug in scenes:
            first = lines.of("scene", list(scenes).index(scene.slug), "name")
            raise lines.error(
                ("scene", number, "name"),
                f"a second scene is called {scene.slug!r}, like that of line {first}; give it another name",
            )
        scenes[scene.slug] = scene
    return SceneSet(tuple(scenes.values()), _corners(values, scenes, lines))


def with_scene(text: str, path: Path, slug: str, scene: Scene | None, index: int) -> str:
    """A file's text with one scene written, or removed if `scene` is None. `path` is for errors only."""
    document, lines = parse_toml(text, path)
    slugs = [each.slug for each in scene_set(document, lines).scenes]
    head, parts = _parts(text, [lines.of("scene", number) for number in range(len(slugs))])
    if scene is None:
        parts = [part for part, each in zip(parts, slugs, strict=True) if each != slug]
    elif slug in slugs:
        parts[slugs.index(slug)] = _edited(parts[slugs.index(slug)], scene)
    else:
        parts.insert(index, _edited("[[scene]]\n[scene.values]\n", scene))
    text = head
    for part in parts:
        text += "\n" * (bool(text) and not text.endswith("\n\n")) + part
    scene_set(*parse_toml(text, path))
    return text


def _parts(text: str, headers: list[int]) -> tuple[str, list[str]]:
    """The text before the scenes, and each scene's text with the comment lines right above its header."""
    rows = text.splitlines(keepends=True)
    if rows and not rows[-1].endswith("\n"):
        rows[-1] += "\n"
    starts = []
    for header in headers:
        start = header - 1
        while start > 0 and rows[start - 1].lstrip().startswith("#"):
            start -= 1
        starts.append(start or header - 1)
    ends = [*starts, len(rows)][1:]
    parts = ["".join(rows[start:end]) for start, end in zip(starts, ends, strict=True)]
    return "".join(rows[: starts[0] if starts else len(rows)]), parts


def _edited(part: str, scene: Scene) -> str:
    """One scene's text with other values."""
    document = tomlkit.parse(part)
    table: Any = document["scene"][0]  # type: ignore[index]  # tomlkit types every item alike
    for key, value in (("name", scene.name), ("seconds", scene.seconds), ("beats", scene.beats)):
        if value is None:
            table.pop(key, None)
        elif table.get(key) != value:
            table[key] = value
    values = table["values"]
    if isinstance(values, InlineTable) and values.keys() != scene.values.keys():
        new_table = tomlkit.inline_table()  # tomlkit would add to the old one without a space
        new_table.update(values.unwrap())
        table["values"] = new_table
        values = table["values"]
    for stop in [stop for stop in values if stop not in scene.values]:
        values.remove(stop)
    for stop, value in scene.values.items():
        if stop not in values or np.float32(values[stop]) != np.float32(value):
            values[stop] = shortest(value)
    return document.as_string()


def shortest(value: float) -> float:
    """The shortest decimal number that is the same as a 32-bit float, which is what the engine takes."""
    return float(str(np.float32(value)))


def _scene(table: Mapping[str, Any], key_path: KeyPath, lines: Lines) -> Scene:
    _refuse_unknown(table, _SCENE_KEYS, key_path, lines)
    name, values = table.get("name"), table.get("values")
    if not isinstance(name, str):
        raise lines.error((*key_path, "name"), 'a scene needs a name; write name = "Verse"')
    if not isinstance(values, dict):
        raise lines.error((*key_path, "values"), "a scene needs values; write values = { guitar = 0.5 }")
    for stop, value in values.items():
        _require_number(value, (*key_path, "values", stop), lines)
    for key in ("seconds", "beats"):
        _require_number(table.get(key, 0), (*key_path, key), lines)
    seconds, beats = table.get("seconds"), table.get("beats")
    with _located((*key_path, "name"), lines):
        scene_slug(name)
    with _located((*key_path, "beats" if seconds is None else "seconds"), lines):
        return Scene(name, values, seconds, beats)


def _corners(values: Mapping[str, Any], scenes: Mapping[str, Scene], lines: Lines) -> tuple[str, ...]:
    names = values.get("pad", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise lines.error(("pad",), 'the pad takes the names of four scenes: pad = ["a", "b", "c", "d"]')
    if len(names) not in (0, CORNERS):
        raise lines.error(("pad",), f"the pad has {CORNERS} corners, got {len(names)}; name {CORNERS} scenes")
    corners = list[str]()
    for number, name in enumerate(names):
        with _located(("pad", number), lines):
            corners.append(SceneList(scenes.values()).find(name).slug)
    return tuple(corners)


def _require_number(value: object, key_path: KeyPath, lines: Lines) -> None:
    key = key_path[-1]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator]  # a number by now
        raise lines.error(key_path, f"{key} takes a number, got {str(value)[:20]}; write {key} = 0.5")


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], key_path: KeyPath, lines: Lines) -> None:
    for key in table:
        if key not in known:
            raise lines.error(
                (*key_path, key), f"nothing here is called {key!r}; there are: {', '.join(known)}"
            )


@contextmanager
def _located(key_path: KeyPath, lines: Lines) -> Iterator[None]:
    """Context in which an error's message gets the file and the line of a key."""
    try:
        yield
    except DrawstopError as error:
        raise lines.error(key_path, str(error)) from error
