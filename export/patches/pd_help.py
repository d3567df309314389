"""The Pd help patches: each method at work, every inlet and outlet labelled."""

from collections.abc import Callable, Sequence

from export.patches.pd_file import CHARACTER, PdCanvas
from export.patches.pd_parts import LEFT, box_width, converters, heading, sound_switch, to_speakers
from export.patches.plan import Plan, listed

TOP = 116
ROW = 32
PORT_PIXELS = 8
SLIDER = (129, 16)
GLIDE_MS = 20
INFO = "nn~'s own messages"


def help_canvases(plan: Plan, model: str) -> dict[str, PdCanvas]:
    """Every help patch by its name; `model` is the instrument's path from the help folder."""
    made: dict[str, Callable[[Plan, str], PdCanvas]] = {
        "forward": _forward,
        "play": _play,
        "encode-decode": _encode_decode,
        "steer": _steer,
        "listen": _listen,
    }
    return {name: make(plan, model) for name, make in made.items()}


def _forward(plan: Plan, model: str) -> PdCanvas:
    canvas, sound = _start(plan, "forward", "audio in, audio out; the stops are set by messages", 760)
    box = canvas.obj(LEFT, TOP + 9 * ROW, f"nn~ {model} forward")
    out = len(plan.method("forward").outlets)
    for channel in range(plan.description.channels_in):
        canvas.connect(sound, channel, box, channel)
    messages = [
        f"set {plan.stops[0].slug} -1",
        f"set {plan.stops[0].slug} $1",
        "set ramp 0.5",
        "set bypass $1",
    ]
    for row, words in enumerate(messages):
        message = canvas.msg(LEFT + 200, TOP + (row + 3) * ROW, words)
        canvas.connect(message, 0, box, 0)
        if "$1" in words:
            wire = f"$0-{words.split()[1]}"
            _number_or_switch(canvas, LEFT + 420, TOP + (row + 3) * ROW, wire, message)
    _ports(canvas, plan, "forward", TOP + 9 * ROW, len(f"nn~ {model} forward"))
    _speakers(canvas, box, out, TOP + 11 * ROW)
    return canvas


def _number_or_switch(canvas: PdCanvas, x: int, y: int, wire: str, message: int) -> None:
    if wire.endswith("bypass"):
        canvas.toggle(x, y, wire, on=False)
    else:
        canvas.number(x, y, 6, (-1, 1), "empty", wire)
    receive = canvas.obj(x + 70, y, f"r {wire}")
    canvas.connect(receive, 0, message, 0)


def _play(plan: Plan, model: str) -> PdCanvas:
    rows = len(plan.stops)
    canvas, sound = _start(plan, "play", "audio and a signal per stop in, audio out", 820, 8 + rows)
    y = TOP + (4 + rows) * ROW
    text = f"nn~ {model} play"
    width = box_width(text, len(plan.method("play").inlets), PORT_PIXELS)
    box = canvas.obj(LEFT, y, text, width)
    channels = plan.description.channels_in
    for channel in range(channels):
        canvas.connect(sound, channel, box, channel)
    _stop_signals(canvas, plan, box, channels, TOP + 3 * ROW)
    _ports(canvas, plan, "play", y, width)
    _speakers(canvas, box, len(plan.method("play").outlets), y + 2 * ROW)
    return canvas


def _encode_decode(plan: Plan, model: str) -> PdCanvas:
    latents = len(plan.method("encode").outlets)
    width = box_width(f"nn~ {model} encode", latents + 1, PORT_PIXELS)
    wide = int(CHARACTER * width) + 400
    canvas, sound = _start(plan, "encode", "audio to latents; nn~ decode: latents to audio", wide, 10)
    encode = canvas.obj(LEFT, TOP + 3 * ROW, f"nn~ {model} encode", width)
    decode = canvas.obj(LEFT, TOP + 7 * ROW, f"nn~ {model} decode", width)
    for channel in range(plan.description.channels_in):
        canvas.connect(sound, channel, encode, channel)
    for latent in range(latents):
        canvas.connect(encode, latent, decode, latent)
    _ports(canvas, plan, "encode", TOP + 3 * ROW, width)
    _ports(canvas, plan, "decode", TOP + 7 * ROW, width)
    _speakers(canvas, decode, len(plan.method("decode").outlets), TOP + 10 * ROW)
    return canvas


def _steer(plan: Plan, model: str) -> PdCanvas:
    latents, stops = len(plan.method("encode").outlets), len(plan.stops)
    ports = len(plan.method("steer").inlets)
    width = box_width(f"nn~ {model} encode", ports + 1, PORT_PIXELS)
    wide = max(int(CHARACTER * width) + 400, 860)
    canvas, sound = _start(plan, "steer", "latents and a signal per stop in, latents out", wide, 14 + stops)
    encode = canvas.obj(LEFT, TOP + 3 * ROW, f"nn~ {model} encode", width)
    y = TOP + (6 + stops) * ROW
    steer = canvas.obj(LEFT, y, f"nn~ {model} steer", width)
    decode = canvas.obj(LEFT, y + 4 * ROW, f"nn~ {model} decode", width)
    for channel in range(plan.description.channels_in):
        canvas.connect(sound, channel, encode, channel)
    for latent in range(latents):
        canvas.connect(encode, latent, steer, latent)
        canvas.connect(steer, latent, decode, latent)
    _stop_signals(canvas, plan, steer, latents, TOP + 5 * ROW)
    _ports(canvas, plan, "steer", y, width)
    _speakers(canvas, decode, len(plan.method("decode").outlets), y + 6 * ROW)
    return canvas


def _listen(plan: Plan, model: str) -> PdCanvas:
    text, stops = f"nn~ {model} listen", len(plan.stops)
    width = box_width(text, stops + 1, PORT_PIXELS)
    wide = max(int(CHARACTER * width) + 400, 760)
    canvas, sound = _start(
        plan, "listen", "audio in, a signal per stop out: 0..1, how strongly it sounds", wide, 8 + stops
    )
    box = canvas.obj(LEFT, TOP + 3 * ROW, text, width)
    for channel in range(plan.description.channels_in):
        canvas.connect(sound, channel, box, channel)
    clock = canvas.obj(LEFT + 300, TOP + ROW, "metro 50")
    opened = canvas.obj(LEFT + 200, TOP + ROW, "loadbang")
    canvas.connect(opened, 0, clock, 0)
    for row, stop in enumerate(plan.stops):
        y = TOP + (6 + row) * ROW
        look = canvas.obj(LEFT, y, "snapshot~")
        shown = canvas.obj(LEFT + 120, y, f"s $0-{stop.slug}")
        canvas.number(LEFT + 330, y, 8, (0, 0), f"$0-{stop.slug}", "empty")
        canvas.text(LEFT + 410, y, stop.slug)
        canvas.connect(box, row, look, 0)
        canvas.connect(clock, 0, look, 0)
        canvas.connect(look, 0, shown, 0)
    _ports(canvas, plan, "listen", TOP + 3 * ROW, width)
    return canvas


def _start(plan: Plan, method: str, words: str, wide: int, rows: int = 12) -> tuple[PdCanvas, int]:
    """A window with its heading, the switch for the sound, and `adc~`."""
    canvas = PdCanvas(max(wide, LEFT + 720), TOP + (rows + 2) * ROW)
    heading(canvas, plan, f"nn~ {plan.file} {method}: {words}", method)
    sound_switch(canvas, LEFT + 360, TOP)
    return canvas, canvas.obj(LEFT, TOP + ROW, converters("adc~", plan.description.channels_in))


def _stop_signals(canvas: PdCanvas, plan: Plan, box: int, first_inlet: int, top: int) -> None:
    """A slider per stop, smoothed into a signal: any other signal will do as well."""
    for row, stop in enumerate(plan.stops):
        y = top + row * ROW
        canvas.slider(LEFT, y + 3, SLIDER, (stop.minimum, stop.maximum), stop.default, send=f"$0-{stop.slug}")
        value = canvas.obj(LEFT + 150, y, f"r $0-{stop.slug}")
        packed = canvas.obj(LEFT + 400, y, f"pack 0 {GLIDE_MS}")
        glide = canvas.obj(LEFT + 500, y, "line~")
        canvas.text(LEFT + 570, y, stop.slug)
        canvas.chain([value, packed, glide])
        canvas.connect(glide, 0, box, first_inlet + row)


def _ports(canvas: PdCanvas, plan: Plan, method: str, y: int, width: int) -> None:
    """What every inlet and outlet is, to the right of the box."""
    described = plan.method(method)
    x = int(LEFT + CHARACTER * width) + 30
    canvas.text(x, y - 8, f"in: {listed(described.inlets)}", 42)
    canvas.text(
        x, y + 10 + 17 * _extra_rows(described.inlets), f"out: {listed((*described.outlets, INFO))}", 42
    )


def _extra_rows(labels: Sequence[str]) -> int:
    return len(listed(labels)) // 36


def _speakers(canvas: PdCanvas, box: int, channels: int, y: int) -> None:
    to_speakers(canvas, box, channels, canvas.obj(LEFT, y, converters("dac~", channels)))
