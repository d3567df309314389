"""What the terminal's keys do in a performance."""

import re
from collections.abc import Callable

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import is_stop
from realtime.engine.parameters import BYPASS, MUTE
from realtime.inputs.live_commands import LiveCommands

HELP = (
    "↑↓ stop  ←→ move, Shift: fine  0 rest  l learn  b bypass  m mute  p panic",
    "n N scene  s store  u undo  1-9 instrument  r record  w panel's code  q end",
)
"""The keys, in lines of a terminal of 80 or more columns."""

STEPS = 40
"""Presses of an arrow from one end of a stop's range to the other."""
FINE = 0.1
PAGE = 4
"""Steps of Page Up and Page Down: a tenth of the range."""

NAMES = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end",
    "1~": "home", "3~": "delete", "4~": "end", "5~": "page up", "6~": "page down", "7~": "home", "8~": "end",
}  # fmt: skip
_KEY = re.compile(r"\x1b[\[O](?:1;([0-9]+))?([A-Za-z]|[0-9]~)|(\x1b[\[O][0-9;]*[A-Za-z~])|(.)", re.DOTALL)


def key_names(typed: str) -> list[str]:
    """The keys of what a terminal has sent: arrows and their like by name, other keys as they are.

    Arrows with Shift, Ctrl or Alt are fine ones. Other sequences are left out.

    >>> key_names("b\\x1b[A\\x1bOD\\x1b[1;2C\\x1b[5~\\x1b[15~0")
    ['b', 'up', 'left', 'fine right', 'page up', '0']
    """
    keys = []
    for modifier, name, _, char in _KEY.findall(typed):
        if char or name in NAMES:
            keys.append(char or ("fine " if modifier else "") + NAMES[name])
    return keys


class LiveKeys:
    """Does what keys ask for.

    Args:
        commands: the performance's commands.
        show_line: takes a line for the user where a command fails.
        learning: returns the stop that waits for a controller; "": none does.

    Attributes:
        chosen: the index of the stop that arrows move.
    """

    def __init__(
        self,
        commands: LiveCommands,
        show_line: Callable[[str], None],
        learning: Callable[[], str] = lambda: "",
    ) -> None:
        self._commands, self._show_line, self._learning = commands, show_line, learning
        self.chosen = 0

    def press(self, key: str) -> None:
        """Do what a key asks for: `HELP` lists them."""
        try:
            self._press(key)
        except DrawstopError as error:
            self._show_line(str(error))

    def _press(self, key: str) -> None:
        commands, parameters = self._commands, self._commands.parameters
        if key.isdigit() and 1 <= int(key) <= len(commands.instruments.names):
            commands.instrument(key)
        for letter, parameter in (("b", BYPASS), ("m", MUTE)):
            if key == letter:
                parameters.move({parameter.slug: 1.0 - round(parameters.values[parameter.slug])}, "key")
        named: dict[str, Callable[[], None]] = {
            "p": commands.panic, "u": commands.undo, "n": commands.next_scene, "N": commands.previous_scene,
            "r": commands.toggle_recording, "s": self._store,
        }  # fmt: skip
        if key in named:
            named[key]()
        self._press_for_stop(key)

    def _press_for_stop(self, key: str) -> None:
        parameters = self._commands.parameters
        stops = [target for slug, target in parameters.targets.items() if is_stop(slug)]
        if not stops:
            return
        self.chosen = min(self.chosen, len(stops) - 1)
        if key in ("up", "down"):
            self.chosen = (self.chosen + (1 if key == "down" else -1)) % len(stops)
        stop = stops[self.chosen]
        if key == "l":
            self._commands.learn("" if self._learning() == stop.slug else stop.slug)
        value, step = parameters.values[stop.slug], (stop.maximum - stop.minimum) / STEPS
        moves = {
            "left": value - step, "right": value + step, "fine left": value - FINE * step, "fine right": value + FINE * step,
            "page down": value - PAGE * step, "page up": value + PAGE * step, "home": stop.minimum, "end": stop.maximum,
            "0": 0.0, "delete": 0.0,
        }  # fmt: skip
        if key in moves:
            parameters.move({stop.slug: round(moves[key], 6)}, "key")

    def _store(self) -> None:
        """Store the stops as a scene, named by the first number that none has."""
        names = {scene.name for scene in self._commands.scenes.all}
        number = next(number for number in range(1, len(names) + 2) if f"Scene {number}" not in names)
        self._commands.store(f"Scene {number}")
        self._show_line(f"stored: Scene {number}")
