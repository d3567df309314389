"""The Max help patches: each method at work, every inlet and outlet labelled."""

from collections.abc import Callable

from py2max import Box

from export.patches.content import EACH_BOX, Plan, listed
from export.patches.max.patcher import CHARACTER, MESSAGE, SIGNAL, MaxPatch
from export.patches.max.widgets import (
    GLIDE_MS,
    LEFT,
    TITLE_HEIGHT,
    connect_all,
    dial,
    heading,
    microphone,
    nn_box,
    speakers,
)

TOP = TITLE_HEIGHT + 10
COLUMNS = 8
DIAL_CELL = 90
DIAL_ROW = 60
NOTES = 380


def help_patches(plan: Plan) -> dict[str, MaxPatch]:
    """Every help patch by its name; nn~ finds the instrument by its name in Max's search path."""
    made: dict[str, Callable[[Plan], MaxPatch]] = {
        "forward": _forward,
        "play": _play,
        "encode-decode": _encode_decode,
        "steer": _steer,
        "listen": _listen,
    }
    return {name: make(plan) for name, make in made.items()}


def _forward(plan: Plan) -> MaxPatch:
    patch, source = _start(plan, "forward", "audio in, audio out. Messages set the stops")
    box = nn_box(patch, plan, "forward", LEFT, TOP + 190)
    connect_all(patch, source, box, plan.description.channels_in)
    slug = plan.stops[0].slug
    messages = (f"set {slug} -1", f"set {slug} $1", "set ramp 0.5", "set bypass $1")
    column, y = CHARACTER * max(map(len, messages)) + 40, TOP + 100
    for place, words in enumerate(messages):
        x = LEFT + 80 + column * place
        message = patch.msg(x, y, words)
        patch.connect(message, 0, box, 0)
        if words == "set bypass $1":
            switch = patch.ui("toggle", (x, y - 36, 22, 22), 1, ["int"], parameter_enable=0)
            patch.connect(switch, 0, message, 0)
        elif words.endswith("$1"):
            rect = (x, y - 36, 60, 22)
            number = patch.ui("flonum", rect, 1, [MESSAGE, "bang"], minimum=-1.0, maximum=1.0)
            patch.connect(number, 0, message, 0)
    _ports(patch, plan, "forward", box)
    _end(patch, plan, "forward", box, TOP + 260)
    return patch


def _play(plan: Plan) -> MaxPatch:
    patch, source = _start(plan, "play", "audio and a signal per stop in, audio out")
    channels, bottom = plan.description.channels_in, TOP + 120 + _dial_rows(plan) * DIAL_ROW
    box = nn_box(patch, plan, "play", LEFT, bottom, 12)
    connect_all(patch, source, box, channels)
    _stop_signals(patch, plan, box, channels, LEFT + 100, TOP + 60)
    _ports(patch, plan, "play", box)
    _end(patch, plan, "play", box, bottom + 70)
    return patch


def _encode_decode(plan: Plan) -> MaxPatch:
    patch, source = _start(plan, "encode", "audio to latents, decode: latents to audio")
    patch.text(LEFT + 320, TOP + 10, EACH_BOX)
    encode = nn_box(patch, plan, "encode", LEFT, TOP + 70)
    decode = nn_box(patch, plan, "decode", LEFT, TOP + 190)
    connect_all(patch, source, encode, plan.description.channels_in)
    connect_all(patch, encode, decode, len(plan.method("encode").outlets))
    _ports(patch, plan, "encode", encode)
    _ports(patch, plan, "decode", decode)
    _end(patch, plan, "decode", decode, TOP + 280)
    return patch


def _steer(plan: Plan) -> MaxPatch:
    patch, source = _start(plan, "steer", "latents and a signal per stop in, latents out")
    latents, bottom = len(plan.method("encode").outlets), TOP + 190 + _dial_rows(plan) * DIAL_ROW
    patch.text(LEFT + 320, TOP + 10, EACH_BOX)
    encode = nn_box(patch, plan, "encode", LEFT, TOP + 70)
    steer = nn_box(patch, plan, "steer", LEFT, bottom)
    decode = nn_box(patch, plan, "decode", LEFT, bottom + 110)
    connect_all(patch, source, encode, plan.description.channels_in)
    connect_all(patch, encode, steer, latents)
    connect_all(patch, steer, decode, latents)
    rect = steer.patching_rect
    _stop_signals(patch, plan, steer, latents, rect.x + rect.w + 40, TOP + 110)
    _ports(patch, plan, "steer", steer)
    _end(patch, plan, "decode", decode, bottom + 180)
    return patch


def _listen(plan: Plan) -> MaxPatch:
    patch, source = _start(plan, "listen", "audio in, a signal per stop out: 0..1, how strongly it sounds")
    box = nn_box(patch, plan, "listen", LEFT, TOP + 70, 16)
    connect_all(patch, source, box, plan.description.channels_in)
    for index, stop in enumerate(plan.stops):
        row, column = divmod(index, COLUMNS)
        x, y = LEFT + column * _cell(plan), TOP + 220 + row * 90
        patch.text(x, y, stop.slug, _cell(plan))
        shown = patch.ui("number~", (x, y + 26, 60, 22), 2, [SIGNAL, "float"], sig=0.0)
        patch.connect(box, index, shown, 0)
    _ports(patch, plan, "listen", box)
    _fit(patch)
    return patch


def _start(plan: Plan, method: str, words: str) -> tuple[MaxPatch, Box]:
    patch = MaxPatch(100, 100)
    heading(patch, plan, f"nn~ {plan.file} {method}: {words}", method)
    patch.text(LEFT + 60, TOP + 10, "a click turns the sound on and off", 240)
    return patch, microphone(patch, LEFT, TOP)


def _end(patch: MaxPatch, plan: Plan, method: str, box: Box, y: float) -> None:
    speakers(patch, LEFT, y, box, len(plan.method(method).outlets))
    _fit(patch)


def _fit(patch: MaxPatch) -> None:
    """Make the window as large as what is in it."""
    rects = [box.patching_rect for box in patch.patcher._boxes]
    patch.resize(int(max(r.x + r.w for r in rects)) + 20, int(max(r.y + r.h for r in rects)) + 40)


def _stop_signals(patch: MaxPatch, plan: Plan, box: Box, first_inlet: int, x: float, top: float) -> None:
    """A dial per stop, smoothed into a signal: any other signal will do as well."""
    count, bottom = len(plan.stops), top + _dial_rows(plan) * DIAL_ROW
    width = max(100, 16 * count)
    smoothed = patch.subpatch(x, bottom, "signals", _signals(plan), (count, count), width)
    for index, stop in enumerate(plan.stops):
        row, column = divmod(index, COLUMNS)
        knob = dial(patch, plan, stop, x + column * _cell(plan), top + row * DIAL_ROW)
        patch.connect(knob, 0, smoothed, index)
        patch.connect(smoothed, index, box, first_inlet + index)


def _signals(plan: Plan) -> MaxPatch:
    cell = _cell(plan)
    patch = MaxPatch(LEFT + len(plan.stops) * cell, 220)
    for index, stop in enumerate(plan.stops):
        x = LEFT + index * cell
        packed = patch.obj(x, 70, f"pack 0. {GLIDE_MS}", 2, [MESSAGE])
        glide = patch.obj(x, 110, "line~", 2, [SIGNAL, "bang"])
        patch.chain([patch.inlet(x, 20, stop.slug), packed, glide, patch.outlet(x, 150, stop.slug)])
    return patch


def _ports(patch: MaxPatch, plan: Plan, method: str, box: Box) -> None:
    """What every inlet and outlet is, to the right of the box."""
    described, rect = plan.method(method), box.patching_rect
    x = rect.x + rect.w + 20
    inlets = patch.text(x, rect.y - 20, f"in: {listed(described.inlets)}", NOTES).patching_rect
    patch.text(x, inlets.y + inlets.h + 4, f"out: {listed(described.outlets)}", NOTES)


def _cell(plan: Plan) -> int:
    return max(DIAL_CELL, 8 * max(len(stop.slug) for stop in plan.stops) + 10)


def _dial_rows(plan: Plan) -> int:
    return -(-len(plan.stops) // COLUMNS)
