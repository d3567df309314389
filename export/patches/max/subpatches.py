"""The closed sub-patches of the Max play patch: what turns dials, controllers, OSC and scenes into messages.

Values from outside pass a guard: single numbers go on, and a list, a symbol, a bang or a NaN goes no further.
"""

from py2max import Box

from drawstop.instrument_description import StopDescription
from export.patches.content import OSC_PORT, PatchContent
from export.patches.max.patcher import CHARACTER, MESSAGE, MaxPatch
from export.patches.osc_port import BOXES, CORDS, LISTEN, MAX_GATE, USED, WANTED, inlet
from realtime.controllers.midi.source import CC_CENTRE, SEVEN_BITS

LEFT, TOP, ROW = 20, 20, 30
METER_MS = 50
CC_EXPRESSION = f"expr ($f1 - {CC_CENTRE}.) / ({CC_CENTRE}. - ($f1 >= {CC_CENTRE}.))"
"""A control change as a value: 0 is -1, 64 exactly 0, 127 is 1 (there are 64 steps below the middle, 63 above)."""
CC_AWAY_EXPRESSION = f"expr $f1 / {SEVEN_BITS}. - 1."
"""The same for a stop that only takes away: 0 is -1, 127 is 0."""
EXPRESSION_WIDTH = 300
ONE_NUMBER = "route int float"
A_NUMBER = "if $f1 == $f1 then $f1"
"""Passes everything but NaN, which equals nothing."""
PORT_CELL = 170
"""The width of a column of the port's wiring."""


def knobs(content: PatchContent) -> MaxPatch:
    """An inlet per stop; every value, clamped, becomes `set <slug> <value>`."""
    block = max(_block(content, 8), int(CHARACTER * len(A_NUMBER)) + 40)
    patch = MaxPatch(LEFT + len(content.stops) * block, 310)
    outlet = patch.outlet(LEFT, 250, "messages to nn~")
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        value, clip = patch.inlet(x, TOP, stop.slug), _clip(patch, stop, x, 140)
        patch.connect(value, 0, guard(patch, clip, x, 70), 0)
        patch.chain([clip, patch.msg(x, 180, f"set {stop.slug} $1"), outlet])
    return patch


def controllers(content: PatchContent) -> MaxPatch:
    """Inlets: a scene's name, a UDP port to listen on; receives MIDI and OSC too. Outlets: one per stop, to its dial, and
    the port in use."""
    block, count = max(_block(content, 10), EXPRESSION_WIDTH), len(content.stops)
    scenes_bottom = TOP + 190 + ROW * len(content.scenes())
    port_left = max(LEFT + count * block, 700)
    patch = MaxPatch(port_left + 5 * PORT_CELL, max(scenes_bottom + 420, TOP + 17 * ROW))
    apart = _scenes(patch, content, scenes_bottom)
    receiver = patch.obj(LEFT, scenes_bottom + 40, "udpreceive", 1, [MESSAGE])
    addresses = "route " + " ".join(content.address(stop) for stop in content.stops)
    route = patch.obj(LEFT, scenes_bottom + 70, addresses, 1 + count, [MESSAGE] * (count + 1))
    patch.connect(receiver, 0, route, 0)
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        clip = _clip(patch, stop, x, scenes_bottom + 290)
        patch.connect(clip, 0, patch.outlet(x, scenes_bottom + 340, stop.slug), 0)
        patch.connect(apart, index, clip, 0)
        patch.connect(route, index, guard(patch, clip, x, scenes_bottom + 200), 0)
        controller = content.controller(stop)
        if controller is not None:
            received = patch.obj(x, scenes_bottom + 120, f"ctlin {controller}", 1, ["int", "int"])
            words = CC_EXPRESSION if stop.maximum > 0 else CC_AWAY_EXPRESSION
            patch.chain([received, patch.obj(x, scenes_bottom + 160, words, 1, [MESSAGE]), clip])
    _port(patch, receiver, port_left)
    return patch


def guard(patch: MaxPatch, target: Box, x: float, y: float) -> Box:
    """Boxes that pass single numbers on to `target`; gives the first of them."""
    kinds = patch.obj(x, y, ONE_NUMBER, 3, [MESSAGE] * 3)
    number = patch.obj(x, y + 30, A_NUMBER, 1, [MESSAGE])
    patch.connect(kinds, 0, number, 0)
    patch.connect(kinds, 1, number, 0)
    patch.connect(number, 0, target, 0)
    return kinds


def _port(patch: MaxPatch, receiver: Box, left: float) -> None:
    """The wiring of `osc_port`: which port the receiver listens on."""
    made: dict[str, Box] = {}
    for name, box in BOXES.items():
        x, y = left + PORT_CELL * box.place[0], TOP + 60 + ROW * box.place[1]
        made[name] = (
            patch.msg(x, y, box.max)
            if box.is_message
            else patch.obj(x, y, box.max, box.inlets, [MESSAGE] * box.outlets)
        )
    for source, outlet, target, entry in CORDS:
        patch.connect(made[source], outlet, made[target], inlet(entry, MAX_GATE))
    patch.connect(patch.obj(left, TOP, f"loadmess {OSC_PORT}", 1, [MESSAGE]), 0, made[WANTED], 0)
    patch.connect(patch.inlet(left + PORT_CELL, TOP, "a UDP port to listen on"), 0, made[WANTED], 0)
    patch.connect(made[LISTEN], 0, receiver, 0)
    shown = patch.obj(left + 2 * PORT_CELL, TOP + 60 + 13 * ROW, "prepend set", 1, [MESSAGE])
    shows = patch.outlet(left + 2 * PORT_CELL, TOP + 60 + 14 * ROW, "the port in use")
    patch.connect(made[USED], 0, shown, 0)
    patch.connect(shown, 0, shows, 0)


def meters(content: PatchContent) -> MaxPatch:
    """`listen`'s signals as numbers, twenty times a second."""
    block = _block(content, 4)
    patch = MaxPatch(max(LEFT + len(content.stops) * block, 400), 200)
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        look = patch.obj(x, 70, f"snapshot~ {METER_MS}", 2, ["float"])
        patch.chain([patch.inlet(x, TOP, stop.slug), look, patch.outlet(x, 120, stop.slug)])
    return patch


def _scenes(patch: MaxPatch, content: PatchContent, bottom: int) -> Box:
    """From a scene's words (`all neutral`, `only guitar`) to a list of values in the stops' order.

    Change the numbers of a list, or add a message of your own. Gives the box that takes the list apart.
    """
    count = len(content.stops)
    apart = patch.obj(LEFT, bottom, "unpack" + " 0." * count, 1, ["float"] * count)
    slugs = "route " + " ".join(stop.slug for stop in content.stops)
    named = patch.inlet(LEFT, TOP, "a scene's words")
    kind = patch.obj(LEFT, TOP + 45, "route all only without", 4, [MESSAGE] * 4)
    routes = [
        patch.obj(LEFT, TOP + 75 + 30 * row, slugs, 1 + count, [MESSAGE] * (count + 1)) for row in range(2)
    ]
    patch.connect(named, 0, kind, 0)
    sources = [(kind, 0)] + [(route, index) for route in routes for index in range(count)]
    for outlet, route in enumerate(routes, start=1):
        patch.connect(kind, outlet, route, 0)
    for row, (scene, (source, outlet)) in enumerate(zip(content.scenes(), sources, strict=True)):
        values = patch.msg(LEFT, TOP + 150 + ROW * row, " ".join(map(str, scene.values)))
        patch.connect(source, outlet, values, 0)
        patch.connect(values, 0, apart, 0)
    return apart


def _clip(patch: MaxPatch, stop: StopDescription, x: float, y: float) -> Box:
    return patch.obj(x, y, f"clip {stop.minimum:.1f} {stop.maximum:.1f}", 3, [MESSAGE])


def _block(content: PatchContent, more: int) -> int:
    return int(CHARACTER * (max(len(stop.slug) for stop in content.stops) + more)) + 40
