"""The closed sub-patches of the Pd play patch: what turns knobs, controllers, OSC and scenes into messages.

Every send and receive name begins with Pd's `$0-`, so that two open patches don't turn each other's knobs. For a stop
`guitar`: `$0-guitar` receives a value from anywhere, `$0-guitar-slider` moves its slider, `-turned` is sent by the slider,
`-number` by the number box, and `-level` feeds its meter.

Whatever takes values lets single numbers through and nothing else: a list would reach the other inlets of `[clip]` and move
its limits, and a bang would count as 0.
"""

from collections.abc import Iterator

from drawstop.instrument_description import StopDescription
from export.patches.content import OSC_PORT, OSC_PREFIX, RAMP_SECONDS, PatchContent
from export.patches.osc_port import BOXES, CORDS, LISTEN, PD_GATE, USED, WANTED, inlet
from export.patches.pd.canvas import CHARACTER, PdCanvas
from realtime.controllers.midi.source import CC_CENTRE, SEVEN_BITS

LEFT, TOP, ROW = 20, 20, 28
PER_ROW = 4
METER_MS = 50
ONE_NUMBER = "route float"
"""Passes a single number; a list, a symbol or a bang goes no further."""
PORT_CELL = 150
"""The width of a column of the port's wiring."""


def knobs(content: PatchContent) -> PdCanvas:
    """Sends values from anywhere to the sliders, and the number boxes' values, clamped, on as `set <slug> <value>`."""
    half = _width(content, 12)
    canvas = _canvas("knobs", content, 2 * half, 6)
    outlet = canvas.obj(LEFT, canvas.height - 40, "outlet")
    for stop, x, y in _positions(content, 2 * half, 6):
        clip = f"clip {stop.minimum:g} {stop.maximum:g}"
        words = (f"r $0-{stop.slug}", ONE_NUMBER, clip, f"s $0-{stop.slug}-slider")
        canvas.chain([canvas.obj(x, y + ROW * row, each) for row, each in enumerate(words)])
        words = (f"r $0-{stop.slug}-number", ONE_NUMBER, clip, "t f f")
        boxes = [canvas.obj(x + half, y + ROW * row, each) for row, each in enumerate(words)]
        both = boxes[-1]
        silently = canvas.msg(x + half + 60, y + 3 * ROW, "set $1")
        back = canvas.obj(x + half, y + 5 * ROW, f"s $0-{stop.slug}-slider")
        message = canvas.msg(x + half, y + 4 * ROW, f"set {stop.slug} $1")
        canvas.chain([*boxes, message, outlet])
        canvas.connect(both, 1, silently, 0)
        canvas.connect(silently, 0, back, 0)
    return canvas


def switches(content: PatchContent) -> PdCanvas:
    """Everything that isn't a stop: left outlet to the playing nn~, right outlet to the listening one."""
    buffers = content.buffers
    canvas = PdCanvas(760, TOP + ROW * (7 + len(buffers)) + 20, "switches")
    bottom = canvas.height - 40
    left, right = canvas.obj(LEFT, bottom, "outlet"), canvas.obj(420, bottom, "outlet")
    for row, name in enumerate(("bypass", "noise")):
        receive = canvas.obj(LEFT, TOP + ROW * row, f"r $0-{name}")
        number = canvas.obj(LEFT + 100, TOP + ROW * row, ONE_NUMBER)
        canvas.chain([receive, number, canvas.msg(LEFT + 260, TOP + ROW * row, f"set {name} $1"), left])
    reset = canvas.obj(LEFT, TOP + 2 * ROW, "r $0-reset")
    canvas.chain([reset, canvas.msg(LEFT + 180, TOP + 2 * ROW, "set reset 1"), left])
    ramp = canvas.obj(LEFT, TOP + 3 * ROW, "r $0-ramp")
    number = canvas.obj(LEFT + 100, TOP + 3 * ROW, ONE_NUMBER)
    positive = canvas.obj(LEFT + 200, TOP + 3 * ROW, "max 0")
    canvas.chain([ramp, number, positive, canvas.msg(LEFT + 260, TOP + 3 * ROW, "set ramp $1"), left])
    for row, buffer in enumerate(buffers, start=4):
        receive = canvas.obj(LEFT, TOP + ROW * row, f"r $0-bufsize-{buffer}")
        canvas.chain([receive, canvas.msg(LEFT + 180, TOP + ROW * row, f"bufsize {buffer}"), left])
    listen = canvas.obj(420, TOP, "r $0-listen")
    number = canvas.obj(520, TOP, ONE_NUMBER)
    canvas.chain([listen, number, canvas.msg(640, TOP, "enable $1"), right])
    opened = canvas.obj(420, TOP + 3 * ROW, "loadbang")
    start = canvas.msg(500, TOP + 3 * ROW, f"{RAMP_SECONDS:g}")
    canvas.chain([opened, start, canvas.obj(560, TOP + 3 * ROW, "s $0-ramp-show")])
    return canvas


def scenes(content: PatchContent) -> PdCanvas:
    """A list of values per scene, in the stops' order: change the numbers, or add a message of your own."""
    listed = content.scenes()
    label = int(CHARACTER * max(len(f"r $0-{scene.send_name}") for scene in listed)) + 30
    values = int(CHARACTER * 3 * len(content.stops)) + 30
    send = _width(content, 4)
    sends = -(-len(content.stops) // PER_ROW)
    bottom = TOP + ROW * len(listed) + 20
    width = max(2 * LEFT + label + values, LEFT + PER_ROW * send, 400)
    canvas = PdCanvas(width, bottom + 80 + ROW * sends, "scenes")
    apart = canvas.obj(LEFT, bottom, "unpack" + " 0" * len(content.stops))
    for row, scene in enumerate(listed):
        receive = canvas.obj(LEFT, TOP + ROW * row, f"r $0-{scene.send_name}")
        words = " ".join(map(str, scene.values))
        canvas.chain([receive, canvas.msg(LEFT + label, TOP + ROW * row, words), apart])
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, PER_ROW)
        target = canvas.obj(LEFT + column * send, bottom + 40 + ROW * row, f"s $0-{stop.slug}")
        canvas.connect(apart, index, target, 0)
    return canvas


def midi(content: PatchContent) -> PdCanvas:
    """Control changes on any channel: 0 is the lowest value, 127 the highest; 64 is exactly 0 where a stop brings in too."""
    block = max(_width(content, 4), 190)
    canvas = _canvas("midi", content, block, 6)
    for stop, x, y in _positions(content, block, 6):
        controller = content.controller(stop)
        if controller is None:
            canvas.text(x, y, "no cc is left", 20)
            continue
        above = SEVEN_BITS - CC_CENTRE
        received = canvas.obj(x, y, f"ctlin {controller}")
        if stop.maximum <= 0:
            texts = (f"/ {SEVEN_BITS}", "- 1", f"s $0-{stop.slug}")
            canvas.chain(
                [received, *(canvas.obj(x, y + ROW * row, text) for row, text in enumerate(texts, 1))]
            )
            continue
        centred = canvas.obj(x, y + ROW, f"- {CC_CENTRE}")
        side = canvas.obj(x, y + 2 * ROW, "moses 0")
        low, high = (
            canvas.obj(x, y + 3 * ROW, f"/ {CC_CENTRE}"),
            canvas.obj(x + 80, y + 3 * ROW, f"/ {above}"),
        )
        value = canvas.obj(x, y + 4 * ROW, f"s $0-{stop.slug}")
        canvas.chain([received, centred, side, low, value])
        canvas.connect(side, 1, high, 0)
        canvas.connect(high, 0, value, 0)
    return canvas


def osc(content: PatchContent) -> PdCanvas:
    """OSC over UDP: `/stop/<slug> <float>`, on a port that no other open patch of ours listens on."""
    send = _width(content, 4)
    rows = -(-len(content.stops) // PER_ROW)
    route = "route " + " ".join(stop.slug for stop in content.stops)
    left = max(LEFT + PER_ROW * send, int(LEFT + CHARACTER * len(route) + 40), 260)
    canvas = PdCanvas(left + 5 * PORT_CELL, TOP + ROW * max(7 + rows, 18), "osc")
    texts = ["netreceive -u -b", "oscparse", "list trim", f"route {OSC_PREFIX}", route]
    boxes = [canvas.obj(LEFT, TOP + ROW * row, words) for row, words in enumerate(texts)]
    canvas.chain(boxes)
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, PER_ROW)
        target = canvas.obj(LEFT + column * send, TOP + ROW * (6 + row), f"s $0-{stop.slug}")
        canvas.connect(boxes[-1], index, target, 0)
    _port(canvas, boxes[0], left)
    return canvas


def _port(canvas: PdCanvas, receiver: int, left: int) -> None:
    """The wiring of `osc_port`: which port the receiver listens on. `$0-osc-port` asks for another."""
    made = {
        name: (canvas.msg if box.is_message else canvas.obj)(
            left + PORT_CELL * box.place[0], TOP + ROW * (2 + box.place[1]), box.pd
        )
        for name, box in BOXES.items()
    }
    for source, outlet, target, entry in CORDS:
        canvas.connect(made[source], outlet, made[target], inlet(entry, PD_GATE))
    opened = canvas.obj(left, TOP, "loadbang")
    canvas.chain([opened, canvas.msg(left, TOP + ROW, str(OSC_PORT)), made[WANTED]])
    canvas.connect(canvas.obj(left + PORT_CELL, TOP, "r $0-osc-port"), 0, made[WANTED], 0)
    canvas.connect(made[LISTEN], 0, receiver, 0)
    shown = canvas.msg(left + 2 * PORT_CELL, TOP + 14 * ROW, "set $1")
    canvas.connect(made[USED], 0, shown, 0)
    canvas.connect(shown, 0, canvas.obj(left + 2 * PORT_CELL, TOP + 15 * ROW, "s $0-osc-port-show"), 0)


def meters(content: PatchContent) -> PdCanvas:
    """`listen`'s signals as numbers, twenty times a second."""
    block = _width(content, 10)
    columns = len(content.stops)
    canvas = PdCanvas(max(LEFT + columns * block, 400), 260, "meters")
    opened, start = canvas.obj(LEFT, TOP, "loadbang"), canvas.msg(LEFT, TOP + ROW, "1")
    clock = canvas.obj(LEFT, TOP + 2 * ROW, f"metro {METER_MS}")
    canvas.chain([opened, start, clock])
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        signal = canvas.obj(x, TOP + 4 * ROW, "inlet~")
        look = canvas.obj(x, TOP + 5 * ROW, "snapshot~")
        canvas.chain([signal, look, canvas.obj(x, TOP + 6 * ROW, f"s $0-{stop.slug}-level")])
        canvas.connect(clock, 0, look, 0)
    return canvas


def _width(content: PatchContent, more: int) -> int:
    """The width in pixels of a box for the longest slug and `more` characters."""
    return int(CHARACTER * (max(len(stop.slug) for stop in content.stops) + more)) + 40


def _canvas(name: str, content: PatchContent, block: int, rows: int) -> PdCanvas:
    blocks = -(-len(content.stops) // PER_ROW)
    columns = min(PER_ROW, len(content.stops))
    return PdCanvas(max(LEFT + columns * block, 400), TOP + blocks * rows * ROW + 60, name)


def _positions(content: PatchContent, block: int, rows: int) -> Iterator[tuple[StopDescription, int, int]]:
    """Each stop with the position of its block, four to a row."""
    for index, stop in enumerate(content.stops):
        row, column = divmod(index, PER_ROW)
        yield stop, LEFT + column * block, TOP + row * rows * ROW
