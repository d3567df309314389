"""What has moved, back to the controllers: motor faders follow, rings of lights show it.

The knob that moved a stop isn't told its own movement, so nothing goes round in circles: a box's input and output may
have different names, so a knob is known by what it sends. Movements are gathered: of many within one round only the
last one is sent.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from realtime.controllers.mapping.mapper import response_of
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.encoder import messages_for
from realtime.controllers.midi.source import MidiSource, Touch
from realtime.controllers.parameters import Change, ControlHub

ROUND_S = 0.02
"""At most 50 positions a second for one knob: as fast as motor faders move, a tenth of what a MIDI cable carries."""
SHOWN_MODES = ("absolute", "toggle")


class MidiFeedback:
    """Tells controllers, from entering the context to leaving it.

    Args:
        hub: whose changes are told.
        send: takes a device's name and a message (mido's).
        mapping: gives the mapping in use.
        bank: gives the chosen bank.
    """

    def __init__(
        self,
        hub: ControlHub,
        send: Callable[[str, Any], None],
        mapping: Callable[[], Mapping],
        bank: Callable[[], str | None],
    ) -> None:
        self._hub, self._send, self._mapping, self._bank = hub, send, mapping, bank
        self._devices: tuple[str, ...] = ()
        self._due: dict[str, object] = {}
        self._lock, self._wake, self._ended = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi out", daemon=True)

    def __enter__(self) -> "MidiFeedback":
        self._unsubscribe = self._hub.subscribe(self._changed)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._unsubscribe()
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def devices(self, names: Sequence[str]) -> None:
        """The outputs that are there now; new ones are told where everything stands."""
        new = set(names) - set(self._devices)
        self._devices = tuple(names)
        if new:
            self.show_all()

    def show_all(self) -> None:
        """Tell where everything stands: after a new mapping or another bank."""
        self._changed([Change(slug, value, "") for slug, value in self._hub.values.items()])

    def _changed(self, changes: Sequence[Change]) -> None:
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
            values = self._hub.values
            for slug, origin in due.items():
                for knob in self._mapping().knobs:
                    if knob.stop == slug and slug in values and knob.bank in (None, self._bank()):
                        self._show(knob, values[slug], origin)
            self._ended.wait(ROUND_S)

    def _show(self, knob: Knob, value: float, origin: object) -> None:
        target = self._hub.targets.get(knob.stop)
        if target is None or knob.mode not in SHOWN_MODES or (knob.shift, knob.semitones) != (None, None):
            return
        if isinstance(origin, MidiSource) and knob.source.takes(Touch(origin, 0)):
            return
        position = response_of(knob, target).inverse(value)
        for device in self._devices:
            if (knob.source.device or "").lower() in device.lower():
                for message in messages_for(knob.source, position, knob.order):
                    self._send(device, message)
