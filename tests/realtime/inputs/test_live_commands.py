"""The commands of buttons, keys and OSC messages reach the scenes and the parameters."""

from event_recorder import EventRecorder

from drawstop.instrument_description import StopDescription
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.live_commands import LiveCommands

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
    commands.panic()
    values = parameters.values
    assert (values["guitar"], values["voice"], values["engine.mute"]) == (0.0, 0.0, 1.0)
    assert [event.slug for event in sound.events[-4:]] == ["engine.mute", "engine.reset", "guitar", "voice"]
