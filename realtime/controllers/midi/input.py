"""MIDI inputs at work: messages of several devices, through one mapping, to the hub. Ports are others' business."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from drawstop.errors import DrawstopError
from realtime.controllers.commands import Commands
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Mapping
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.midi.decoder import MidiDecoder
from realtime.controllers.midi.source import Touch
from realtime.controllers.parameters import ControlHub


class MidiControl:
    """Hears messages, from any thread.

    Args:
        hub: is moved.
        mapping: by what.
        commands: obeys buttons and program changes.
        tempo: follows the MIDI clock.
        notes: takes lines for the user: what a button asked for in vain.
        watch: told of every touch.
    """

    def __init__(
        self,
        hub: ControlHub,
        mapping: Mapping,
        commands: Commands | None = None,
        tempo: Tempo | None = None,
        notes: Callable[[str], None] = lambda line: None,
        watch: Callable[[Touch], None] = lambda touch: None,
    ) -> None:
        self._hub, self._commands, self._tempo = hub, commands, tempo
        self._notes, self._watch = notes, watch
        self._lock = threading.Lock()
        self._decoders: dict[str, MidiDecoder] = {}
        self.use(mapping)

    @property
    def mapping(self) -> Mapping:
        """The one in use."""
        return self._mapper.mapping

    @property
    def bank(self) -> str | None:
        """The bank of knobs that is chosen."""
        return self._mapper.bank

    def use(self, mapping: Mapping) -> None:
        """Go on with another mapping; no stop moves."""
        with self._lock:
            self._mapper = Mapper(mapping, self._hub, self._commands)
            before, self._decoders = self._decoders, {}
            for device, decoder in before.items():
                self._decoder(device).go_on_from(decoder)

    def hear(self, device: str, message: Any, time: float) -> None:
        """Do what a message asks for. Args: the input's name; mido's message; seconds on `time.monotonic`'s clock."""
        with self._lock:
            if self._tempo is not None and message.type in ("clock", "start", "continue", "stop"):
                self._clock(self._tempo, message.type, time)
                return
            self._touched(self._decoder(device).touches(message, time))

    def tick(self, time: float) -> None:
        """To be called now and then: a 14-bit value whose other half hasn't come counts without it."""
        with self._lock:
            for decoder in self._decoders.values():
                self._touched(decoder.overdue(time))

    def forget(self, device: str) -> None:
        """A device has been pulled out: half a value that it has sent means nothing any more."""
        with self._lock:
            self._decoders.pop(device, None)

    def _decoder(self, device: str) -> MidiDecoder:
        if device not in self._decoders:
            plan = self.mapping
            self._decoders[device] = MidiDecoder(device, plan.pairs, plan.mpe_sources, plan.mpe)
        return self._decoders[device]

    def _touched(self, touches: Sequence[Touch]) -> None:
        for touch in touches:
            self._watch(touch)
            try:
                self._mapper.touch(touch, touch.time)
            except DrawstopError as error:
                self._notes(str(error))

    @staticmethod
    def _clock(tempo: Tempo, kind: str, time: float) -> None:
        if kind == "clock":
            tempo.tick(time)
        else:
            tempo.restart()
