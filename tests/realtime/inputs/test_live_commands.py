"""The commands of buttons, keys and OSC messages reach the scenes, the parameters and the instruments."""

from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.instrument_choice import InstrumentChoice
from realtime.inputs.keyboard import LiveKeys, key_names
from realtime.inputs.live_commands import LiveCommands
from realtime.inputs.terminal_keys import console_keys
from tests.helpers.control.event_recorder import EventRecorder

STOPS = tuple(StopDescription(slug, slug, slug) for slug in ("guitar", "voice"))


def test_every_command_does_what_its_name_says() -> None:
    sound = EventRecorder()
    parameters = ParameterStore(sound, [*STOPS, *PARAMETERS])
    corners = [Scene(name, {"guitar": value}) for name, value in zip("abcd", (-1, -0.5, 0.5, 1), strict=True)]
    commands = LiveCommands(parameters, Scenes(parameters, corners, corners="abcd"))

    def guitar() -> float:
        return parameters.values["guitar"]

    commands.scene("b", 2.0)
    assert guitar() == -0.5 and sound.events[-1].ramp_samples == 2 * sound.sample_rate
    commands.morph("a", "b", 0.5)
    assert guitar() == -0.75
    commands.pad(1.0, 1.0)
    assert guitar() == 1.0
    commands.undo()
    assert guitar() == -0.75
    commands.redo()
    assert guitar() == 1.0
    commands.store("new")
    commands.scene(0)
    commands.scene("new")
    assert guitar() == 1.0
    commands.scene("b")
    commands.next_scene()
    assert guitar() == 0.5
    commands.previous_scene()
    commands.previous_scene()
    assert guitar() == -1.0
    with pytest.raises(DrawstopError, match="no scene comes before: a is the first scene"):
        commands.previous_scene()
    for at in (1.0, 1.5, 2.0):
        commands.tap(at)
    assert commands.scenes.tempo.bpm == pytest.approx(120.0)
    commands.panic()
    values = parameters.values
    assert (values["guitar"], values["voice"], values["engine.mute"]) == (0.0, 0.0, 1.0)
    assert [event.slug for event in sound.events[-4:]] == ["engine.mute", "engine.reset", "guitar", "voice"]


def test_instruments_are_chosen_by_number_by_name_and_one_after_the_other() -> None:
    swapped: list[str] = []
    choice = InstrumentChoice(
        [Path(f"{name}.ts") for name in ("organ", "choir", "drums")], lambda p: swapped.append(p.stem)
    )
    parameters = ParameterStore(EventRecorder(), [*STOPS, *PARAMETERS])
    commands = LiveCommands(parameters, Scenes(parameters), choice)
    commands.next_instrument()
    commands.instrument("3")
    commands.next_instrument()
    commands.previous_instrument()
    commands.instrument("choir")
    assert swapped == ["choir", "drums", "organ", "drums", "choir"]
    assert choice.is_playing(Path("choir.ts"))
    with pytest.raises(
        DrawstopError, match="no instrument is '4'; on the command line are: 1 organ, 2 choir, 3 drums"
    ):
        commands.instrument("4")
    with pytest.raises(DrawstopError, match="give several on the command line"):
        LiveCommands(parameters, Scenes(parameters)).next_instrument()
    with pytest.raises(DrawstopError, match="no scene comes next: there are no scenes"):
        commands.next_scene()


def test_arrows_choose_and_move_a_stop_zero_rests_it_and_errors_are_notes() -> None:
    stops = (StopDescription("a", "a", "a"), StopDescription("b", "b", "b", minimum=-1.0, maximum=0.0))
    parameters, notes = ParameterStore(EventRecorder(), [*stops, *PARAMETERS]), list[str]()
    keys = LiveKeys(LiveCommands(parameters, Scenes(parameters)), notes.append)
    for name in key_names("\x1b[C\x1bOC\x1b[15~\x1b[D\x1b[Dx\x1b[D"):
        keys.press(name)
    assert parameters.values["a"] == pytest.approx(-0.05)
    keys.press("down")
    keys.press("left")
    assert (keys.chosen, parameters.values["b"]) == (1, pytest.approx(-0.025))
    for _ in range(3):
        keys.press("right")
    assert parameters.values["b"] == 0.0  # its end
    keys.press("down")
    keys.press("0")
    assert keys.chosen == 0 and parameters.values["a"] == 0.0
    for key in ("b", "m", "b", "9", "\x1b", "é"):
        keys.press(key)
    assert (parameters.values["engine.bypass"], parameters.values["engine.mute"], notes) == (0.0, 1.0, [])
    keys.press("p")
    assert parameters.values["engine.mute"] == 1.0
    for typed, value in (
        ("\x1b[1;2C", 0.005),
        ("\x1b[5~", 0.205),
        ("\x1b[F", 1.0),
        ("\x1b[3~", 0.0),
        ("\x1bOH", -1.0),
    ):
        keys.press(*key_names(typed))
        assert parameters.values["a"] == pytest.approx(value), typed


class Recorder:
    """A recording that begins and ends."""

    def __init__(self) -> None:
        self.current: Path | None = None
        self.begun: list[str] = []

    def begin(self, name: str = "") -> None:
        self.begun.append(name)
        self.current = Path(name or "now")

    def end(self) -> None:
        self.current = None


def test_keys_store_and_recall_scenes_learn_and_record() -> None:
    parameters, notes, learning = ParameterStore(EventRecorder(), [*STOPS, *PARAMETERS]), list[str](), [""]
    recorder = Recorder()
    commands = LiveCommands(parameters, Scenes(parameters), start_learning=lambda stop: learning.append(stop))
    commands.recording = recorder
    keys = LiveKeys(commands, notes.append, lambda: learning[-1])
    for key in ("end", "s", "delete", "s", "n", "n", "N"):
        keys.press(key)
    assert parameters.values["guitar"] == 1.0 and notes == ["stored: Scene 1", "stored: Scene 2"]
    keys.press("n")
    keys.press("n")
    assert notes[-1] == "no scene comes next: scene_2 is the last scene"
    for key in ("l", "down", "l", "l"):
        keys.press(key)
    assert learning == ["", "guitar", "voice", ""]
    keys.press("r")
    assert recorder.begun == [""] and recorder.current is not None
    keys.press("r")
    assert recorder.current is None
    with pytest.raises(DrawstopError, match="nothing can be recorded here"):
        LiveCommands(parameters, Scenes(parameters)).toggle_recording()


def test_the_keys_of_a_windows_console_are_those_of_a_terminal() -> None:
    """What `msvcrt.getwch` returns for these keys, as Microsoft's _getwch documents it: a prefix, then the key's code."""
    typed = list("b\xe0H\xe0P\x00K\xe0M\xe0G\xe0O\xe0I\xe0Q\xe0S\xe0t\x00;0\x1b")
    names = key_names(console_keys(lambda: bool(typed), lambda: typed.pop(0)))
    assert names == [
        "b", "up", "down", "left", "right", "home", "end", "page up", "page down", "delete", "fine right", "0", "\x1b",
    ]  # fmt: skip
    typed = ["\xe0"]  # an à that was typed
    assert console_keys(lambda: bool(typed), lambda: typed.pop(0)) == "à"
