"""`scenes.toml`: read as documented, written with its comments preserved; its errors name the line."""

import random
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.toml_document import parse_toml
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.file import EXAMPLE, SceneSet, ScenesFile, scene_set, with_scene
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.repository import DOCS

FILE = Path("scenes.toml")
PAGE = DOCS / "play" / "scenes.md"
STOPS = tuple(StopDescription(slug, slug, slug) for slug in ("guitar", "voice"))


def read(text: str) -> SceneSet:
    return scene_set(*parse_toml(text, FILE))


def test_the_example_is_read_and_stands_in_the_docs() -> None:
    found = read(EXAMPLE)
    assert found.corners == ("verse", "chorus", "quiet", "storm")
    assert found.scenes == (
        Scene("Verse", {"guitar": 0.5, "voice": -0.25}, seconds=2),
        Scene("Chorus", {"guitar": -0.5, "voice": 1.0}, beats=4),
        Scene("Quiet", {"guitar": 0.0, "voice": 0.0, "engine.wet": 0.3}),
        Scene("Storm", {"guitar": 1.0}),
    )
    assert f"```toml\n{EXAMPLE}```" in PAGE.read_text(encoding="utf-8")


def test_the_docs_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.write_text(EXAMPLE)
    sample = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    parameters = ParameterStore(EventRecorder(), STOPS)
    exec(sample, {"parameters": parameters})
    assert parameters.values == pytest.approx({"guitar": 0.2, "voice": 0.125})
    assert ScenesFile(FILE).read().scenes[-1].name == "Bridge"


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("pad =", "pat =", "line 3: nothing here is called 'pat'; there are: pad, scene"),
        ('"storm"]', '"strom"]', "line 3: no scene is called 'strom'; there are: verse, chorus, quiet, storm"),
        (', "storm"]', "]", "line 3: the pad has 4 corners, got 3; name 4 scenes"),
        ('"storm"]', "1]", "line 3: the pad takes the names of four scenes"),
        ('name = "Verse"', "", 'line 5: a scene needs a name; write name = "Verse"'),
        ('"Verse"', '"--"', "line 6: a scene's name has a letter or digit and at most 100 characters, got '--'"),
        ('"Chorus"', '"verse"', "line 14: a second scene is called 'verse', like that of line 6; give it another name"),
        ("seconds = 2", "seconds = -2", "line 7: a recall takes 0 to 3600 seconds, got -2"),
        ("seconds = 2", 'seconds = "2"', "line 7: seconds takes a number, got 2; write seconds = 0.5"),
        ("beats = 4", "beats = 4\nseconds = 1", "line 16: got seconds = 1 and beats = 4; give one of the two"),
        ("beats", "bars", "line 15: nothing here is called 'bars'; there are: name, seconds, beats, values"),
        ("voice = -0.25", "voice = true", "line 11: voice takes a number, got True; write voice = 0.5"),
        ("voice = -0.25", "voice = nan", "line 11: voice takes a number, got nan; write voice = 0.5"),
        ("voice = -0.25", "voice = 1" + "0" * 400, "line 11: voice takes a number, got 10000000000000000000;"),
        ("voice = -0.25", "voice.more = 1", "line 11: voice takes a number, got {'more': 1};"),
        ("values = { guitar = 1.0 }", "", "line 22: a scene needs values; write values = { guitar = 0.5 }"),
        ("voice = -0.25", "voice = ", "line 11: Invalid value; put a text in quotes"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_its_number_and_a_cure(old: str, new: str, message: str) -> None:
    with pytest.raises(DrawstopError, match="^" + re.escape(f"scenes.toml, {message}")) as caught:
        read(EXAMPLE.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_a_scene_list_that_is_no_list_of_tables_is_refused() -> None:
    for text in ("scene = 3", "[scene]\nname = 'a'", "scene = [{ name = 'a', values = {} }]"):
        with pytest.raises(
            DrawstopError, match=r"scenes.toml, line 1: .*begin each scene with \[\[scene\]\]"
        ):
            read(text)


def test_writing_a_scene_changes_its_numbers_and_nothing_else() -> None:
    written = with_scene(
        EXAMPLE, FILE, "verse", Scene("Verse", {"guitar": 0.5, "voice": 0.1, "organ": 1.0}, seconds=2), 0
    )
    assert written == EXAMPLE.replace("voice = -0.25\n", "voice = 0.1\norgan = 1.0\n")
    loud = Scene("CHORUS", {"guitar": -0.5, "engine.wet": 0.1, "voice": 1.0}, seconds=1.5)
    assert with_scene(EXAMPLE, FILE, "chorus", loud, 1) == EXAMPLE.replace('"Chorus"', '"CHORUS"').replace(
        "beats = 4               # quarter notes, at the tempo of the MIDI clock\n"
        "values = { guitar = -0.5, voice = 1.0 }\n",
        'values = {guitar = -0.5, voice = 1.0, "engine.wet" = 0.1}\nseconds = 1.5\n',
    )
    half = Scene("Quiet", {"guitar": 0.5})
    assert "values = {guitar = 0.5}  # a parameter of the engine\n" in with_scene(
        EXAMPLE, FILE, "quiet", half, 2
    )


def test_a_new_scene_is_written_at_its_index_and_removed_without_a_trace() -> None:
    scene = Scene("New one", {"guitar": 1 / 3, "engine.wet": 0.5}, beats=2)
    for index in range(5):
        written = with_scene(EXAMPLE, FILE, "new_one", scene, index)
        found = read(written).scenes
        assert found[index].slug == "new_one" and found[index].beats == 2
        assert np.float32(found[index].values["guitar"]) == np.float32(1 / 3)
        assert "guitar = 0.33333334\n" in written
        assert with_scene(written, FILE, "new_one", None, index).rstrip("\n") == EXAMPLE.rstrip("\n")


def test_a_scene_takes_the_comment_above_it_along_and_leaves_the_others() -> None:
    text = "# my set\n\n# first\n[[scene]]\nname='a'\nvalues={}\n# end of a\n\n# second\n[[scene]]\nname='b'\nvalues={}\n"
    assert with_scene(text, FILE, "a", None, 0) == "# my set\n\n# second\n[[scene]]\nname='b'\nvalues={}\n"
    top = "# my set\n[[scene]]\nname = 'a'\nvalues.guitar = 1"
    assert with_scene(top, FILE, "a", None, 0) == "# my set\n"
    again = with_scene(top, FILE, "a", Scene("a", {"guitar": 0.5, "voice": 1.0}), 0)
    assert read(again).scenes == (Scene("a", {"guitar": 0.5, "voice": 1.0}),)


def test_a_scene_that_is_a_corner_of_the_pad_is_not_taken_from_under_it() -> None:
    with pytest.raises(DrawstopError, match=r"scenes.toml, line 3: no scene is called 'storm'"):
        with_scene(EXAMPLE, FILE, "storm", None, 3)


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    file = ScenesFile(tmp_path / "scenes.toml")
    assert file.read() == SceneSet()
    file.path.write_text(EXAMPLE.replace("0.5", "0,5"))
    before = file.path.read_bytes()
    with pytest.raises(DrawstopError, match=r"scenes.toml, line 10: "):
        file.save("verse", Scene("verse", {}), 0)
    assert file.path.read_bytes() == before


def test_an_edit_that_was_not_read_yet_and_its_line_ends_stay(tmp_path: Path) -> None:
    file = ScenesFile(tmp_path / "sets" / "scenes.toml")
    file.save("a", Scene("a", {"guitar": 0.5}), 0)
    edited = file.path.read_text() + "\n# by hand\n[[scene]]\nname = 'b'\nvalues = { guitar = 1 }\n"
    file.path.write_text(edited, newline="\r\n")
    file.save("a", Scene("a", {"guitar": 0.75}), 0)
    assert file.path.read_bytes() == edited.replace("0.5", "0.75").replace("\n", "\r\n").encode()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_after_any_sequence_the_file_holds_the_scenes_and_every_comment(tmp_path: Path, seed: int) -> None:
    random_, file = random.Random(seed), ScenesFile(tmp_path / "scenes.toml")
    file.path.write_text(EXAMPLE)
    found = file.read()
    parameters = ParameterStore(EventRecorder(), STOPS)
    scenes = Scenes(parameters, found.scenes, corners=found.corners, on_change=file.save)
    for _ in range(25):
        action = random_.choice(["store", "store", "undo", "redo", "move", "swap", "remove"])
        if action == "store":
            scenes.store(random_.choice(["Verse", "Chorus", "Quiet", "Storm", "New", "Café"]))
        elif action == "undo":
            scenes.undo()
        elif action == "redo":
            scenes.redo()
        elif action == "swap":
            parameters.set_targets(random_.choice([STOPS, STOPS[:1]]))
        elif action == "move":
            parameters.move({slug: random_.uniform(-1, 1) for slug in parameters.values}, "hand")
        elif scenes.all[-1].slug not in scenes.corners:
            scenes.remove(len(scenes.all) - 1)
        again = file.read()
        assert again.corners == found.corners
        assert [scene.slug for scene in again.scenes] == [scene.slug for scene in scenes.all]
        for one, other in zip(again.scenes, scenes.all, strict=True):
            assert (one.name, one.seconds, one.beats) == (other.name, other.seconds, other.beats)
            assert one.values.keys() == other.values.keys()
            for slug, value in one.values.items():
                assert np.float32(value) == np.float32(other.values[slug])
    text = file.path.read_text()
    for comment in re.findall(r"#.*", EXAMPLE):
        assert comment in text
    tomllib.loads(text)
