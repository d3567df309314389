"""The Pd help patches: each method at work, every inlet and outlet labelled."""

from collections.abc import Callable

from export.patches.content import EACH_BOX, PatchContent, listed
from export.patches.pd.canvas import CHARACTER, LINE, PdCanvas, wrapped
from export.patches.pd.subpatches import ONE_NUMBER, meters
from export.patches.pd.widgets import (
    LEFT,
    RAMP_MS,
    box_width,
    converters,
    heading,
    sound_switch,
    to_speakers,
)

TOP = 116
ROW = 32
PORT_PIXELS = 8
SLIDER = (129, 16)
NOTES = 42
"""Width in characters of the labels of a box's inlets and outlets."""
INFO = "nn~'s own messages"


def help_canvases(content: PatchContent, model: str) -> dict[str, PdCanvas]:
    """Every help patch by its name; `model` is the instrument's path from the help folder."""
    made: dict[str, Callable[[PatchContent, str], PdCanvas]] = {
        "forward": _forward,
        "play": _play,
        "encode-decode": _encode_decode,
        "steer": _steer,
        "listen": _listen,
    }
    return {name: make(content, model) for name, make in made.items()}


def _forward(content: PatchContent, model: str) -> PdCanvas:
    slug, text = content.stops[0].slug, f"nn~ {model} forward"
    messages = (f"set {slug} -1", f"set {slug} $1", "set ramp 0.5", "set bypass $1")
    column = int(CHARACTER * max(map(len, messages))) + 40
    wide = LEFT + 120 + column * len(messages)
    canvas, sound = _start(content, "forward", "audio in, audio out. Messages set the stops", wide, 10)
    box = canvas.obj(LEFT, TOP + 7 * ROW, text)
    for channel in range(content.description.channels_in):
        canvas.connect(sound, channel, box, channel)
    for index, words in enumerate(messages):
        x = LEFT + 120 + column * index
        message = canvas.msg(x, TOP + 4 * ROW, words)
        canvas.connect(message, 0, box, 0)
        if words == "set bypass $1":
            canvas.connect(canvas.toggle(x, TOP + 3 * ROW, "empty", on=False, says=False), 0, message, 0)
        elif words.endswith("$1"):
            canvas.connect(canvas.number(x, TOP + 3 * ROW, 6, (-1, 1), "-", "-"), 0, message, 0)
    _ports(canvas, content, "forward", TOP + 7 * ROW, len(text))
    _speakers(canvas, box, len(content.method("forward").outlets), TOP + 9 * ROW)
    return canvas


def _play(content: PatchContent, model: str) -> PdCanvas:
    rows = len(content.stops)
    canvas, sound = _start(content, "play", "audio and a signal per stop in, audio out", 820, 8 + rows)
    y = TOP + (4 + rows) * ROW
    text = f"nn~ {model} play"
    width = box_width(text, len(content.method("play").inlets), PORT_PIXELS)
    box = canvas.obj(LEFT, y, text, width)
    channels = content.description.channels_in
    for channel in range(channels):
        canvas.connect(sound, channel, box, channel)
    _stop_signals(canvas, content, box, channels, (LEFT + 160, TOP + 3 * ROW))
    _ports(canvas, content, "play", y, width)
    _speakers(canvas, box, len(content.method("play").outlets), y + 2 * ROW)
    return canvas


def _encode_decode(content: PatchContent, model: str) -> PdCanvas:
    latents = len(content.method("encode").outlets)
    width = box_width(f"nn~ {model} encode", latents + 1, PORT_PIXELS)
    wide = int(CHARACTER * width) + 400
    canvas, sound = _start(content, "encode", "audio to latents, decode: latents to audio", wide, 10)
    canvas.text(LEFT + 360, TOP + ROW, EACH_BOX)
    encode = canvas.obj(LEFT, TOP + 3 * ROW, f"nn~ {model} encode", width)
    decode = canvas.obj(LEFT, TOP + 7 * ROW, f"nn~ {model} decode", width)
    for channel in range(content.description.channels_in):
        canvas.connect(sound, channel, encode, channel)
    for latent in range(latents):
        canvas.connect(encode, latent, decode, latent)
    _ports(canvas, content, "encode", TOP + 3 * ROW, width)
    _ports(canvas, content, "decode", TOP + 7 * ROW, width)
    _speakers(canvas, decode, len(content.method("decode").outlets), TOP + 10 * ROW)
    return canvas


def _steer(content: PatchContent, model: str) -> PdCanvas:
    latents, stops = len(content.method("encode").outlets), len(content.stops)
    ports = len(content.method("steer").inlets)
    width = box_width(f"nn~ {model} encode", ports + 1, PORT_PIXELS)
    wide = max(int(CHARACTER * width) + 400, 860)
    canvas, sound = _start(
        content, "steer", "latents and a signal per stop in, latents out", wide, 14 + stops
    )
    canvas.text(LEFT + 360, TOP + ROW, EACH_BOX)
    encode = canvas.obj(LEFT, TOP + 3 * ROW, f"nn~ {model} encode", width)
    y = TOP + (6 + stops) * ROW
    steer = canvas.obj(LEFT, y, f"nn~ {model} steer", width)
    decode = canvas.obj(LEFT, y + 4 * ROW, f"nn~ {model} decode", width)
    for channel in range(content.description.channels_in):
        canvas.connect(sound, channel, encode, channel)
    for latent in range(latents):
        canvas.connect(encode, latent, steer, latent)
        canvas.connect(steer, latent, decode, latent)
    _stop_signals(canvas, content, steer, latents, (int(LEFT + CHARACTER * width) + 40, TOP + 5 * ROW))
    _ports(canvas, content, "steer", y, width)
    _speakers(canvas, decode, len(content.method("decode").outlets), y + 6 * ROW)
    return canvas


def _listen(content: PatchContent, model: str) -> PdCanvas:
    text, stops = f"nn~ {model} listen", len(content.stops)
    width = box_width(text, stops + 1, PORT_PIXELS)
    wide = max(int(CHARACTER * width) + 400, 760)
    canvas, sound = _start(
        content, "listen", "audio in, a signal per stop out: 0..1, how strongly it sounds", wide, 9 + stops
    )
    box = canvas.obj(LEFT, TOP + 3 * ROW, text, width)
    for channel in range(content.description.channels_in):
        canvas.connect(sound, channel, box, channel)
    shown = canvas.subpatch(LEFT, TOP + 5 * ROW, meters(content), width)
    for row, stop in enumerate(content.stops):
        y = TOP + (7 + row) * ROW
        canvas.connect(box, row, shown, row)
        canvas.number(LEFT, y, 8, (0, 0), f"$0-{stop.slug}-level", "empty")
        canvas.text(LEFT + 80, y, stop.slug)
    _ports(canvas, content, "listen", TOP + 3 * ROW, width)
    return canvas


def _start(content: PatchContent, method: str, words: str, wide: int, rows: int = 12) -> tuple[PdCanvas, int]:
    """A window with its heading, the switch for the sound, and `adc~`."""
    canvas = PdCanvas(max(wide, LEFT + 720), TOP + (rows + 2) * ROW)
    heading(canvas, content, f"nn~ {content.file} {method}: {words}", method)
    sound_switch(canvas, LEFT + 360, TOP)
    return canvas, canvas.obj(LEFT, TOP + ROW, converters("adc~", content.description.channels_in))


def _stop_signals(
    canvas: PdCanvas, content: PatchContent, box: int, first_inlet: int, position: tuple[int, int]
) -> None:
    """A slider per stop, smoothed into a signal: any other signal will do as well."""
    x, top = position
    beside = int(CHARACTER * max(len(f"pd signal-{stop.slug}") for stop in content.stops)) + 20
    for row, stop in enumerate(content.stops):
        y = top + row * ROW
        signal = canvas.subpatch(x, y, _smoothed(stop.slug))
        limits = (stop.minimum, stop.maximum)
        canvas.slider(x + beside, y + 3, SLIDER, limits, stop.default, send=f"$0-{stop.slug}")
        canvas.connect(signal, 0, box, first_inlet + row)


def _smoothed(slug: str) -> PdCanvas:
    canvas = PdCanvas(300, 240, f"signal-{slug}")
    boxes = (f"r $0-{slug}", ONE_NUMBER, f"pack 0 {RAMP_MS}", "line~", "outlet~")
    canvas.chain([canvas.obj(LEFT, 20 + ROW * row, words) for row, words in enumerate(boxes)])
    return canvas


def _ports(canvas: PdCanvas, content: PatchContent, method: str, y: int, width: int) -> None:
    """Label every inlet and outlet, to the right of the box."""
    described = content.method(method)
    x = int(LEFT + CHARACTER * width) + 30
    inlets = f"in: {listed(described.inlets)}"
    canvas.text(x, y - 8, inlets, NOTES)
    below = y - 4 + LINE * len(wrapped(inlets, NOTES))
    canvas.text(x, below, f"out: {listed((*described.outlets, INFO))}", NOTES)


def _speakers(canvas: PdCanvas, box: int, channels: int, y: int) -> None:
    to_speakers(canvas, box, channels, canvas.obj(LEFT, y, converters("dac~", channels)))
