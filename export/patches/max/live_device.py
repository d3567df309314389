"""The Max for Live audio effect: `forward` between `plugin~` and `plugout~`, every stop a parameter to automate."""

from py2max import Box

from export.patches.content import PatchContent
from export.patches.max.patcher import MESSAGE, SIGNAL, MaxPatch
from export.patches.max.subpatches import knobs
from export.patches.max.widgets import connect_all, dial, heading, live_toggle, nn_box

LEFT = 20
PER_COLUMN = 3
"""A device in Live is 169 pixels high: three dials."""
CELL = (58, 52)
SIDE = 70
"""Width in pixels of the device's left part: its name and the bypass."""
TOP = 120


def live_device(content: PatchContent) -> MaxPatch:
    """The device as a patcher; `device_delay` is the delay that Live should compensate."""
    columns = -(-len(content.stops) // PER_COLUMN)
    patch = MaxPatch(900, TOP + 470, presentation=True)
    patch.patcher.devicewidth = float(SIDE + columns * CELL[0] + 8)
    heading(patch, content, f"{content.name}: a Max for Live audio effect, made with Drawstop")
    source = patch.obj(LEFT, TOP, "plugin~", 2, [SIGNAL, SIGNAL])
    forward = nn_box(patch, content, "forward", LEFT, TOP + 340)
    _input(patch, source, forward, content.description.channels_in)
    out = patch.obj(LEFT, TOP + 400, "plugout~", 2, [SIGNAL, SIGNAL])
    for side in range(2):
        patch.connect(forward, min(side, content.description.channels_out - 1), out, side)
    _bypass(patch, content, forward)
    _dials(patch, content, forward)
    patch.parameters["parameterbanks"] = _banks(patch)
    patch.parameters["inherited_shortname"] = 1
    return patch


def device_delay(content: PatchContent) -> int:
    """The delay that Live should compensate, in samples: the model's and that of nn~'s buffers."""
    return content.method("forward").delay_samples + content.buffer_delay


def _input(patch: MaxPatch, source: Box, forward: Box, channels: int) -> None:
    """Both channels, or their mean for a mono instrument."""
    if channels > 1:
        connect_all(patch, source, forward, 2)
        return
    both = patch.obj(LEFT, TOP + 40, "+~", 2, [SIGNAL])
    mean = patch.obj(LEFT, TOP + 80, "*~ 0.5", 2, [SIGNAL])
    connect_all(patch, source, both, 1)
    patch.connect(source, 1, both, 1)
    patch.chain([both, mean, forward])


def _bypass(patch: MaxPatch, content: PatchContent, forward: Box) -> None:
    shown = {"presentation": 1, "presentation_rect": [8.0, 36.0, 20.0, 20.0]}
    switch = live_toggle(patch, "Bypass", LEFT + 100, TOP, **shown)
    message = patch.msg(LEFT + 100, TOP + 300, "set bypass $1")
    patch.chain([switch, message, forward])
    labels = ((content.name, [8.0, 8.0, SIDE - 12.0, 20.0]), ("bypass", [30.0, 37.0, SIDE - 34.0, 18.0]))
    for row, (words, rect) in enumerate(labels):
        position = (LEFT + 130.0 + 100 * row, float(TOP), 90.0, 20.0)
        patch.ui("live.comment", position, 1, [], text=words, presentation=1, presentation_rect=rect)


def _dials(patch: MaxPatch, content: PatchContent, forward: Box) -> None:
    count = len(content.stops)
    setter = patch.subpatch(LEFT + 220, TOP + 300, "knobs", knobs(content), (count, 1), max(90, 16 * count))
    patch.connect(setter, 0, forward, 0)
    for index, stop in enumerate(content.stops):
        column, row = divmod(index, PER_COLUMN)
        rect = [float(SIDE + column * CELL[0]), float(6 + row * CELL[1]), 44.0, 48.0]
        knob = dial(
            patch, content, stop, LEFT + 100 + CELL[0] * column, TOP + 60 + 70 * row,
            presentation=1, presentation_rect=rect,
        )  # fmt: skip
        patch.connect(knob, 0, setter, index)


def _banks(patch: MaxPatch) -> dict[str, object]:
    """Banks of eight parameters, for hardware controllers."""
    names = [names[0] for names in patch.parameters.values()]
    banks = [names[first : first + 8] for first in range(0, len(names), 8)]
    return {
        str(index): {"index": index, "name": MESSAGE, "parameters": bank + ["-"] * (8 - len(bank))}
        for index, bank in enumerate(banks)
    }
