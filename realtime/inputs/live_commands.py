"""Carries out what buttons, keys and OSC messages ask for beside moving a stop: scenes, undo, panic."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import MUTE, RESET
from realtime.inputs.instrument_choice import InstrumentChoice


@dataclass
class LiveCommands:
    """The commands of a performance; implements `realtime.controllers.commands.Commands`.

    Args:
        parameters: moved by `panic`.
        scenes: the performance's scenes.
        instruments: the instruments that can be chosen.
        start_learning: waits for the controller that shall move a stop; "": waits no longer.
    """

    parameters: ParameterStore
    scenes: Scenes
    instruments: InstrumentChoice = field(default_factory=lambda: InstrumentChoice((), lambda path: None))
    start_learning: Callable[[str], None] = lambda stop: None

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        self.scenes.recall(which, seconds, beats=beats)

    def store(self, name: str) -> None:
        self.scenes.store(name)

    def morph(self, first: str, second: str, share: float) -> None:
        self.scenes.morph(first, second, share)

    def rename(self, which: str, name: str) -> None:
        self.scenes.rename(which, name)

    def remove(self, which: str) -> None:
        self.scenes.remove(which)

    def learn(self, stop: str) -> None:
        self.start_learning(stop)

    def pad(self, x: float, y: float, corners: Sequence[str] | None = None) -> None:
        self.scenes.pad(x, y, corners)

    def undo(self) -> None:
        self.scenes.undo()

    def redo(self) -> None:
        self.scenes.redo()

    def next_scene(self) -> None:
        self.scenes.recall_next(1)

    def previous_scene(self) -> None:
        self.scenes.recall_next(-1)

    def tap(self, at: float | None = None) -> None:
        self.scenes.tempo.tap(time.monotonic() if at is None else at)

    def instrument(self, which: str | int) -> None:
        self.instruments.choose(which)

    def next_instrument(self) -> None:
        self.instruments.step(1)

    def previous_instrument(self) -> None:
        self.instruments.step(-1)

    def panic(self) -> None:
        stops = [slug for slug in self.parameters.targets if "." not in slug]
        self.parameters.move({MUTE.slug: 1.0, RESET.slug: 1.0, **dict.fromkeys(stops, 0.0)}, "panic")
