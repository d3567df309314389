"""Receives the messages of all MIDI devices and applies the mapping to them. Opens no ports."""

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Mapping
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.midi.decoder import MidiDecoder
from realtime.controllers.midi.source import ControllerInput
from realtime.controllers.parameters import ParameterStore


class MidiInput:
    """Receives messages, from any thread, and moves the parameters as the mapping says.

    Args:
        parameters: moved by knobs.
        mapping: which source moves which parameter.
        commands: executes buttons and program changes; None: nothing does.
        tempo: follows the MIDI clock.
        show_line: takes lines for the user: commands that failed.
        watch: called with every controller input.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        mapping: Mapping,
        commands: Commands | None = None,
        tempo: Tempo | None = None,
        show_line: Callable[[str], None] = lambda line: None,
        watch: Callable[[ControllerInput], None] = lambda controller_input: None,
    ) -> None:
        self._parameters, self._commands, self._tempo = parameters, commands, tempo
        self._show_line, self._watch = show_line, watch
        self._lock = threading.Lock()
        self._decoders: dict[str, MidiDecoder] = {}
        self._mapper = Mapper(Mapping(), parameters)
        self.use(mapping)

    @property
    def mapping(self) -> Mapping:
        """The mapping in use."""
        return self._mapper.mapping

    @property
    def page(self) -> str | None:
        """The page of knobs in use; None if the mapping has no pages."""
        return self._mapper.page

    def use(self, mapping: Mapping) -> None:
        """Use another mapping from now on; no stop moves. What is the same in both goes on as it was."""
        if self._tempo is not None:
            self._tempo.follow(mapping.clock)
        with self._lock:
            mapper = Mapper(mapping, self._parameters, self._commands)
            mapper.continue_from(self._mapper)
            self._mapper = mapper
            old, self._decoders = self._decoders, {}
            for device, decoder in old.items():
                self._decoder(device).continue_from(decoder)

    def receive(self, device: str, message: Any, time: float) -> None:
        """Receive one message.

        Args:
            device: the input's name.
            message: mido's message.
            time: when it came, on the clock of `time.monotonic`.
        """
        with self._lock:
            if self._tempo is not None and message.type in ("clock", "start", "continue", "stop"):
                self._clock(self._tempo, device, message.type, time)
                return
            self._apply(self._decoder(device).decode(message, time))

    def tick(self, time: float) -> None:
        """Apply the 14-bit values whose other half hasn't come in time. To be called now and then."""
        with self._lock:
            for decoder in self._decoders.values():
                self._apply(decoder.overdue(time))

    def set_devices(self, names: Collection[str]) -> None:
        """Set the names of the inputs that are open, so that a whole name in the mapping means no other."""
        with self._lock:
            self._mapper.set_devices(names)

    def forget(self, device: str) -> None:
        """Drop the state of a device that has been pulled out: half a value that it has sent, what it holds."""
        with self._lock:
            decoder = self._decoders.pop(device, None)
            for each in decoder.let_go(0.0) if decoder is not None else ():
                self._mapper.apply(each)
            self._mapper.release(device)
            if self._tempo is not None:
                self._tempo.forget(device)

    def _decoder(self, device: str) -> MidiDecoder:
        if device not in self._decoders:
            mapping = self.mapping
            self._decoders[device] = MidiDecoder(device, mapping.pairs, mapping.mpe_sources, mapping.mpe)
        return self._decoders[device]

    def _apply(self, inputs: Sequence[ControllerInput]) -> None:
        for controller_input in inputs:
            self._watch(controller_input)
            try:
                self._mapper.apply(controller_input, controller_input.time)
            except DrawstopError as error:
                self._show_line(str(error))

    @staticmethod
    def _clock(tempo: Tempo, device: str, kind: str, time: float) -> None:
        if kind == "clock":
            tempo.tick(time, device)
        else:
            tempo.restart(device)
