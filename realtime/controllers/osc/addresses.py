"""The table of OSC addresses, those that clients send and those that Drawstop sends. docs/play/osc.md is written from it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from realtime.controllers.parameters import ParameterStore
from realtime.engine.control_signals import Ranged
from realtime.engine.parameters import BYPASS, INPUT_GAIN, MUTE, OUTPUT_GAIN, RAMP, WET, Parameter

ENGINE_PARAMETERS = {
    "/bypass": BYPASS,
    "/mute": MUTE,
    "/wet": WET,
    "/input_gain": INPUT_GAIN,
    "/output_gain": OUTPUT_GAIN,
    "/ramp": RAMP,
}
"""The engine's parameters by their OSC addresses; everything else that can be moved is a stop."""

BUTTONS = (
    "next_scene", "previous_scene", "undo", "redo", "tap", "next_instrument", "previous_instrument", "panic",
    "end_recording", "toggle_recording",
)  # fmt: skip
"""The addresses of commands that a button gives, and the methods of `Commands`."""

_ADDRESSES_BY_SLUG = {parameter.slug: address for address, parameter in ENGINE_PARAMETERS.items()}


@dataclass(frozen=True)
class Address:
    """One row of the table.

    Args:
        pattern: the address; a part in <> stands for a name.
        arguments: OSC type tags, with brackets around optional ones; `_NUMBERS` says what `f` stands for.
        meaning: the effect of the message, or its content.
        direction: "in": sent to Drawstop; "out": sent by it.
        example: what follows `oscsend localhost 9000`, for stops "guitar" and "voice" and scenes "verse" and "chorus".
    """

    pattern: str
    arguments: str
    meaning: str
    direction: Literal["in", "out"]
    example: str = ""


_NUMBERS = "For `f`, `i`, `d`, `h`, `T` (1) and `F` (0) are taken too; brackets: may be left out, or be an `I` or `N`."
_BUTTON = "a 0 (a released button) does nothing"


def _meaning(parameter: Parameter) -> str:
    words = f"{parameter.label[0].upper()}{parameter.label[1:]}."
    ends = (parameter.minimum, parameter.maximum)
    return words if ends == (0, 1) else f"{words} {ends[0]:g} to {ends[1]:g}."


TABLE = (
    Address("/stop/<slug>", "f", "Moves a stop to a value in its range, or to the range's end.", "in", "/stop/guitar f -1"),
    Address("/stop/<slug>/ramp", "f f", "The same in a straight line over 0 to 3600 s.", "in", "/stop/voice/ramp ff 1 2"),
    *(
        Address(address, "f", _meaning(parameter), "in", f"{address} f {parameter.default:g}")
        for address, parameter in ENGINE_PARAMETERS.items()
    ),
    Address("/scene/<name>", "[f]", "Goes to a scene, over so many seconds or its own time.", "in", "/scene/verse f 4"),
    Address("/scene/<name>/beats", "f", "The same over so many beats of the MIDI clock.", "in", "/scene/verse/beats f 4"),
    Address("/scene/<name>/store", "[f]", f"Stores all values as a scene; {_BUTTON}.", "in", "/scene/verse/store"),
    Address("/morph/<a>/<b>", "f", "Mixes two scenes: 0 is the first, 1 the second.", "in", "/morph/verse/chorus f 0.25"),
    Address("/morph", "s s f", "The same, for scenes with any name.", "in", "/morph ssf verse chorus 0.25"),
    Address("/pad", "f f", "Mixes the pad's four scenes: x and y, 0 to 1.", "in", "/pad ff 0.5 0.5"),
    Address("/pad", "s s s s f f", "The same with four scenes: below, then above.", "in", "/pad ssssff a b c d .5 .5"),
    Address("/store", "s", "Stores all values as a scene with any name.", "in", "/store s Verse"),
    Address("/rename", "s s", "Gives a scene another name.", "in", "/rename ss verse Chorus"),
    Address("/remove", "s", "Removes a scene.", "in", "/remove s verse"),
    Address("/learn", "s", 'The controller that is moved next moves this stop; "" ends the wait.', "in", "/learn s guitar"),
    Address("/undo", "[f]", f"Undoes the last scene, morph or store; {_BUTTON}.", "in", "/undo"),
    Address("/redo", "[f]", f"Redoes what was undone; {_BUTTON}.", "in", "/redo"),
    Address("/next_scene", "[f]", f"Goes to the scene after the last one; {_BUTTON}.", "in", "/next_scene"),
    Address("/previous_scene", "[f]", f"Goes to the scene before it; {_BUTTON}.", "in", "/previous_scene"),
    Address("/tap", "[f]", f"A tap for the tempo, one a beat; {_BUTTON}.", "in", "/tap"),
    Address("/instrument/<n>", "[f]", f"Lets an instrument in, by number from 1, or name; {_BUTTON}.", "in", "/instrument/1"),
    Address("/next_instrument", "[f]", f"Lets the next one in; {_BUTTON}.", "in", "/next_instrument"),
    Address("/previous_instrument", "[f]", f"Lets the previous one in; {_BUTTON}.", "in", "/previous_instrument"),
    Address("/panic", "[f]", f"Mutes, sets every stop to 0 and clears the instrument's memory; {_BUTTON}.", "in", "/panic"),
    Address("/record", "[s]", "Records from now on, as a session of this name, or of the time.", "in", "/record s Take"),
    Address("/end_recording", "[f]", f"Ends the recording; {_BUTTON}.", "in", "/end_recording"),
    Address("/toggle_recording", "[f]", f"Records from now on, or ends it; {_BUTTON}.", "in", "/toggle_recording"),
    Address("/stops", "[i]", "Asks for the stops. Here and below, i: the UDP port to answer to.", "in", "/stops i 9001"),
    Address("/values", "[i]", "Asks for the values of all stops and parameters.", "in", "/values i 9001"),
    Address("/subscribe", "[i]", "Asks for every change; all values come first.", "in", "/subscribe i 9001"),
    Address("/unsubscribe", "[i]", "Ends that.", "in", "/unsubscribe i 9001"),
    Address("/ping", "[i]", "Asks for a /pong.", "in", "/ping i 9001"),
    Address("/stops", "i", "The number of stops; a /stops/<slug> for each follows.", "out"),
    Address("/stops/<slug>", "s f f f f", "A stop's name, minimum, maximum, default, value.", "out"),
    Address("/stop/<slug>", "f", "A stop's value, or the value that it ramps to.", "out"),
    *(Address(address, "f", "The parameter's value.", "out") for address in ENGINE_PARAMETERS),
    Address("/meter/<name>", "f", "A level in dBFS: `in` and `out`.", "out"),
    Address("/level/<slug>", "f", "How strongly a stop sounds in the input, 0 to 1; with `--levels`.", "out"),
    Address("/status/<name>", "s or f", "With `--panel`, to clients that LISTEN to it: what the panel shows.", "out"),
    Address("/spectrum/<name>", "f …", "The same: bands of `in` and `out` from low to high, dBFS.", "out"),
    Address("/pong", "", "The answer to /ping.", "out"),
    Address("/error", "s s", "The error in a message, and the message's address.", "out"),
)  # fmt: skip


def address_of(slug: str) -> str | None:
    """The address of a stop's or parameter's value; None: it has none.

    >>> address_of("guitar"), address_of("engine.wet"), address_of("engine.reset")
    ('/stop/guitar', '/wet', None)
    """
    return f"/stop/{slug}" if is_stop(slug) else _ADDRESSES_BY_SLUG.get(slug)


def values_by_address(parameters: ParameterStore) -> dict[str, float]:
    """All values by OSC address, as 32-bit numbers, stops first."""
    addresses = {slug: address_of(slug) for slug in parameters.targets}
    values = parameters.values
    return {
        address: float32(values[slug]) for slug, address in addresses.items() if address and slug in values
    }


def float32(value: float) -> float:
    """A value as OSC's 32-bit `f` carries it."""
    return float(np.float32(value))


def is_stop(slug: str) -> bool:
    """Whether a slug is a stop's; those of engine parameters contain a point."""
    return "." not in slug


def name_of(target: Ranged) -> str:
    """The name of a stop or parameter, for people."""
    name = getattr(target, "name", None) or getattr(target, "label", None)
    return str(name or target.slug)


def table() -> str:
    """The table in Markdown, first the addresses that clients send."""
    parts = []
    for direction, title in (("in", f"What you send\n\n{_NUMBERS}"), ("out", "What Drawstop sends")):
        rows = [row for row in TABLE if row.direction == direction]
        lines = ["| address | arguments | |", "|---|---|---|"]
        lines += [
            f"| `{row.pattern}` | {f'`{row.arguments}`' if row.arguments else 'none'} | {row.meaning} |"
            for row in rows
        ]
        parts.append(f"## {title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)
