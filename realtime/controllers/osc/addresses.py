"""The address table: all that can be sent, and all that is sent back. docs/osc.md is written from it."""

from dataclasses import dataclass
from typing import Literal

from realtime.engine.control_signals import Ranged
from realtime.engine.parameters import BYPASS, INPUT_GAIN, MUTE, OUTPUT_GAIN, RAMP, WET, Parameter

FADERS = {
    "/bypass": BYPASS,
    "/mute": MUTE,
    "/wet": WET,
    "/input_gain": INPUT_GAIN,
    "/output_gain": OUTPUT_GAIN,
    "/ramp": RAMP,
}
"""The desk's faders by their addresses; everything else that can be moved is a stop."""

_FADER_ADDRESSES = {fader.slug: address for address, fader in FADERS.items()}


@dataclass(frozen=True)
class Address:
    """One row of the table.

    Args:
        pattern: the address; a part in <> stands for a name.
        arguments: OSC type tags, brackets around what may be left out. See `_NUMBERS` for `f`.
        meaning: what it does, or what it tells.
        way: "in": sent to Drawstop; "out": sent by it.
        example: what follows `oscsend localhost 9000`, for stops "guitar" and "voice" and scenes "verse" and "chorus".
    """

    pattern: str
    arguments: str
    meaning: str
    way: Literal["in", "out"]
    example: str = ""


_NUMBERS = "Where `f` stands, `i`, `d`, `h`, `T` (1) and `F` (0) are taken too; brackets: may be left out, or be an `I` or `N`."
_BUTTON = "a 0 (a button that is let go) does nothing"


def _meaning(fader: Parameter) -> str:
    words = f"{fader.label[0].upper()}{fader.label[1:]}."
    ends = (fader.minimum, fader.maximum)
    return words if ends == (0, 1) else f"{words} {ends[0]:g} to {ends[1]:g}."


TABLE = (
    Address("/stop/<slug>", "f", "Moves a stop to a value in its range, or to the range's end.", "in", "/stop/guitar f -1"),
    Address("/stop/<slug>/ramp", "f f", "The same in a straight line over 0 to 3600 s.", "in", "/stop/voice/ramp ff 1 2"),
    *(
        Address(address, "f", _meaning(fader), "in", f"{address} f {fader.default:g}")
        for address, fader in FADERS.items()
    ),
    Address("/scene/<name>", "[f]", "Goes to a scene, over so many seconds or its own time.", "in", "/scene/verse f 4"),
    Address("/scene/<name>/beats", "f", "The same over so many beats of the MIDI clock.", "in", "/scene/verse/beats f 4"),
    Address("/scene/<name>/store", "[f]", f"Keeps where everything stands as a scene; {_BUTTON}.", "in", "/scene/verse/store"),
    Address("/morph/<a>/<b>", "f", "Between two scenes: 0 is the first, 1 the second.", "in", "/morph/verse/chorus f 0.25"),
    Address("/morph", "s s f", "The same, for scenes with any name.", "in", "/morph ssf verse chorus 0.25"),
    Address("/pad", "f f", "Between the pad's four scenes: x and y, 0 to 1.", "in", "/pad ff 0.5 0.5"),
    Address("/undo", "[f]", f"Takes back the last scene, morph or store; {_BUTTON}.", "in", "/undo"),
    Address("/redo", "[f]", f"Does again what was taken back; {_BUTTON}.", "in", "/redo"),
    Address("/panic", "[f]", f"Silence, every stop at 0, the instrument's memory cleared; {_BUTTON}.", "in", "/panic"),
    Address("/stops", "[i]", "Asks for the stops. Here and below, i: the UDP port to answer to.", "in", "/stops i 9001"),
    Address("/values", "[i]", "Asks where all stops and faders stand.", "in", "/values i 9001"),
    Address("/subscribe", "[i]", "Asks to be told every change; all values come first.", "in", "/subscribe i 9001"),
    Address("/unsubscribe", "[i]", "Ends that.", "in", "/unsubscribe i 9001"),
    Address("/ping", "[i]", "Asks for a /pong.", "in", "/ping i 9001"),
    Address("/stops", "i", "The number of stops; a /stops/<slug> for each follows.", "out"),
    Address("/stops/<slug>", "s f f f f", "Of a stop: name, minimum, maximum, default, value.", "out"),
    Address("/stop/<slug>", "f", "Where a stop stands, or travels to.", "out"),
    *(Address(address, "f", "Where this fader stands.", "out") for address in FADERS),
    Address("/meter/<name>", "f", "A level in dBFS: `in` and `out`.", "out"),
    Address("/level/<slug>", "f", "How strongly a stop sounds in what is played, 0 to 1; with `--levels`.", "out"),
    Address("/pong", "", "The answer to /ping.", "out"),
    Address("/error", "s s", "What was wrong with a message, and its address.", "out"),
)  # fmt: skip


def address_of(slug: str) -> str | None:
    """Where a target's changes are told; None: nowhere.

    >>> address_of("guitar"), address_of("engine.wet"), address_of("engine.reset")
    ('/stop/guitar', '/wet', None)
    """
    return f"/stop/{slug}" if is_stop(slug) else _FADER_ADDRESSES.get(slug)


def is_stop(slug: str) -> bool:
    """Whether a target is a stop; the desk's have a point in their slug."""
    return "." not in slug


def name_of(target: Ranged) -> str:
    """What a person reads of a target."""
    name = getattr(target, "name", None) or getattr(target, "label", None)
    return str(name or target.slug)


def table() -> str:
    """The table in Markdown, those that are sent first."""
    parts = []
    for way, title in (("in", f"What you send\n\n{_NUMBERS}"), ("out", "What Drawstop sends")):
        rows = [row for row in TABLE if row.way == way]
        lines = ["| address | arguments | |", "|---|---|---|"]
        lines += [
            f"| `{row.pattern}` | {f'`{row.arguments}`' if row.arguments else 'none'} | {row.meaning} |"
            for row in rows
        ]
        parts.append(f"## {title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)
