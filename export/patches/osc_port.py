"""The wiring by which open patches share out UDP ports, decided once for Pd and Max.

A socket can be bound a second time without an error, and then the first patch receives nothing more. So a patch that wants
a port first sends its number to all open patches (`drawstop-osc-ask`). One that listens there answers
(`drawstop-osc-taken`), and the asking patch tries the next number.
"""

from typing import NamedTuple

ASK, TAKEN = "drawstop-osc-ask", "drawstop-osc-taken"
LOWEST, HIGHEST = 1024, 65535
"""UDP ports that need no privileges."""
NO_PORT = -1


class PortBox(NamedTuple):
    """One box: its text in Pd and in Max, its inlets and outlets, and its place in a grid of columns and rows."""

    pd: str
    max: str
    inlets: int
    outlets: int
    place: tuple[int, int]
    is_message: bool = False


def _message(text: str, place: tuple[int, int], max_text: str = "") -> PortBox:
    return PortBox(text, max_text or text, 2, 1, place, is_message=True)


WANTED, USED, LISTEN = "wanted", "used", "listen"
"""The boxes that take a port, that give the port in use, and that make the receiver listen there."""

BOXES: dict[str, PortBox] = {
    WANTED: PortBox("route float", "route int", 1, 2, (0, 0)),
    "limits": PortBox(f"clip {LOWEST} {HIGHEST}", f"clip {LOWEST} {HIGHEST}", 3, 1, (0, 1)),
    "whole": PortBox("int", "int", 2, 1, (0, 2)),
    "steps": PortBox("t f b f b", "t i b i b", 1, 4, (0, 3)),
    "open": _message("1", (2, 4)),
    "shut": _message("0", (3, 4)),
    "nowhere": _message(str(NO_PORT), (4, 4)),
    "ask": PortBox(f"s {ASK}", f"s {ASK}", 1, 0, (2, 3)),
    "end": _message("0", (1, 4)),
    "taken": PortBox(f"r {TAKEN}", f"r {TAKEN}", 0, 1, (2, 5)),
    "asking": PortBox("spigot", "gate", 2, 1, (2, 6)),
    "answered": PortBox("t b b", "t b b", 1, 2, (2, 7)),
    "stay": _message("1", (2, 8)),
    "leave": _message("0", (3, 8)),
    "both": PortBox("t f f", "t i i", 1, 2, (0, 8)),
    "again": PortBox("spigot", "gate", 2, 1, (0, 9)),
    "free": PortBox("spigot", "gate", 2, 1, (1, 9)),
    "next": PortBox("+ 1", "+ 1", 2, 1, (0, 10)),
    USED: PortBox("t f f f", "t i i i", 1, 3, (1, 10)),
    LISTEN: _message("listen $1", (1, 11), "port $1"),
    "others": PortBox(f"r {ASK}", f"r {ASK}", 0, 1, (3, 10)),
    "held": PortBox(f"sel {NO_PORT}", f"sel {NO_PORT}", 2, 2, (3, 11)),
    "answer": PortBox(f"s {TAKEN}", f"s {TAKEN}", 1, 0, (3, 12)),
}

IN, SWITCH = "in", "switch"
"""The two inlets of a gate, which Pd's spigot and Max's gate have the other way round."""
PD_GATE = {IN: 0, SWITCH: 1}
MAX_GATE = {IN: 1, SWITCH: 0}
RIGHT = 1

CORDS: tuple[tuple[str, int, str, int | str], ...] = (
    (WANTED, 0, "limits", 0),
    ("limits", 0, "whole", 0),
    ("whole", 0, "steps", 0),
    ("steps", 3, "open", 0),
    ("steps", 3, "shut", 0),
    ("steps", 3, "nowhere", 0),
    ("open", 0, "asking", SWITCH),
    ("open", 0, "free", SWITCH),
    ("shut", 0, "again", SWITCH),
    ("nowhere", 0, "held", RIGHT),
    ("steps", 2, "ask", 0),
    ("taken", 0, "asking", IN),
    ("asking", 0, "answered", 0),
    ("answered", 1, "leave", 0),
    ("answered", 0, "stay", 0),
    ("leave", 0, "free", SWITCH),
    ("stay", 0, "again", SWITCH),
    ("steps", 1, "end", 0),
    ("end", 0, "asking", SWITCH),
    ("steps", 0, "both", 0),
    ("both", 1, "free", IN),
    ("both", 0, "again", IN),
    ("again", 0, "next", 0),
    ("next", 0, "steps", 0),
    ("free", 0, USED, 0),
    (USED, 2, "held", RIGHT),
    (USED, 1, LISTEN, 0),
    ("others", 0, "held", 0),
    ("held", 0, "answer", 0),
)
"""Source, outlet, target, inlet. Outlet 0 of `used` is left for the box that shows the port."""


def inlet(name: int | str, gate: dict[str, int]) -> int:
    """The number of an inlet of `CORDS`, with a language's order of a gate's inlets."""
    return gate[name] if isinstance(name, str) else name
