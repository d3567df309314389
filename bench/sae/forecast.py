"""`drawstop plan`'s forecast against a small job that is then run: extraction, and training on what it wrote.

python -m bench.sae.forecast [MODEL] [--minutes 4] [--steps 400] [--rounds 3]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from bench import __file__ as here
from drawstop.audio.files import write_audio
from drawstop.units import size
from training.activations.streamed_frames import ModelFrames
from training.banks.train.forecast import Forecast, forecast, listed
from training.banks.train.train import TrainOptions, write_frames
from training.data.recordings import scan
from training.models.open import open_layered
from training.sae.config import SAEConfig
from training.sae.dataset import StoredFrames
from training.sae.train import train_sites

DEMO = Path(here).parents[1] / "training" / "demo" / "rave.ts"
RECORDINGS = 12
ROUNDS = 3


def main() -> None:
    """Forecast, run, and print the factors."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sae.forecast", description="Forecast against measured."
    )
    parser.add_argument("model", type=Path, nargs="?", default=DEMO, help="a RAVE or a MusicGen")
    parser.add_argument("--minutes", type=float, default=4.0, help="of sound")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = TrainOptions(SAEConfig(1, steps=arguments.steps))
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        sounds = write_sounds(Path(folder) / "sounds", arguments.model, arguments.minutes)
        for number in range(arguments.rounds):
            rounds.append(one_round(arguments.model, sounds, Path(folder) / f"frames{number}", options))
    show(rounds, arguments.model.name)


def write_sounds(folder: Path, model: Path, minutes: float) -> Path:
    """Noise of several lengths at the model's rate."""
    opened = open_layered(model)
    rng = np.random.default_rng(0)
    lengths = rng.uniform(0.5, 1.5, RECORDINGS)
    for i, length in enumerate(lengths / lengths.sum()):
        samples = int(length * minutes * 60 * opened.sample_rate)
        sound = 0.1 * rng.standard_normal((opened.channels, samples))
        write_audio(folder / f"{i}.wav", sound, opened.sample_rate)
    return folder


def one_round(model: Path, sounds: Path, out: Path, options: TrainOptions) -> tuple[Forecast, list[float]]:
    """A forecast, and what then were the extraction's and the training's seconds, and the store's bytes."""
    opened = open_layered(model)
    sites = list(opened.sites())[-1:] if "latent" not in opened.sites() else ["latent"]
    said = forecast(ModelFrames(opened, listed(sounds), sites), options, out)
    frames = ModelFrames(opened, scan(sounds), sites)
    start = time.perf_counter()
    stores = write_frames(frames, out)
    extracted = time.perf_counter()
    train_sites(StoredFrames(stores), options.config(opened.centred))
    trained = time.perf_counter()
    taken = float(sum(path.stat().st_size for path in out.rglob("*") if path.is_file()))
    return said, [extracted - start, trained - extracted, taken]


def show(rounds: list[tuple[Forecast, list[float]]], name: str) -> None:
    """The medians, and the worst factor either way."""
    table = Table("", "forecast", "measured", "measured / forecast, each round", "worst factor", title=name)
    forecasts = [
        [3600 * said.extraction_hours, 3600 * said.here.training_hours, float(said.store_bytes)]
        for said, _ in rounds
    ]
    rows = ("extraction, s", "SAE training, s", "frames on disk")
    for i, row in enumerate(rows):
        before, after = [each[i] for each in forecasts], [measured[i] for _, measured in rounds]
        ratios = [b / a for a, b in zip(before, after, strict=True)]
        a, b = statistics.median(before), statistics.median(after)
        forecast_text, measured_text = (
            (size(round(a)), size(round(b))) if i == 2 else (f"{a:.1f}", f"{b:.1f}")
        )
        worst = max(max(ratio, 1 / ratio) for ratio in ratios)
        table.add_row(
            row, forecast_text, measured_text, " ".join(f"{ratio:.2f}" for ratio in ratios), f"{worst:.2f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
