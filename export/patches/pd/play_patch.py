"""The Pd patch that plays an instrument: sound through `forward`, a knob and a meter per stop, scenes."""

from drawstop.instrument_description import StopDescription
from export.patches.content import PatchContent
from export.patches.osc_port import HIGHEST, LOWEST
from export.patches.pd import subpatches
from export.patches.pd.canvas import CHARACTER, PdCanvas
from export.patches.pd.widgets import (
    LEFT,
    box_width,
    converters,
    gain,
    gain_controls,
    heading,
    sound_switch,
    to_speakers,
)

KNOB_SIZE = (20, 129)
"""Sixty-four pixels on either side of the middle: Pd keeps a slider's start to the pixel."""
PER_ROW = 8
CELL_HEIGHT = 235
TOP = 116
CHAIN_HEIGHT = 320
ROW = 28
SCENE_ROWS = 10
SWITCHES_WIDTH = 270
SWITCHES_LEFT = 570


def play_canvas(content: PatchContent, model: str) -> PdCanvas:
    """The patch; `model` is the instrument's path from the patch's folder."""
    boxes = _NnBoxes(content, model)
    right = max(SWITCHES_LEFT, boxes.right + 30)
    scenes_left = right + SWITCHES_WIDTH
    longest = max(max(len(_caption(content, stop)), len(stop.slug)) for stop in content.stops)
    cell = max(96, int(CHARACTER * longest) + 20)
    columns, rows = min(PER_ROW, len(content.stops)), -(-len(content.stops) // PER_ROW)
    knobs_top = TOP + CHAIN_HEIGHT
    width = max(LEFT + columns * cell, scenes_left + _scenes_width(content), LEFT + 900)
    canvas = PdCanvas(width, knobs_top + 40 + rows * CELL_HEIGHT)
    heading(
        canvas, content, f"{content.name}: an instrument with {len(content.stops)} stops, made with Drawstop"
    )
    _sound(canvas, content, boxes)
    _switches(canvas, content, right)
    _scenes(canvas, content, scenes_left)
    canvas.text(LEFT, knobs_top, _knobs_comment(content), 120)
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, PER_ROW)
        _knob(canvas, content, stop, LEFT + column * cell, knobs_top + 40 + row * CELL_HEIGHT)
    return canvas


class _NnBoxes:
    """The two nn~ boxes: their texts, positions and widths."""

    def __init__(self, content: PatchContent, model: str) -> None:
        self.forward, self.listen = f"nn~ {model} forward", f"nn~ {model} listen"
        self.listen_left = int(LEFT + CHARACTER * len(self.forward) + 36)
        self.listen_width = box_width(self.listen, len(content.stops) + 1, 12)
        self.right = int(self.listen_left + CHARACTER * self.listen_width)


def _sound(canvas: PdCanvas, content: PatchContent, boxes: _NnBoxes) -> None:
    into, out = content.description.channels_in, content.description.channels_out
    sound_switch(canvas, LEFT, TOP)
    microphone = canvas.obj(LEFT, TOP + 34, converters("adc~", into))
    in_gain = canvas.subpatch(LEFT, TOP + 66, gain("in", into))
    knobs = canvas.subpatch(LEFT + 130, TOP + 104, subpatches.knobs(content))
    switches = canvas.subpatch(LEFT + 230, TOP + 104, subpatches.switches(content), 16)
    forward = canvas.obj(LEFT, TOP + 150, boxes.forward)
    listen = canvas.obj(boxes.listen_left, TOP + 150, boxes.listen, boxes.listen_width)
    meters = canvas.subpatch(boxes.listen_left, TOP + 186, subpatches.meters(content), boxes.listen_width)
    out_gain = canvas.subpatch(LEFT, TOP + 186, gain("out", out))
    speakers = canvas.obj(LEFT, TOP + 222, converters("dac~", out))
    for channel in range(into):
        canvas.connect(microphone, channel, in_gain, channel)
        canvas.connect(in_gain, channel, forward, channel)
        canvas.connect(in_gain, channel, listen, channel)
    for channel in range(out):
        canvas.connect(forward, channel, out_gain, channel)
    to_speakers(canvas, out_gain, out, speakers)
    canvas.connect(knobs, 0, forward, 0)
    canvas.connect(switches, 0, forward, 0)
    canvas.connect(switches, 1, listen, 0)
    for index in range(len(content.stops)):
        canvas.connect(listen, index, meters, index)
    gain_controls(canvas, LEFT + 130, TOP + 38, "in")
    gain_controls(canvas, LEFT + 130, TOP + 226, "out")
    _levels(canvas, into, out)
    inside = (subpatches.midi(content), subpatches.osc(content), subpatches.scenes(content))
    for index, part in enumerate(inside):
        canvas.subpatch(LEFT + 100 * index, TOP + 266, part)
    canvas.text(LEFT + 310, TOP + 266, "click to see or change", 24)


def _levels(canvas: PdCanvas, into: int, out: int) -> None:
    for index, (name, channels) in enumerate((("in", into), ("out", out))):
        x = LEFT + 440 + 50 * index
        canvas.text(x, TOP, name, 4)
        for channel in range(channels):
            canvas.level(x + 19 * channel, TOP + 24, 80, f"$0-{name}-level-{channel}")


def _switches(canvas: PdCanvas, content: PatchContent, x: int) -> None:
    switches = [
        ("bypass", False, "bypass: the model, no stops"),
        ("noise", True, "noise: the model's own"),
        ("listen", True, "meters: a second nn~"),
    ]
    for row, (name, on, words) in enumerate(switches):
        canvas.toggle(x, TOP + ROW * row, f"$0-{name}", on)
        canvas.text(x + 26, TOP + ROW * row, words, 30)
    y = TOP + ROW * len(switches)
    canvas.button(x, y, "$0-reset")
    canvas.text(x + 26, y, "reset: clear the model's memory", 32)
    canvas.number(x, y + ROW, 5, (0, 60), "$0-ramp-show", "$0-ramp")
    canvas.text(x + 46, y + ROW, "ramp, seconds", 20)
    for row, buffer in enumerate(content.buffers):
        y_buffer = y + ROW * (2 + row)
        canvas.button(x, y_buffer, f"$0-bufsize-{buffer}")
        canvas.text(x + 26, y_buffer, f"bufsize {buffer}{'' if buffer else ': no worker thread'}", 32)
    y_port = y + ROW * (2 + len(content.buffers))
    canvas.number(x, y_port, 6, (LOWEST, HIGHEST), "$0-osc-port-show", "$0-osc-port")
    canvas.text(x + 52, y_port, "UDP port that OSC comes in on", 30)


def _scenes(canvas: PdCanvas, content: PatchContent, left: int) -> None:
    for index, scene in enumerate(content.scenes()):
        column, row = divmod(index, SCENE_ROWS)
        x, y = left + column * _scene_width(content), TOP + ROW * row
        canvas.button(x, y, f"$0-{scene.send_name}")
        canvas.text(x + 26, y, scene.label, len(scene.label) + 2)


def _scene_width(content: PatchContent) -> int:
    return int(CHARACTER * max(len(scene.label) for scene in content.scenes())) + 50


def _scenes_width(content: PatchContent) -> int:
    return -(-len(content.scenes()) // SCENE_ROWS) * _scene_width(content)


def _knobs_comment(content: PatchContent) -> str:
    return (
        f"Knobs: {content.values_text}. The bar beside a knob: how strongly the stop sounds in the "
        f"input. OSC: {content.address(content.stops[0])} and a float. {content.midi_text}"
    )


def _knob(canvas: PdCanvas, content: PatchContent, stop: StopDescription, x: int, y: int) -> None:
    limits, slug = (stop.minimum, stop.maximum), stop.slug
    names = {"send": f"$0-{slug}-turned", "receive": f"$0-{slug}-slider", "label": slug}
    canvas.slider(x, y + 24, KNOB_SIZE, limits, stop.default, **names)
    canvas.meter(x + 34, y + 24, (10, KNOB_SIZE[1]), f"$0-{slug}-level")
    canvas.number(x, y + 162, 6, limits, f"$0-{slug}-turned", f"$0-{slug}-number")
    canvas.text(x, y + 186, _caption(content, stop), len(_caption(content, stop)) + 2)


def _caption(content: PatchContent, stop: StopDescription) -> str:
    controller = content.controller(stop)
    name = "" if stop.label == stop.slug else f"{stop.label}, "
    return f"{name}{'no cc' if controller is None else f'cc {controller}'}"
