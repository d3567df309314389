"""The Max patch that plays an instrument: sound through `forward`, a dial and a meter per stop, scenes."""

from py2max import Box

from export.patches.content import RAMP_SECONDS, PatchContent
from export.patches.max.patcher import CHARACTER, MESSAGE, MaxPatch
from export.patches.max.subpatches import controllers, knobs, meters
from export.patches.max.widgets import (
    LEFT,
    TITLE_HEIGHT,
    connect_all,
    dial,
    gain_with_meters,
    heading,
    microphone,
    nn_box,
    speakers,
)
from export.patches.osc_port import HIGHEST, LOWEST

PER_ROW = 8
CELL_HEIGHT = 96
SCENES_PER_ROW = 4
ROW = 32
NN_TOP = TITLE_HEIGHT + 310
RIGHT = 470


def play_patch(content: PatchContent) -> MaxPatch:
    """The patch; nn~ finds the instrument by its name, beside the patch or in Max's search path."""
    stops = content.stops
    patch = MaxPatch(100, 100)
    heading(patch, content, f"{content.name}: an instrument with {len(stops)} stops, made with Drawstop")
    forward, listen = _sound(patch, content)
    right = max(RIGHT, int(listen.patching_rect.x + listen.patching_rect.w) + 40)
    cell = max(100, int(CHARACTER * max(len(stop.label) for stop in stops)) + 40)
    scene = int(CHARACTER * max(len(scene.label) for scene in content.scenes())) + 30
    scene_rows = -(-len(content.scenes()) // SCENES_PER_ROW)
    control_top = TITLE_HEIGHT + 30 + scene_rows * ROW
    dials_top = control_top + 50
    dial_rows = -(-len(stops) // PER_ROW)
    below = dials_top + dial_rows * CELL_HEIGHT
    width = right + max(min(PER_ROW, len(stops)) * cell, SCENES_PER_ROW * scene, 420) + 20
    patch.resize(width, max(NN_TOP + 220, below + 140))
    _switches(patch, forward, listen)
    control = _control(patch, content, right, control_top, scene)
    setter = patch.subpatch(right, below, "knobs", knobs(content), (len(stops), 1), _wide(content))
    looks = patch.subpatch(right, below + 36, "meters", meters(content), (len(stops),) * 2, _wide(content))
    connect_all(patch, listen, looks, len(stops))
    patch.connect(setter, 0, forward, 0)
    for index, stop in enumerate(stops):
        row, column = divmod(index, PER_ROW)
        x, y = right + column * cell, dials_top + row * CELL_HEIGHT
        knob = dial(patch, content, stop, x, y)
        bar = patch.ui("slider", (x + 54, y, 14, 48), 1, [MESSAGE], **_BAR)
        controller = content.controller(stop)
        patch.text(x, y + 54, "no cc" if controller is None else f"cc {controller}", 60)
        patch.connect(control, index, knob, 0, hidden=True)
        patch.connect(knob, 0, setter, index, hidden=True)
        patch.connect(looks, index, bar, 0, hidden=True)
    patch.text(right, below + 72, _comment(content), 420)
    return patch


_BAR = {"floatoutput": 1, "size": 1.0, "min": 0.0, "orientation": 2, "ignoreclick": 1, "parameter_enable": 0}


def _sound(patch: MaxPatch, content: PatchContent) -> tuple[Box, Box]:
    """The boxes that the sound passes, and a second nn~ that listens to the dry input; gives both nn~ boxes."""
    into, out = content.description.channels_in, content.description.channels_out
    source = microphone(patch, LEFT, TITLE_HEIGHT + 10)
    in_gain = gain_with_meters(patch, "in", into, LEFT, TITLE_HEIGHT + 66)
    forward = nn_box(patch, content, "forward", LEFT, NN_TOP)
    listen = nn_box(patch, content, "listen", LEFT, NN_TOP + 36, 16)
    out_gain = gain_with_meters(patch, "out", out, LEFT, NN_TOP + 72)
    connect_all(patch, source, in_gain, into)
    connect_all(patch, in_gain, forward, into)
    connect_all(patch, in_gain, listen, into)
    connect_all(patch, forward, out_gain, out)
    speakers(patch, LEFT, NN_TOP + 146, out_gain, out)
    patch.text(LEFT + 60, NN_TOP + 156, "a click turns the sound on and off", 240)
    return forward, listen


def _switches(patch: MaxPatch, forward: Box, listen: Box) -> None:
    top = TITLE_HEIGHT + 146
    rows = [
        ("0", "set bypass $1", "the model without its stops", forward),
        ("1", "set noise $1", "the model's own noise", forward),
        ("1", "enable $1", "meters: a second nn~", listen),
    ]
    for row, (start, words, meaning, target) in enumerate(rows):
        y = top + ROW * row
        begin = patch.obj(LEFT, y, f"loadmess {start}", 1, [MESSAGE])
        switch = patch.ui("toggle", (LEFT + 84, y, 22, 22), 1, ["int"], parameter_enable=0)
        patch.chain([begin, switch, message := patch.msg(LEFT + 114, y, words)])
        patch.connect(message, 0, target, 0)
        patch.text(LEFT + 222, y, meaning, 220)
    y = top + ROW * len(rows)
    reset = patch.msg(LEFT + 114, y, "set reset 1")
    patch.connect(reset, 0, forward, 0)
    patch.text(LEFT + 222, y, "clear the model's memory", 200)
    begin = patch.obj(LEFT, y + ROW, f"loadmess {RAMP_SECONDS:g}", 1, [MESSAGE], 94)
    number = patch.ui(
        "flonum", (LEFT + 98, y + ROW, 50, 22), 1, [MESSAGE, "bang"], minimum=0.0, parameter_enable=0
    )
    message = patch.msg(LEFT + 154, y + ROW, "set ramp $1")
    patch.chain([begin, number, message, forward])
    patch.text(LEFT + 252, y + ROW, "seconds to travel", 180)


def _control(patch: MaxPatch, content: PatchContent, right: int, control_top: int, scene_width: int) -> Box:
    """Scenes, as messages; with MIDI and OSC they turn the dials."""
    patch.text(right, TITLE_HEIGHT + 4, "Scenes", 100)
    control = patch.subpatch(
        right, control_top, "control", controllers(content), (2, len(content.stops) + 1), _wide(content)
    )
    port = patch.ui(
        "number", (right + _wide(content) + 20, control_top, 60, 22), 1, ["", "bang"],
        minimum=LOWEST, maximum=HIGHEST, parameter_enable=0,
    )  # fmt: skip
    patch.text(right + _wide(content) + 86, control_top, "UDP port that OSC comes in on", 220)
    patch.connect(port, 0, control, 1, hidden=True)
    patch.connect(control, len(content.stops), port, 0, hidden=True)
    for index, scene in enumerate(content.scenes()):
        row, column = divmod(index, SCENES_PER_ROW)
        x, y = right + column * scene_width, TITLE_HEIGHT + 30 + row * ROW
        patch.connect(patch.msg(x, y, scene.label), 0, control, 0, hidden=True)
    return control


def _wide(content: PatchContent) -> float:
    return max(90, 16 * len(content.stops))


def _comment(content: PatchContent) -> str:
    return (
        f"Dials: {content.values_text}. OSC: "
        f"{content.address(content.stops[0])} and a float. {content.midi_text}"
    )
