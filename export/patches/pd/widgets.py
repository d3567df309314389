"""Pd sub-patches that several patches share: gains with meters, a switch for the sound, the heading."""

from export.patches.content import OMP_HINT, PatchContent
from export.patches.pd.canvas import CHARACTER, PdCanvas

LEFT = 20
GAIN_LIMITS = (-60.0, 12.0)
GAIN_SIZE = (145, 16)
"""Two pixels a decibel."""
DECIBELS_OF_UNITY = 100
"""Pd's decibels: an amplitude of 1 is 100."""
RAMP_MS = 20
COMMENT = 92


def heading(canvas: PdCanvas, content: PatchContent, title: str, method: str = "forward") -> None:
    """Title, delay, rate and the hint about cores, at the top."""
    canvas.text(LEFT, 10, title, COMMENT)
    canvas.text(LEFT, 32, content.delay_line(method), COMMENT)
    canvas.text(LEFT, 54, content.rate_line, COMMENT)
    canvas.text(LEFT, 76, OMP_HINT, COMMENT)


def sound_switch(canvas: PdCanvas, x: int, y: int) -> None:
    """A toggle that turns Pd's sound on and off."""
    canvas.toggle(x, y + 2, "$0-sound", on=False, says=False)
    canvas.text(x + 26, y, "sound on / off")
    inside = PdCanvas(300, 150, "sound")
    inside.chain([inside.obj(LEFT, 20, "r $0-sound"), inside.msg(LEFT, 60, "; pd dsp $1")])
    canvas.subpatch(x + 150, y, inside)


def gain(name: str, channels: int) -> PdCanvas:
    """A gain in decibels, set by `gain_controls(name)`, and a level by `$0-<name>-level-<channel>`."""
    canvas = PdCanvas(max(420, 200 + 230 * channels), 280, f"{name}-gain")
    decibels = canvas.obj(LEFT, 20, f"r $0-{name}-number")
    both = canvas.obj(LEFT, 50, "t f f")
    pd_decibels = canvas.obj(LEFT, 80, f"+ {DECIBELS_OF_UNITY}")
    amplitude = canvas.obj(LEFT, 110, "dbtorms")
    packed = canvas.obj(LEFT, 140, f"pack 0 {RAMP_MS}")
    ramp = canvas.obj(LEFT, 170, "line~")
    canvas.chain([decibels, both, pd_decibels, amplitude, packed, ramp])
    silently, back = canvas.msg(LEFT, 210, "set $1"), canvas.obj(LEFT, 235, f"s $0-{name}-slider")
    canvas.connect(both, 1, silently, 0)
    canvas.connect(silently, 0, back, 0)
    for channel in range(channels):
        x = 180 + 230 * channel
        inlet = canvas.obj(x, 20, "inlet~")
        times = canvas.obj(x, 170, "*~")
        outlet = canvas.obj(x, 210, "outlet~")
        level = canvas.obj(x + 70, 80, "env~")
        full_scale = canvas.obj(x + 70, 110, f"- {DECIBELS_OF_UNITY}")
        show = canvas.obj(x + 70, 140, f"s $0-{name}-level-{channel}")
        canvas.chain([inlet, times, outlet])
        canvas.connect(ramp, 0, times, 1)
        canvas.connect(times, 0, level, 0)
        canvas.chain([level, full_scale, show])
    return canvas


def gain_controls(canvas: PdCanvas, x: int, y: int, name: str) -> None:
    """The slider and the number of `gain(name)`, in one row."""
    canvas.text(x, y - 2, f"{name} dB", 10)
    canvas.slider(x + 60, y, GAIN_SIZE, GAIN_LIMITS, send=f"$0-{name}-turned", receive=f"$0-{name}-slider")
    canvas.number(x + 215, y - 3, 6, GAIN_LIMITS, f"$0-{name}-turned", f"$0-{name}-number")


def converters(kind: str, channels: int) -> str:
    """`adc~` or `dac~` for one channel or two. A mono instrument plays to both sides.

    >>> converters("adc~", 1), converters("dac~", 2)
    ('adc~ 1', 'dac~ 1 2')
    """
    return (
        "adc~ 1"
        if kind == "adc~" and channels == 1
        else f"{kind} {' '.join(map(str, range(1, max(channels, 2) + 1)))}"
    )


def to_speakers(canvas: PdCanvas, source: int, channels: int, speakers: int) -> None:
    """Cords from a sound's outlets to `dac~`."""
    for side in range(max(channels, 2)):
        canvas.connect(source, min(side, channels - 1), speakers, side)


def box_width(text: str, ports: int, pixels_per_port: int = 10) -> int:
    """A width in characters for a box with that many inlets or outlets, so that cords stay apart."""
    return max(len(text), int(ports * pixels_per_port / CHARACTER))
