"""Controllers to the stage and back: MIDI, scenes, OSC, the keyboard; all through one hub."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.controllers.mapping.file import read_mapping
from realtime.controllers.mapping.mapping import Mapping as ControllerMapping
from realtime.controllers.mapping.mapping import default_mapping, for_stops
from realtime.controllers.midi.feedback import MidiFeedback
from realtime.controllers.midi.input import MidiControl
from realtime.controllers.parameters import ControlHub, Sound
from realtime.controllers.scenes.file import ScenesFile
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.control_signals import Ranged
from realtime.engine.parameters import BYPASS, MUTE, PARAMETERS, RESET
from realtime.inputs.midi_ports import MidiPorts
from realtime.inputs.osc import OscControl, OscRequest


class FileWatcher:
    """Looks at a file when it is told to. To be made before the file is first read: what changes from then on is seen.

    Args:
        path: of the file; it may come and go.
        on_change: called when it is there and differs from what was seen last.
    """

    def __init__(self, path: Path, on_change: Callable[[], None]) -> None:
        self._path, self._on_change = path, on_change
        self._seen = self._stamp()

    def look(self) -> None:
        """Call `on_change` if it is time."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        self._on_change()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size


@dataclass(frozen=True)
class ControlRequest:
    """What controls a performance.

    Args:
        midi: parts of the names of MIDI inputs; with a mapping and none of these, every input.
        mapping: its file; None: `default_mapping`.
        scenes: their file; None: they are kept until the end only.
        osc: where OSC is listened to.
    """

    midi: Sequence[str] = ()
    mapping: Path | None = None
    scenes: Path | None = None
    osc: OscRequest = field(default_factory=OscRequest)

    def check(self) -> None:
        """Read the files, before anything is started for them.

        Raises:
            DrawstopError: one is broken, or OSC can't be as it's asked for.
        """
        self.osc.check()
        if self.mapping is not None:
            read_mapping(self.mapping)
        if self.scenes is not None:
            ScenesFile(self.scenes).read()


class LivePerformance(Sound, Protocol):
    """The performance whose parameters are moved.

    Attributes:
        notes: lines for the user; what is appended is shown.
    """

    notes: list[str]

    @property
    def description(self) -> InstrumentDescription:
        """Of the instrument that came in last."""
        ...


@dataclass
class StageCommands:
    """What buttons and messages ask for; see `controls.commands`."""

    hub: ControlHub
    scenes: Scenes | None = field(default=None)

    def scene(self, which: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        self._all().recall(which, seconds, beats=beats)

    def store(self, name: str) -> None:
        self._all().store(name)

    def morph(self, first: str, second: str, share: float) -> None:
        self._all().morph(first, second, share)

    def pad(self, x: float, y: float) -> None:
        self._all().pad(x, y)

    def undo(self) -> None:
        self._all().undo()

    def redo(self) -> None:
        self._all().redo()

    def panic(self) -> None:
        stops = [slug for slug in self.hub.targets if "." not in slug]
        self.hub.move({MUTE.slug: 1.0, RESET.slug: 1.0, **dict.fromkeys(stops, 0.0)}, "panic")

    def _all(self) -> Scenes:
        assert self.scenes is not None
        return self.scenes


class ControlBridge:
    """Everything that moves a stage's stops, from entering the context to leaving it.

    Attributes:
        hub: where everything stands.
        scenes: those of the performance.

    Raises:
        DrawstopError: a mapping or scenes that can't be read.
    """

    def __init__(self, stage: LivePerformance, request: ControlRequest) -> None:
        self._stage, self._request = stage, request
        self._targets = _targets(stage)
        self.hub = ControlHub(stage, self._targets)
        self.commands = StageCommands(self.hub)
        self._watchers: list[FileWatcher] = []
        self._writer = ThreadPoolExecutor(1, "scenes")
        self.scenes = self.commands.scenes = self._scenes(request.scenes)
        if request.mapping is not None:
            self._watchers.append(FileWatcher(request.mapping, self._use_new_mapping))
        self._midi = MidiControl(
            self.hub, self._mapping(), self.commands, self.scenes.tempo, stage.notes.append
        )
        self._inputs: set[str] = set()
        self._osc = None if request.osc.port is None else OscControl(
            self.hub, request.osc, self.commands, lambda: self.scenes.all, stage.description.name, stage.notes.append
        )  # fmt: skip
        self._open = ExitStack()

    def __enter__(self) -> "ControlBridge":
        if self._osc is not None:
            self._open.enter_context(self._osc)
        if self._request.midi or self._request.mapping is not None:
            self._open_midi()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()
        self._writer.shutdown()

    def _open_midi(self) -> None:
        wanted = tuple(self._request.midi) or ("",)
        outputs = wanted if self._midi.mapping.feedback else ()
        self._ports = MidiPorts(
            self._midi.hear, wanted, outputs, self._ports_changed, lambda: self._midi.tick(time.monotonic())
        )
        self._feedback = MidiFeedback(
            self.hub, self._ports.send, lambda: self._midi.mapping, lambda: self._midi.bank
        )
        self._open.enter_context(self._feedback)
        self._open.enter_context(self._ports)

    def tick(self) -> None:
        """Follow what has changed: the instrument, the files. To be called ten times a second."""
        targets = _targets(self._stage)
        swapped = targets != self._targets
        if swapped:
            self._targets = targets
            self.hub.set_targets(targets)
            self._told(lambda: self._midi.use(self._mapping()))
        for watcher in self._watchers:
            watcher.look()
        if self._osc is not None:
            self._osc.look(swapped)

    def meters(self, decibels: Mapping[str, float], levels: Mapping[str, float]) -> None:
        """Tell subscribed clients the meters, in dBFS, and how strongly each stop sounds, 0..1."""
        if self._osc is not None:
            self._osc.meters(decibels, levels)

    def press(self, key: str) -> None:
        """Do what a key of the terminal asks for: b bypass, m mute, p panic, u undo."""
        for letter, fader in (("b", BYPASS), ("m", MUTE)):
            if key == letter:
                self.hub.move({fader.slug: 1.0 - round(self.hub.values[fader.slug])}, "key")
        commands: dict[str, Callable[[], None]] = {"p": self.commands.panic, "u": self.commands.undo}
        if key in commands:
            self._told(commands[key])

    def _mapping(self) -> ControllerMapping:
        slugs = [stop.slug for stop in self._stage.description.stops]
        if self._request.mapping is not None:
            mapping = for_stops(read_mapping(self._request.mapping), slugs)
            unknown = sorted({knob.stop for knob in mapping.knobs} - self.hub.targets.keys())
            if unknown:
                known = ", ".join(self.hub.targets)
                self._stage.notes.append(
                    f"{self._request.mapping} moves {', '.join(unknown)}, which aren't here; there are: {known}"
                )
            return mapping
        return default_mapping(slugs)

    def _use_new_mapping(self) -> None:
        def use() -> None:
            self._midi.use(self._mapping())
            self._stage.notes.append(f"{self._request.mapping} is in use as it was saved")

        self._told(use, "the old one plays on")

    def _scenes(self, path: Path | None) -> Scenes:
        if path is None:
            return Scenes(self.hub, tell=self._stage.notes.append)
        file = ScenesFile(path)

        def use() -> None:
            read = file.read()
            scenes.replace(read.scenes, read.corners)

        self._watchers.append(FileWatcher(path, lambda: self._told(use, "the scenes stay as they were")))
        read = file.read()

        def keep(
            slug: str, scene: Scene | None, place: int
        ) -> None:  # by whoever presses the button, who can't wait
            self._writer.submit(lambda: self._told(lambda: file.keep(slug, scene, place)))

        scenes = Scenes(self.hub, read.scenes, corners=read.corners, keep=keep, tell=self._stage.notes.append)
        return scenes

    def _told(self, act: Callable[[], None], otherwise: str = "") -> None:
        """Do something; if it can't be done, a note says so."""
        try:
            act()
        except DrawstopError as error:
            self._stage.notes.append(f"{error}; {otherwise}" if otherwise else str(error))

    def _ports_changed(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        for name in sorted(set(inputs) - self._inputs):
            self._stage.notes.append(f"MIDI {name} is here")
        for name in sorted(self._inputs - set(inputs)):
            self._stage.notes.append(f"MIDI {name} has gone; it is taken up again when it comes back")
            self._midi.forget(name)
        self._inputs = set(inputs)
        self._feedback.devices(outputs)


def _targets(stage: LivePerformance) -> list[Ranged]:
    return [*stage.description.stops, *PARAMETERS]
