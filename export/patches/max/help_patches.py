"""The Max help patches: each method at work, every inlet and outlet labelled."""

from collections.abc import Callable

from py2max import Box

from export.patches.content import EACH_BOX, PatchContent, listed
from export.patches.max.patcher import CHARACTER, MESSAGE, SIGNAL, MaxPatch
from export.patches.max.subpatches import A_NUMBER, guard
from export.patches.max.widgets import (
    LEFT,
    RAMP_MS,
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


def help_patches(content: PatchContent) -> dict[str, MaxPatch]:
    """Every help patch by its name; nn~ finds the instrument by its name in Max's search path."""
    made: dict[str, Callable[[PatchContent], MaxPatch]] = {
        "forward": _forward,
        "play": _play,
        "encode-decode": _encode_decode,
        "steer": _steer,
        "listen": _listen,
    }
    return {name: make(content) for name, make in made.items()}


def _forward(content: PatchContent) -> MaxPatch:
    patch, source = _start(content, "forward", "audio in, audio out. Messages set the stops")
    box = nn_box(patch, content, "forward", LEFT, TOP + 190)
    connect_all(patch, source, box, content.description.channels_in)
    slug = content.stops[0].slug
    messages = (f"set {slug} -1", f"set {slug} $1", "set ramp 0.5", "set bypass $1")
    column, y = CHARACTER * max(map(len, messages)) + 40, TOP + 100
    for index, words in enumerate(messages):
        x = LEFT + 80 + column * index
        message = patch.msg(x, y, words)
        patch.connect(message, 0, box, 0)
        if words == "set bypass $1":
            switch = patch.ui("toggle", (x, y - 36, 22, 22), 1, ["int"], parameter_enable=0)
            patch.connect(switch, 0, message, 0)
        elif words.endswith("$1"):
            rect = (x, y - 36, 60, 22)
            number = patch.ui("flonum", rect, 1, [MESSAGE, "bang"], minimum=-1.0, maximum=1.0)
            patch.connect(number, 0, message, 0)
    _ports(patch, content, "forward", box)
    _end(patch, content, "forward", box, TOP + 260)
    return patch


def _play(content: PatchContent) -> MaxPatch:
    patch, source = _start(content, "play", "audio and a signal per stop in, audio out")
    channels, bottom = content.description.channels_in, TOP + 120 + _dial_rows(content) * DIAL_ROW
    box = nn_box(patch, content, "play", LEFT, bottom, 12)
    connect_all(patch, source, box, channels)
    _stop_signals(patch, content, box, channels, LEFT + 100, TOP + 60)
    _ports(patch, content, "play", box)
    _end(patch, content, "play", box, bottom + 70)
    return patch


def _encode_decode(content: PatchContent) -> MaxPatch:
    patch, source = _start(content, "encode", "audio to latents, decode: latents to audio")
    patch.text(LEFT + 320, TOP + 10, EACH_BOX)
    encode = nn_box(patch, content, "encode", LEFT, TOP + 70)
    decode = nn_box(patch, content, "decode", LEFT, TOP + 190)
    connect_all(patch, source, encode, content.description.channels_in)
    connect_all(patch, encode, decode, len(content.method("encode").outlets))
    _ports(patch, content, "encode", encode)
    _ports(patch, content, "decode", decode)
    _end(patch, content, "decode", decode, TOP + 280)
    return patch


def _steer(content: PatchContent) -> MaxPatch:
    patch, source = _start(content, "steer", "latents and a signal per stop in, latents out")
    latents, bottom = len(content.method("encode").outlets), TOP + 190 + _dial_rows(content) * DIAL_ROW
    patch.text(LEFT + 320, TOP + 10, EACH_BOX)
    encode = nn_box(patch, content, "encode", LEFT, TOP + 70)
    steer = nn_box(patch, content, "steer", LEFT, bottom)
    decode = nn_box(patch, content, "decode", LEFT, bottom + 110)
    connect_all(patch, source, encode, content.description.channels_in)
    connect_all(patch, encode, steer, latents)
    connect_all(patch, steer, decode, latents)
    rect = steer.patching_rect
    _stop_signals(patch, content, steer, latents, rect.x + rect.w + 40, TOP + 110)
    _ports(patch, content, "steer", steer)
    _end(patch, content, "decode", decode, bottom + 180)
    return patch


def _listen(content: PatchContent) -> MaxPatch:
    patch, source = _start(content, "listen", "audio in, a signal per stop out: 0..1, how strongly it sounds")
    box = nn_box(patch, content, "listen", LEFT, TOP + 70, 16)
    connect_all(patch, source, box, content.description.channels_in)
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, COLUMNS)
        x, y = LEFT + column * _cell(content), TOP + 220 + row * 90
        patch.text(x, y, stop.slug, _cell(content))
        shown = patch.ui("number~", (x, y + 26, 60, 22), 2, [SIGNAL, "float"], sig=0.0)
        patch.connect(box, index, shown, 0)
    _ports(patch, content, "listen", box)
    _fit(patch)
    return patch


def _start(content: PatchContent, method: str, words: str) -> tuple[MaxPatch, Box]:
    patch = MaxPatch(100, 100)
    heading(patch, content, f"nn~ {content.file} {method}: {words}", method)
    patch.text(LEFT + 60, TOP + 10, "a click turns the sound on and off", 240)
    return patch, microphone(patch, LEFT, TOP)


def _end(patch: MaxPatch, content: PatchContent, method: str, box: Box, y: float) -> None:
    speakers(patch, LEFT, y, box, len(content.method(method).outlets))
    _fit(patch)


def _fit(patch: MaxPatch) -> None:
    """Make the window as large as what is in it."""
    rects = [box.patching_rect for box in patch.patcher._boxes]
    patch.resize(int(max(r.x + r.w for r in rects)) + 20, int(max(r.y + r.h for r in rects)) + 40)


def _stop_signals(
    patch: MaxPatch, content: PatchContent, box: Box, first_inlet: int, x: float, top: float
) -> None:
    """A dial per stop, smoothed into a signal: any other signal will do as well."""
    count, bottom = len(content.stops), top + _dial_rows(content) * DIAL_ROW
    width = max(100, 16 * count)
    smoothed = patch.subpatch(x, bottom, "signals", _signals(content), (count, count), width)
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, COLUMNS)
        knob = dial(patch, content, stop, x + column * _cell(content), top + row * DIAL_ROW)
        patch.connect(knob, 0, smoothed, index)
        patch.connect(smoothed, index, box, first_inlet + index)


def _signals(content: PatchContent) -> MaxPatch:
    cell = max(_cell(content), int(CHARACTER * len(A_NUMBER)) + 40)
    patch = MaxPatch(LEFT + len(content.stops) * cell, 290)
    for index, stop in enumerate(content.stops):
        x = LEFT + index * cell
        packed = patch.obj(x, 140, f"pack 0. {RAMP_MS}", 2, [MESSAGE])
        ramp = patch.obj(x, 180, "line~", 2, [SIGNAL, "bang"])
        patch.connect(patch.inlet(x, 20, stop.slug), 0, guard(patch, packed, x, 70), 0)
        patch.chain([packed, ramp, patch.outlet(x, 220, stop.slug)])
    return patch


def _ports(patch: MaxPatch, content: PatchContent, method: str, box: Box) -> None:
    """Label every inlet and outlet, to the right of the box."""
    described, rect = content.method(method), box.patching_rect
    x = rect.x + rect.w + 20
    inlets = patch.text(x, rect.y - 20, f"in: {listed(described.inlets)}", NOTES).patching_rect
    patch.text(x, inlets.y + inlets.h + 4, f"out: {listed(described.outlets)}", NOTES)


def _cell(content: PatchContent) -> int:
    return max(DIAL_CELL, 8 * max(len(stop.slug) for stop in content.stops) + 10)


def _dial_rows(content: PatchContent) -> int:
    return -(-len(content.stops) // COLUMNS)
