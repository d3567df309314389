"""Carries out what buttons, keys and OSC messages ask for beside moving a stop: scenes, undo, panic."""

from dataclasses import dataclass

from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import MUTE, RESET


@dataclass
class LiveCommands:
    """The commands of a performance; implements `realtime.controllers.commands.Commands`.

    Args:
        parameters: moved by `panic`.
        scenes: the performance's scenes.
    """

    parameters: ParameterStore
    scenes: Scenes

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        self.scenes.recall(which, seconds, beats=beats)

    def store(self, name: str) -> None:
        self.scenes.store(name)

    def morph(self, first: str, second: str, share: float) -> None:
        self.scenes.morph(first, second, share)

    def pad(self, x: float, y: float) -> None:
        self.scenes.pad(x, y)

    def undo(self) -> None:
        self.scenes.undo()

    def redo(self) -> None:
        self.scenes.redo()

    def panic(self) -> None:
        stops = [slug for slug in self.parameters.targets if "." not in slug]
        self.parameters.move({MUTE.slug: 1.0, RESET.slug: 1.0, **dict.fromkeys(stops, 0.0)}, "panic")
