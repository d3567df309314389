"""Max boxes that several patches share: a stop's dial, gains with meters, the heading, the sound's ends."""

from collections.abc import Sequence
from typing import Any

from py2max import Box

from drawstop.instrument_description import StopDescription
from export.patches.content import OMP_HINT, PatchContent
from export.patches.max.patcher import CHARACTER, MESSAGE, SIGNAL, MaxPatch

LEFT = 20
RAMP_MS = 20
DIAL = (44, 48)
FLOAT, TOGGLE = 0, 2
"""Kinds of parameter in Live."""
FLOAT_STYLE = 1
TITLE_HEIGHT = 100


def heading(patch: MaxPatch, content: PatchContent, title: str, method: str = "forward") -> None:
    """Title, delay, rate and the hint about cores, at the top."""
    lines = (title, content.delay_line(method), content.rate_line, OMP_HINT)
    for row, line in enumerate(lines):
        patch.text(LEFT, 8 + 23 * row, line, 720)


def dial(
    patch: MaxPatch, content: PatchContent, stop: StopDescription, x: float, y: float, **fields: Any
) -> Box:
    """A stop's dial, with its name and number; in Live, a parameter to automate."""
    names = [other.name for other in content.stops]
    long_name = stop.name if names.count(stop.name) == 1 else stop.slug
    parameter = {
        "parameter_longname": long_name,
        "parameter_shortname": stop.label,
        "parameter_type": FLOAT,
        "parameter_unitstyle": FLOAT_STYLE,
        "parameter_mmin": stop.minimum,
        "parameter_mmax": stop.maximum,
        "parameter_initial": [stop.default],
        "parameter_initial_enable": 1,
    }
    return _parameter(patch, "live.dial", (x, y, *DIAL), [MESSAGE, "float"], parameter, fields)


def live_toggle(patch: MaxPatch, name: str, x: float, y: float, **fields: Any) -> Box:
    """A switch that is a parameter in Live, off at first."""
    parameter = {
        "parameter_longname": name,
        "parameter_shortname": name,
        "parameter_type": TOGGLE,
        "parameter_mmax": 1,
        "parameter_enum": ["off", "on"],
        "parameter_initial": [0.0],
        "parameter_initial_enable": 1,
    }
    return _parameter(patch, "live.toggle", (x, y, 20, 20), [MESSAGE], parameter, fields)


def gain(channels: int) -> MaxPatch:
    """Inlets: the sound's channels, then decibels. Outlets: the channels."""
    patch = MaxPatch(140 + 110 * channels, 320)
    x_decibels = LEFT + 110 * channels
    decibels = patch.inlet(x_decibels, 20, "decibels")
    chain = [
        decibels,
        patch.obj(x_decibels, 70, "dbtoa", 1, ["float"]),
        patch.obj(x_decibels, 110, f"pack 0. {RAMP_MS}", 2, [MESSAGE]),
        patch.obj(x_decibels, 150, "line~ 1.", 2, [SIGNAL, "bang"]),
    ]
    patch.chain(chain)
    for channel in range(channels):
        x = LEFT + 110 * channel
        sound = patch.inlet(x, 20, f"sound {channel + 1}")
        times = patch.obj(x, 200, "*~ 1.", 2, [SIGNAL])
        patch.chain([sound, times, patch.outlet(x, 260, f"sound {channel + 1}")])
        patch.connect(chain[-1], 0, times, 1)
    return patch


def gain_with_meters(patch: MaxPatch, name: str, channels: int, x: float, y: float) -> Box:
    """A gain, its number box above it, and a level meter per channel to the right."""
    box = patch.subpatch(x, y + 32, f"{name}-gain", gain(channels), (channels + 1, channels), 90)
    number = patch.ui("flonum", (x + 110, y, 60, 22), 1, [MESSAGE, "bang"], minimum=-70.0, maximum=12.0)
    patch.text(x + 176, y, f"{name}put gain, dB", 130)
    patch.connect(number, 0, box, channels)
    for channel in range(channels):
        meter = patch.ui("meter~", (x + 110, y + 32 + 18 * channel, 120, 14), 1, ["float"])
        patch.connect(box, channel, meter, 0)
    return box


def microphone(patch: MaxPatch, x: float, y: float) -> Box:
    """The sound card's input; a click turns the sound on."""
    return patch.ui("ezadc~", (x, y, 45, 45), 1, [SIGNAL, SIGNAL])


def speakers(patch: MaxPatch, x: float, y: float, source: Box, channels: int) -> Box:
    """The sound card's output, fed by a box's outlets; a click turns the sound on."""
    box = patch.ui("ezdac~", (x, y, 45, 45), 2, [])
    for side in range(2):
        patch.connect(source, min(side, channels - 1), box, side)
    return box


def nn_box(
    patch: MaxPatch, content: PatchContent, method: str, x: float, y: float, ports_apart: float = 10
) -> Box:
    """nn~ with a method: without a size, which is the safe way to make one (see nn~'s bug with sizes)."""
    text = f"nn~ {content.file} {method}"
    described = content.method(method)
    ports = max(len(described.inlets), len(described.outlets))
    width = max(len(text) * CHARACTER + 16, ports * ports_apart)
    return patch.obj(x, y, text, len(described.inlets), [SIGNAL] * len(described.outlets), width)


def connect_all(patch: MaxPatch, source: Box, target: Box, count: int, first: int = 0) -> None:
    """Cords from outlets 0, 1, … to inlets `first`, `first + 1`, …."""
    for index in range(count):
        patch.connect(source, index, target, first + index)


def _parameter(
    patch: MaxPatch,
    maxclass: str,
    rect: tuple[float, float, float, float],
    outlets: Sequence[str],
    parameter: dict[str, Any],
    fields: dict[str, Any],
) -> Box:
    saved = {"saved_attribute_attributes": {"valueof": parameter}}
    box = patch.ui(maxclass, rect, 1, outlets, parameter_enable=1, **saved, **fields)
    names = [parameter["parameter_longname"], parameter["parameter_shortname"], 0]
    patch.parameters[str(box.id)] = names
    return box
