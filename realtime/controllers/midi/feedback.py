"""Sends the values of parameters back to MIDI controllers: motor faders follow, rings of lights show them.

A knob isn't sent its own movement, so that no feedback loop arises. A box's input and output may have different names,
so a knob is recognised by its source. Of many movements within `ROUND_S` only the last one is sent.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.mapping.positions import response_of
from realtime.controllers.midi.encoder import messages_for
from realtime.controllers.midi.names import is_part_of
from realtime.controllers.midi.source import ControllerInput, MidiSource
from realtime.controllers.parameters import ParameterChange, ParameterStore

ROUND_S = 0.02
"""At most 50 positions a second for one knob: as fast as motor faders move, a tenth of what a MIDI cable carries."""
SHOWN_MODES = ("absolute", "toggle")


class MidiFeedback:
    """Sends changes to controllers, from entering the context to leaving it.

    Args:
        parameters: the parameters whose changes are sent.
        send: takes a device's name and a message (mido's).
        mapping: returns the mapping in use.
        page: returns the page of knobs in use.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        send: Callable[[str, Any], None],
        mapping: Callable[[], Mapping],
        page: Callable[[], str | None],
    ) -> None:
        self._parameters, self._send, self._mapping, self._page = parameters, send, mapping, page
        self._outputs: tuple[str, ...] = ()
        self._due: dict[str, object] = {}
        """The slugs that have changed, each with the origin of its last change."""
        self._lock, self._wake, self._ended = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi out", daemon=True)

    def __enter__(self) -> "MidiFeedback":
        self._unsubscribe = self._parameters.subscribe(self._changed)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._unsubscribe()
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def set_outputs(self, names: Sequence[str]) -> None:
        """Set the outputs that are open now; if some are new, all values are sent."""
        new = set(names) - set(self._outputs)
        self._outputs = tuple(names)
        if new:
            self.send_all()

    def send_all(self) -> None:
        """Send all values."""
        self._changed([ParameterChange(slug, value, "") for slug, value in self._parameters.values.items()])

    def _changed(self, changes: Sequence[ParameterChange]) -> None:
        with self._lock:
            for change in changes:
                self._due.pop(change.slug, None)
                self._due[change.slug] = change.origin
        self._wake.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                due, self._due = self._due, {}
            values = self._parameters.values
            for slug, origin in due.items():
                for knob in self._mapping().knobs:
                    if knob.stop == slug and slug in values and knob.page in (None, self._page()):
                        self._send_value(knob, values[slug], origin)
            self._ended.wait(ROUND_S)

    def _send_value(self, knob: Knob, value: float, origin: object) -> None:
        target = self._parameters.targets.get(knob.stop)
        if target is None or knob.mode not in SHOWN_MODES or (knob.shift, knob.semitones) != (None, None):
            return
        if isinstance(origin, MidiSource) and knob.source.matches(ControllerInput(origin, 0)):
            return
        position = response_of(knob, target).inverse(value)
        for device in self._outputs:
            if is_part_of(knob.source.device, device):
                for message in messages_for(knob.source, position, knob.order):
                    self._send(device, message)
