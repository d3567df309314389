"""The controllers of a performance: MIDI, OSC, scenes and keys, all moving the same parameters."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.learning.live import LiveLearning
from realtime.controllers.mapping.add_knob import add_knob
from realtime.controllers.mapping.file import is_shipped, read_mapping
from realtime.controllers.mapping.mapping import Knob, default_mapping, for_stops, with_knobs
from realtime.controllers.mapping.mapping import Mapping as ControllerMapping
from realtime.controllers.midi.feedback import MidiFeedback
from realtime.controllers.midi.input import MidiInput
from realtime.controllers.midi.names import MissingBoxes, box_of, meant
from realtime.controllers.parameters import EngineTarget, ParameterChange, ParameterStore
from realtime.controllers.scenes.file import ScenesFile
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.control_signals import Ranged
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.file_watcher import FileWatcher
from realtime.inputs.instrument_choice import InstrumentChoice
from realtime.inputs.keyboard import LiveKeys
from realtime.inputs.learn import describe, named
from realtime.inputs.live_commands import LiveCommands, Recorder
from realtime.inputs.live_scenes import LiveScenes
from realtime.inputs.message_queue import NO_INPUT
from realtime.inputs.midi_ports import MidiPorts
from realtime.inputs.osc import LiveOsc, OscOptions


@dataclass(frozen=True)
class ControllerOptions:
    """Which controllers a performance has.

    Args:
        midi: parts of the names of MIDI inputs; with a mapping and none of these, every input.
        mapping: the mapping's file; None: `default_mapping`.
        scenes: the scenes' file; None: scenes last until the performance ends.
        osc: the OSC server's options.
        instruments: the instruments that can be chosen; the first one plays.
    """

    midi: Sequence[str] = ()
    mapping: Path | None = None
    scenes: Path | None = None
    osc: OscOptions = field(default_factory=OscOptions)
    instruments: Sequence[Path] = ()

    def check(self) -> None:
        """Read the files and check the options, before anything is started for them.

        Raises:
            DrawstopError: a file is broken, or the OSC options don't fit each other.
        """
        self.osc.check()
        if self.mapping is not None:
            read_mapping(self.mapping)
        if self.scenes is not None:
            ScenesFile(self.scenes).read()


class LivePerformance(EngineTarget, Protocol):
    """The performance whose parameters are moved.

    Attributes:
        notes: lines for the user; what is appended is shown.
    """

    notes: list[str]

    @property
    def description(self) -> InstrumentDescription:
        """The description of the instrument that plays, or of the one that is coming in."""
        ...

    @property
    def recording(self) -> Recorder | None:
        """Begins and ends recordings; None: nothing can be recorded."""
        ...

    def swap(self, path: Path) -> None:
        """Swap to another instrument; doesn't wait."""
        ...


class LiveControllers:
    """Opens MIDI ports and OSC sockets on entering the context and closes them on leaving it.

    Args:
        performance: the performance that is controlled.
        options: its controllers.

    Attributes:
        parameters: the values of all stops and engine parameters.
        scenes: the scenes of the performance.
        instruments: the instruments that can be chosen.
        commands: what buttons, keys and OSC messages can ask for.
        keys: what the terminal's keys do.
        learning: the stop that waits for a controller, if one does.
        learned: what was learned last, for people.
        moved: the slug of what moved last, and what moved it.

    Raises:
        DrawstopError: a mapping or scenes that can't be read.
    """

    def __init__(self, performance: LivePerformance, options: ControllerOptions) -> None:
        self._performance, self._options = performance, options
        self._show_line: Callable[[str], None] = performance.notes.append
        self._targets = _targets(performance)
        self.parameters = ParameterStore(performance, self._targets)
        self._live_scenes = (
            None if options.scenes is None else LiveScenes(self.parameters, options.scenes, self._show_line)
        )
        self.scenes = (
            Scenes(self.parameters, show_line=self._show_line)
            if self._live_scenes is None
            else self._live_scenes.scenes
        )
        self.instruments = InstrumentChoice(options.instruments, performance.swap)
        self.learning, self.learned = LiveLearning(), ""
        self._learned_knobs: tuple[Knob, ...] = ()
        self.commands = LiveCommands(
            self.parameters, self.scenes, self.instruments, self._learn, performance.recording
        )
        self.keys = LiveKeys(self.commands, self._show_line, lambda: self.learning.stop)
        self.moved = ("", "")
        self.parameters.subscribe(self._remember_moved)
        self._mapping_watcher = (
            None if options.mapping is None else FileWatcher(options.mapping, self._use_new_mapping)
        )
        self._midi = MidiInput(
            self.parameters, self._mapping(), self.commands, self.scenes.tempo, self._show_line
        )
        self._midi_inputs: set[str] = set()
        self._missing = MissingBoxes(self._midi.mapping.devices)
        self._awaited = MissingBoxes(options.midi, "--midi waits for its input:")
        self._clock: str | None = None
        self._osc = None if not options.osc.wanted else LiveOsc(
            self.parameters, options.osc, self.commands, lambda: self.scenes.all, performance.description.name,
            self._show_line,
        )  # fmt: skip
        self._ports: MidiPorts | None = None
        self._open = ExitStack()

    def __enter__(self) -> "LiveControllers":
        if self._osc is not None:
            self._open.enter_context(self._osc)
        if self._options.midi or self._options.mapping is not None:
            self._open_midi()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()
        if self._live_scenes is not None:
            self._live_scenes.close()

    def _open_midi(self) -> None:
        names = tuple(self._options.midi) or ("",)
        outputs = names if self._midi.mapping.feedback else ()
        ports = self._ports = MidiPorts(
            self._receive, names, outputs, self._ports_changed, lambda: self._midi.tick(time.monotonic())
        )
        self._feedback = MidiFeedback(
            self.parameters, ports.send, lambda: self._midi.mapping, lambda: self._midi.page
        )
        self._open.enter_context(self._feedback)
        self._open.enter_context(ports)

    def tick(self) -> None:
        """Follow what has changed: the instrument, the files. To be called ten times a second."""
        targets = _targets(self._performance)
        swapped = targets != self._targets
        if swapped:
            self._targets = targets
            self.parameters.set_targets(targets)
            self._try(lambda: self._midi.use(self._mapping()))
        if self.learning.stop and self._ports is None:
            self._open_midi()
        if (learned := self.learning.learned(time.monotonic())) is not None:
            self._try(lambda: self._map(*learned))
        if self._live_scenes is not None:
            self._live_scenes.check()
        if self._mapping_watcher is not None:
            self._mapping_watcher.check()
        if self._osc is not None:
            self._osc.refresh(swapped)
        if self.scenes.tempo.followed not in (self._clock, None):
            self._show_line(f"the tempo follows the MIDI clock of {self.scenes.tempo.followed}")
        self._clock = self.scenes.tempo.followed

    @property
    def tempo(self) -> str:
        """The tempo and the clock that it follows, for the screen; empty while no clock has ticked."""
        tempo = self.scenes.tempo
        return "" if tempo.followed is None else f"tempo {tempo.bpm:.1f}, the clock of {tempo.followed}"

    def meters(self, decibels: Mapping[str, float], levels: Mapping[str, float]) -> None:
        """Send subscribed clients the meters, in dBFS, and how strongly each stop sounds, 0..1."""
        if self._osc is not None:
            self._osc.meters(decibels, levels)

    @property
    def scene(self) -> str:
        """The name of the scene that was recalled last; empty if none was."""
        return next((scene.name for scene in self.scenes.all if scene.slug == self.scenes.recalled), "")

    @property
    def awaited(self) -> list[str]:
        """The MIDI boxes that the options or the mapping name and that aren't here."""
        boxes = {*self._options.midi, *self._midi.mapping.devices}
        return sorted(box for box in boxes if not meant(box, self._midi_inputs))

    @property
    def connected(self) -> list[str]:
        """What controls the performance now: MIDI inputs by name, surfaces and panels by number."""
        surfaces = 0 if self._osc is None else self._osc.surfaces
        counts = [(surfaces, "OSC surface"), (self.web_clients, "panel")]
        return [
            *(box_of(name) for name in sorted(self._midi_inputs)),
            *(f"{count} {what}{'s' if count > 1 else ''}" for count, what in counts if count),
        ]

    @property
    def panel_address(self) -> str:
        """The panel's address; empty if there is none."""
        return "" if self._osc is None else self._osc.panel_address

    @property
    def codes_used(self) -> int | None:
        """The number of other machines' browsers that the panel has let in; None: it isn't open to them."""
        return None if self._osc is None else self._osc.codes_used

    @property
    def web_clients(self) -> int:
        """The number of connected panels and surfaces that listen by WebSocket."""
        return 0 if self._osc is None else self._osc.web_clients

    def status(self, messages: Mapping[str, tuple[str | float, ...]]) -> None:
        """Send the panel what it shows beside values and meters, by address."""
        if self._osc is not None:
            self._osc.status(messages)

    def _mapping(self) -> ControllerMapping:
        """The mapping for the present instrument. Reports the stops that it moves and the instrument lacks."""
        slugs = [stop.slug for stop in self._performance.description.stops]
        learned = self._learned_knobs
        if self._options.mapping is None:  # without --midi, ports are open for what is learned alone
            mapping = default_mapping(slugs) if self._options.midi else ControllerMapping(programs=None)
            return with_knobs(mapping, learned)
        mapping = with_knobs(for_stops(read_mapping(self._options.mapping), slugs), learned)
        unknown = sorted({knob.stop for knob in mapping.knobs} - self.parameters.targets.keys())
        if unknown:
            known = ", ".join(self.parameters.targets)
            self._show_line(
                f"{self._options.mapping} moves {', '.join(unknown)}, which aren't here; there are: {known}"
            )
        return mapping

    def _remember_moved(self, changes: Sequence[ParameterChange]) -> None:
        for change in changes:
            self.moved = (change.slug, change.source)

    def _learn(self, stop: str) -> None:
        if stop and stop not in self.parameters.targets:
            known = ", ".join(self.parameters.targets)
            raise DrawstopError(f"learn takes a stop, got {stop!r}; there are: {known}")
        self.learning.start(stop)

    def _receive(self, device: str, message: Any, moment: float) -> None:
        """Take a MIDI message: into the gesture that is being learned, else as the mapping says."""
        if not self.learning.take(device, message, moment):
            self._midi.receive(device, message, moment)

    def _map(self, stop: str, source: LearnedSource) -> None:
        """Let a learned source move a stop: written into the player's own mapping, else until the end."""
        source = named(source)
        self.learned = f"{stop}: {describe(source)}"
        mapping, knob = self._options.mapping, source.knob(stop)
        if mapping is not None and not is_shipped(mapping):
            add_knob(mapping, knob)  # the watcher has it used
            self._show_line(f"{self.learned}; written into {mapping}")
            return
        self._learned_knobs = (*self._learned_knobs, knob)
        self._midi.use(self._mapping())
        self._show_line(
            f"{self.learned}; until the end: drawstop learn M.toml {stop}, or play --mapping M.toml, keeps it"
        )

    def _use_new_mapping(self) -> None:
        def use() -> None:
            self._midi.use(self._mapping())
            self._show_line(f"{self._options.mapping} is in use as it was saved")
            self._missing = MissingBoxes(self._midi.mapping.devices)
            self._show_missing()

        self._try(use, "the old one plays on")

    def _try(self, action: Callable[[], None], otherwise: str = "") -> None:
        """Do something; if it fails, a line for the user gives the reason."""
        try:
            action()
        except DrawstopError as error:
            self._show_line(f"{error}; {otherwise}" if otherwise else str(error))

    def _show_missing(self) -> None:
        for missing in (self._missing, self._awaited):
            if line := missing.line(self._midi_inputs):
                self._show_line(line)
        if not self._midi_inputs and not self._options.midi:
            self._show_line(NO_INPUT)

    def _ports_changed(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        for name in sorted(set(inputs) - self._midi_inputs):
            self._show_line(f"MIDI {name} is here")
        for name in sorted(self._midi_inputs - set(inputs)):
            self._show_line(f"MIDI {name} has gone; it is taken up again when it comes back")
            self._midi.forget(name)
        self._midi_inputs = set(inputs)
        self._midi.set_devices(inputs)
        self._show_missing()
        self._feedback.set_outputs(outputs)


def _targets(performance: LivePerformance) -> list[Ranged]:
    return [*performance.description.stops, *PARAMETERS]
