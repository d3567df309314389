"""The scenes of a performance follow their file, and are written into it."""

from pathlib import Path

from drawstop.instrument_description import StopDescription
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.file import EXAMPLE, ScenesFile
from realtime.inputs.live_scenes import LiveScenes
from tests.helpers.control.event_recorder import EventRecorder

STOPS = tuple(StopDescription(slug, slug, slug) for slug in ("guitar", "voice"))


def test_scenes_are_read_again_when_their_file_is_saved_and_a_broken_one_is_one_note(tmp_path: Path) -> None:
    path, notes = tmp_path / "scenes.toml", list[str]()
    live = LiveScenes(ParameterStore(EventRecorder(), STOPS), path, notes.append)
    assert live.scenes.all == ()
    path.write_text(EXAMPLE)
    live.check()
    live.check()  # the file is as the last look found it
    assert [scene.slug for scene in live.scenes.all] == ["verse", "chorus", "quiet", "storm"]
    path.write_text(EXAMPLE + "broken = \n")
    live.check()
    live.check()
    assert len(live.scenes.all) == 4 and len(notes) == 1
    assert notes[0].startswith(str(path)) and notes[0].endswith("; the scenes stay as they were")
    live.close()


def test_a_stored_scene_is_in_the_file_at_the_end_and_one_that_cannot_be_written_is_one_note(
    tmp_path: Path,
) -> None:
    path, notes = tmp_path / "scenes.toml", list[str]()
    parameters = ParameterStore(EventRecorder(), STOPS)
    live = LiveScenes(parameters, path, notes.append)
    parameters.move({"guitar": 0.5}, "test")
    live.scenes.store("Verse")
    live.close()
    assert ScenesFile(path).read().scenes == live.scenes.all
    broken = LiveScenes(parameters, path, notes.append)
    path.write_text("broken = \n")
    broken.scenes.store("Chorus")
    broken.close()
    assert path.read_text() == "broken = \n"
    assert len(notes) == 1 and notes[0].startswith(str(path))
