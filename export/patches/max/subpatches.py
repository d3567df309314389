"""The closed sub-patches of the Max play patch: what turns dials, controllers, OSC and scenes into messages."""

from py2max import Box

from drawstop.instrument_description import StopDescription
from export.patches.content import OSC_PORT, PatchContent
from export.patches.max.patcher import CHARACTER, MESSAGE, MaxPatch
from realtime.controllers.midi.source import CC_CENTRE, SEVEN_BITS

LEFT, TOP, ROW = 20, 20, 30
METER_MS = 50
CC_EXPRESSION = f"expr ($f1 - {CC_CENTRE}.) / ({CC_CENTRE}. - ($f1 >= {CC_CENTRE}.))"
"""A control change as a value: 0 is -1, 64 exactly 0, 127 is 1 (there are 64 steps below the middle, 63 above)."""
CC_AWAY_EXPRESSION = f"expr $f1 / {SEVEN_BITS}. - 1."
"""The same for a stop that only takes away: 0 is -1, 127 is 0."""
EXPRESSION_WIDTH = 300


def knobs(content: PatchContent) -> MaxPatch:
    """An inlet per stop; every value, clamped, becomes `set <slug> <value>`."""
    block = _block(content, 8)
    patch = MaxPatch(LEFT + len(content.stops) * block, 240)
    outlet = patch.outlet(LEFT, 180, "messages to nn~")
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        value, clip = patch.inlet(x, TOP, stop.slug), _clip(patch, stop, x, 70)
        patch.chain([value, clip, patch.msg(x, 110, f"set {stop.slug} $1"), outlet])
    return patch


def controllers(content: PatchContent) -> MaxPatch:
    """One inlet for a scene's name; receives MIDI and OSC too. An outlet per stop, to its dial."""
    block, count = max(_block(content, 10), EXPRESSION_WIDTH), len(content.stops)
    scenes_bottom = TOP + 190 + ROW * len(content.scenes())
    patch = MaxPatch(max(LEFT + count * block, 700), scenes_bottom + 380)
    apart = _scenes(patch, content, scenes_bottom)
    receiver = patch.obj(LEFT, scenes_bottom + 40, f"udpreceive {OSC_PORT}", 1, [MESSAGE])
    addresses = "route " + " ".join(content.address(stop) for stop in content.stops)
    route = patch.obj(LEFT, scenes_bottom + 70, addresses, 1 + count, [MESSAGE] * (count + 1))
    patch.connect(receiver, 0, route, 0)
    for index, stop in enumerate(content.stops):
        x = LEFT + index * block
        clip = _clip(patch, stop, x, scenes_bottom + 250)
        patch.connect(clip, 0, patch.outlet(x, scenes_bottom + 300, stop.slug), 0)
        patch.connect(apart, index, clip, 0)
        patch.connect(route, index, clip, 0)
        controller = content.controller(stop)
        if controller is not None:
            received = patch.obj(x, scenes_bottom + 120, f"ctlin {controller}", 1, ["int", "int"])
            words = CC_EXPRESSION if stop.maximum > 0 else CC_AWAY_EXPRESSION
            patch.chain([received, patch.obj(x, scenes_bottom + 160, words, 1, [MESSAGE]), clip])
    return patch


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
