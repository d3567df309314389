"""Tells presses from releases and from movements, also of sources that never let go.

A pedal that sends 127 at each step, a program change and a key whose note-off is lost have no release between two presses.
So a press is not only the way from up to down: the same data once more are another press. A fader, which sends each
position once, presses only when it enters the upper half.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from drawstop.errors import DrawstopError
from realtime.controllers.midi.source import ControllerInput, MidiSource

Trigger = Literal["down", "any"]
Press = Literal["down", "again", "held", "up"]
"""`again`: down once more, without a release since; `held`: a movement of what is down."""
DOUBLED_S = 0.02
"""The same message again within this time is no second press: no foot or finger is so fast."""
UPPER_HALF = 0.5
"""The position from which a controller's data are a press."""


def check_trigger(trigger: str) -> None:
    """Refuse what is no trigger. Raises DrawstopError."""
    if trigger not in get_args(Trigger):
        raise DrawstopError(f"trigger is one of {', '.join(get_args(Trigger))}; got {trigger!r}")


class Presses:
    """The pressed buttons, by the mapping's entry and by the source that holds it."""

    def __init__(self) -> None:
        self._down: dict[tuple[object, MidiSource], tuple[int, float]] = {}
        """The last data, and the time of the last press."""
        self._latched: dict[tuple[object, MidiSource], tuple[int, float]] = {}
        """The same for trigger `any`, where nothing is held."""

    def receive(self, entry: object, controller_input: ControllerInput, trigger: Trigger = "down") -> Press:
        """The meaning of an input for an entry.

        Args:
            entry: the entry of the mapping; two may have one source.
            controller_input: the input.
            trigger: `any`: every input is a press, as for a pedal that latches.
        """
        key, data, time = (entry, controller_input.source), controller_input.data, controller_input.time
        if trigger == "any":
            is_doubled = _is_doubled(self._latched.get(key), data, time)
            self._latched[key] = data, time
            return "held" if is_doubled else "again"
        if not is_press(controller_input):
            self._down.pop(key, None)
            return "up"
        last, self._down[key] = self._down.get(key), (data, time)
        if last is None:
            return "down"
        if _is_doubled(last, data, time):
            return "held"
        return "again" if data == last[0] or controller_input.source.kind in ("note", "program") else "held"

    def releases(self, entry: object, controller_input: ControllerInput) -> bool:
        """Whether an input lets go of what it holds for an entry."""
        return (entry, controller_input.source) in self._down and not is_press(controller_input)

    def renamed(self, entries: Mapping[object, object]) -> "Presses":
        """The same presses, by the names that entries have in another mapping; others are dropped."""
        presses = Presses()
        presses._down = {
            (entries[entry], source): last for (entry, source), last in self._down.items() if entry in entries
        }
        return presses

    def release(self, device: str) -> list[tuple[object, MidiSource]]:
        """Let go of all that a device holds; the entries and the sources that held them."""
        released = [key for key in self._down if key[1].device == device]
        for key in released:
            del self._down[key]
        return released


def _is_doubled(last: tuple[int, float] | None, data: int, time: float) -> bool:
    """Whether a press is the one before once more, because it comes by two ways or its contact bounces."""
    return last is not None and data == last[0] and 0 <= time - last[1] < DOUBLED_S


def is_press(controller_input: ControllerInput) -> bool:
    """Whether an input means that a button is down: a struck key, or data in the upper half."""
    if controller_input.source.kind in ("note", "program"):
        return controller_input.data > 0
    return controller_input.position >= UPPER_HALF
