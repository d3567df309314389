"""Measures whether a change during playing clicks: the channel strip's parameters, and swaps.

    python -m bench.live.transitions

A chord of three sines has nothing above 5 kHz; a click has. Beside each change, the same one over 200 ms.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription, MethodDescription
from realtime.engine import channel_strip
from realtime.engine import performance as performance_module
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_file import load
from realtime.engine.instrument_player import Player
from realtime.engine.parameters import BYPASS, INPUT_GAIN, MUTE, OUTPUT_GAIN, WET
from realtime.engine.performance import Performance

Audio = npt.NDArray[np.float32]

RATE, BLOCK, SECONDS = 44100, 512, 3.0
HIGH_HZ, WINDOW_S = 5000.0, 0.005
SLOW_S = 0.2
START = 20 * BLOCK
"""Samples before this aren't measured: parameters move to where a transition begins."""
CHANGE_AT = 130 * BLOCK + 77
"""Lies in the middle, where the analysis window is open."""


class Filter(torch.nn.Module):
    """A first-order low-pass: an instrument whose sound differs from its input's, with nothing random in it."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.past = torch.zeros(1, 1, 32)

    @torch.jit.export
    def play(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.past, x], dim=2)
        self.past = joined[:, :, -32:]
        return self.gain * joined.unfold(2, 33, 1).mean(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.play(x)

    @torch.jit.export
    def set_reset(self, value: int) -> int:
        self.past = torch.zeros(1, 1, 32)
        return 0


@dataclass(frozen=True)
class Transition:
    """A change at `CHANGE_AT`, made by events or by a swap."""

    name: str
    before: tuple[ControlEvent, ...] = ()
    change: tuple[ControlEvent, ...] = ()
    swap: bool = False


def movement(slug: str, value: float, at: int = CHANGE_AT) -> tuple[ControlEvent, ...]:
    """The movement of one parameter."""
    return (ControlEvent(at, slug, value, "bench"),)


TRANSITIONS = (
    Transition("bypass on", change=movement(BYPASS.slug, 1.0)),
    Transition("bypass off", before=movement(BYPASS.slug, 1.0, 0), change=movement(BYPASS.slug, 0.0)),
    Transition("mute on (panic)", change=movement(MUTE.slug, 1.0)),
    Transition("mute off", before=movement(MUTE.slug, 1.0, 0), change=movement(MUTE.slug, 0.0)),
    Transition("wet to dry", change=movement(WET.slug, 0.0)),
    Transition(
        "input gain -60 to +6 dB",
        before=movement(INPUT_GAIN.slug, -60.0, 0),
        change=movement(INPUT_GAIN.slug, 6.0),
    ),
    Transition("output gain 0 to -20 dB", change=movement(OUTPUT_GAIN.slug, -20.0)),
    Transition("another instrument", swap=True),
)


def main() -> None:
    """Measure and print the table."""
    argparse.ArgumentParser(
        prog="python -m bench.live.transitions", description=(__doc__ or "").split("\n")[0]
    ).parse_args()
    torch.set_num_threads(1)
    table = Table("change", "above 5 kHz, dBFS", "over 200 ms", "largest 2nd difference", "over 200 ms")
    with tempfile.TemporaryDirectory() as folder:
        paths = save_filters(Path(folder))
        for transition in TRANSITIONS:
            row = [transition.name]
            sounds = [played(transition, paths, slow=slow) for slow in (False, True)]
            for measure in (high_energy_db, bend_db):
                row += [f"{measure(sound):.1f}" for sound in sounds]
            table.add_row(*row)
    Console().print(table)


def save_filters(folder: Path) -> tuple[Path, Path]:
    """Two instruments of different level."""
    paths = (folder / "a.ts", folder / "b.ts")
    for path, gain in zip(paths, (1.0, -0.4), strict=True):
        scripted = torch.jit.script(Filter(gain).eval())
        play = MethodDescription("play", ("sound",), 1, ("sound",), 1, 16)
        description = InstrumentDescription(path.stem, "1", RATE, 1, 1, 64, 1, 16, (), (play,), "", "")
        torch.jit.save(scripted, str(path), _extra_files={EXTRA_FILE: description.to_json()})
    return paths


def played(transition: Transition, paths: tuple[Path, Path], slow: bool = False) -> Audio:
    """The chord through the change, the start cut off. `[samples]`"""
    smoothing_s, fade_s = channel_strip.SMOOTHING_S, performance_module.FADE_S
    if slow:
        channel_strip.SMOOTHING_S = performance_module.FADE_S = SLOW_S
    try:
        first, second = (load(path) for path in paths)
        performance = Performance(first.description, Player(first), BLOCK)
        performance.prepare()
        performance.schedule((*transition.before, *transition.change))
        if transition.swap:
            player = Player(second)
            player.prepare(BLOCK)
            performance.swap(second.description, player, fade_at=CHANGE_AT)
        blocks = []
        sound = chord()
        for start in range(0, len(sound) // BLOCK * BLOCK, BLOCK):
            performance.submit(sound[None, start : start + BLOCK])
            block = performance.collect()
            assert block is not None
            blocks.append(block.audio[0])
    finally:
        channel_strip.SMOOTHING_S, performance_module.FADE_S = smoothing_s, fade_s
    sound_played: Audio = np.concatenate(blocks)[START:]
    return sound_played


def chord(rate: int = RATE, seconds: float = SECONDS) -> Audio:
    """220, 440 and 1250 Hz, peak under .5. `[samples]`"""
    times = np.arange(round(rate * seconds)) / rate
    parts = [np.sin(2 * np.pi * hz * times + hz) / n for n, hz in enumerate((220.0, 440.0, 1250.0), 2)]
    sound: Audio = (0.4 * np.sum(parts, axis=0)).astype(np.float32)
    return sound


def high_energy_db(sound: Audio, rate: int = RATE) -> float:
    """The loudest 5 ms of what lies above 5 kHz, dBFS. `[samples]`"""
    spectrum = np.fft.rfft(sound * np.hanning(len(sound)))
    spectrum[: int(HIGH_HZ / rate * len(sound))] = 0.0
    high = np.fft.irfft(spectrum, len(sound))
    size = int(WINDOW_S * rate)
    windows = high[: len(high) // size * size].reshape(-1, size)
    return float(10 * np.log10(np.maximum((windows**2).mean(axis=1), 1e-20)).max())


def bend_db(sound: Audio) -> float:
    """The largest second difference, dB of full scale. `[samples]`"""
    return float(20 * np.log10(np.abs(np.diff(sound.astype(np.float64), 2)).max()))


if __name__ == "__main__":
    main()
