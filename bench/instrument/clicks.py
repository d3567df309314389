"""Measures whether a knob clicks: a jump from -1 to +1 beside the same change over 200 ms, and how soon it sounds.

python -m bench.instrument.clicks [--instrument X.ts] [--recording in.wav]
"""

import argparse
import tempfile
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from bench.instrument.__main__ import BLOCK, DEMO
from drawstop.audio.files import read_audio
from export.instrument.bake import script
from training.banks.bank import load_bank
from training.models.rave.model import RaveModel

WINDOW_S = 0.005
FLOOR_DB = -90.0
AROUND_S = 0.3
JUMPS = range(20, 120, 5)
"""Blocks at which the knob jumps, one run each."""
AUDIBLE = 1e-5


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.instrument.clicks", description="Whether a knob clicks."
    )
    parser.add_argument("--instrument", type=Path, help="a baked one; the demo's by default")
    parser.add_argument("--recording", type=Path, default=DEMO / "performance.flac")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.instrument or _demo(Path(folder))
        instrument = torch.jit.load(str(path)).eval()  # type: ignore[no-untyped-call]
    rate = int(instrument.get_sample_rate())
    audio = torch.from_numpy(read_audio(arguments.recording, rate, int(instrument.forward_params[0]))[0])
    table = Table(
        "stop", "ramp s", "above both steady states, dB: median, worst", "2nd difference, dB", "sounds after"
    )
    for slug in instrument.stop_slugs:
        jumps = {
            ramp: [_jump(instrument, slug, ramp, audio, at, rate) for at in JUMPS]
            for ramp in (0.0, 0.02, 0.2)
        }
        for ramp, results in jumps.items():
            excess = torch.tensor([each[0] for each in results])
            bend = torch.tensor([each[1] / bare[1] for each, bare in zip(results, jumps[0.0], strict=True)])
            delay = torch.tensor([float(each[2]) for each in results])
            table.add_row(
                slug,
                f"{ramp:g}",
                f"{excess.median():+.1f}, {excess.max():+.1f}",
                f"{20 * bend.median().log10():+.1f}, {20 * bend.max().log10():+.1f}",
                f"{delay.median():.0f} samples",
            )
    console = Console()
    console.print(table)
    console.print(
        f"{len(JUMPS)} jumps from -1 to +1 at block boundaries ({BLOCK} samples). Energy in windows of "
        f"{1000 * WINDOW_S:.0f} ms, {AROUND_S} s around the jump, floor {FLOOR_DB:.0f} dB; second difference beside the jump "
        "without a ramp; sounds after: from the boundary to the first sample that differs."
    )


def _demo(folder: Path) -> Path:
    model = RaveModel(DEMO / "rave.ts")
    path = folder / "demo.ts"
    torch.jit.save(script(model, [load_bank(DEMO / "bank", model.fingerprint)]), str(path))
    return path


@torch.inference_mode()
def _play(instrument: torch.jit.ScriptModule, audio: Tensor, slug: str, values: dict[int, float]) -> Tensor:
    """The recording with a stop set at some blocks. `[channels, samples]` -> `[samples]`, the first channel."""
    instrument.set_noise(0)
    instrument.set_reset(1)
    out = []
    for index, block in enumerate(torch.split(audio, BLOCK, -1)):
        if block.shape[-1] == BLOCK:
            if index in values:
                getattr(instrument, f"set_{slug}")(values[index])
            out.append(instrument(block.unsqueeze(0))[0, 0].clone())
    getattr(instrument, f"set_{slug}")(0.0)
    return torch.cat(out)


def _jump(
    instrument: torch.jit.ScriptModule, slug: str, ramp: float, audio: Tensor, at: int, rate: int
) -> tuple[float, float, int]:
    """Energy above both steady states in dB, the largest second difference, and samples until the sound changes."""
    instrument.set_ramp(ramp)
    sound = audio[:, max(0, at - 20) * BLOCK : (at + 20) * BLOCK]
    block = min(at, 20)
    low, high, jumped = (
        _play(instrument, sound, slug, values) for values in ({0: -1.0}, {0: 1.0}, {0: -1.0, block: 1.0})
    )
    start = block * BLOCK
    near = slice(start, start + int(AROUND_S * rate))
    band = torch.maximum(_energy_db(low[near], rate), _energy_db(high[near], rate))
    excess = (_energy_db(jumped[near], rate) - band).max()
    bend = jumped[near].diff(n=2).abs().max()
    differs = (jumped - low).abs() > AUDIBLE
    delay = int(differs.nonzero()[0]) - start if bool(differs.any()) else 0
    return float(excess), float(bend), delay


def _energy_db(sound: Tensor, rate: int) -> Tensor:
    windows = sound.unfold(0, int(WINDOW_S * rate), int(WINDOW_S * rate))
    return (10 * windows.square().mean(1).clamp(min=1e-12).log10()).clamp(min=FLOOR_DB)


if __name__ == "__main__":
    main()
