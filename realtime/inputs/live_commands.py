"""Carries out what buttons, keys and OSC messages ask for beside moving a stop: scenes, undo, panic."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from drawstop.errors import DrawstopError
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import MUTE, RESET
from realtime.inputs.instrument_choice import InstrumentChoice


class Recorder(Protocol):
    """Begins and ends recordings of the performance. No method waits; each raises DrawstopError if it can't be done."""

    @property
    def current(self) -> Path | None:
        """The folder of the session that is being recorded; None: none is."""
        ...

    def begin(self, name: str = "") -> None:
        """Record from now on, as a session of this name; "": of the present time."""
        ...

    def end(self) -> None:
        """End the recording."""
        ...


@dataclass
class LiveCommands:
    """The commands of a performance; implements `realtime.controllers.commands.Commands`.

    Args:
        parameters: moved by `panic`.
        scenes: the performance's scenes.
        instruments: the instruments that can be chosen.
        recording: begins and ends recordings; None: nothing can be recorded.
        start_learning: waits for the controller that shall move a stop; "": waits no longer.
    """

    parameters: ParameterStore
    scenes: Scenes
    instruments: InstrumentChoice = field(default_factory=lambda: InstrumentChoice((), lambda path: None))
    start_learning: Callable[[str], None] = lambda stop: None
    recording: Recorder | None = None

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

    def record(self, name: str = "") -> None:
        self._recorder().begin(name)

    def end_recording(self) -> None:
        self._recorder().end()

    def toggle_recording(self) -> None:
        recorder = self._recorder()
        if recorder.current is None:
            recorder.begin()
        else:
            recorder.end()

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

    def _recorder(self) -> Recorder:
        if self.recording is None:
            raise DrawstopError("nothing can be recorded here")
        return self.recording

    def panic(self) -> None:
        stops = [slug for slug in self.parameters.targets if "." not in slug]
        self.parameters.move({MUTE.slug: 1.0, RESET.slug: 1.0, **dict.fromkeys(stops, 0.0)}, "panic")
