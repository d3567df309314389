"""Every step from recordings to steered music on a MusicGen of small's dimensions: `python -m bench.musicgen.at_size`.

The weights are random (no checkpoint can be had where we test), so what it does means nothing; time and memory do. A table is in
the place of the T5. Each row is a command, its wall time, CPU time and the most memory that its process held.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from drawstop.audio.files import write_audio

RATE, CODEBOOKS, CARD = 32000, 4, 2048
WIDTH, LAYERS, HEADS, HIDDEN_SCALE = 1024, 24, 16, 4
LONGEST_SECONDS = 30
SECONDS = 10.0
"""Length of each recording."""
SEANET = {
    "dimension": 128, "n_filters": 64, "n_residual_layers": 1, "ratios": [8, 5, 4, 4], "norm": "weight_norm",
    "residual_kernel_size": 3, "kernel_size": 7, "last_kernel_size": 7, "lstm": 2, "encoder": {}, "decoder": {},
}  # fmt: skip
"""As EnCodec's 32 kHz model for MusicGen is configured."""


def write_model(folder: Path) -> None:
    """A random model's folder, in a process of its own, which gives its memory back."""
    code = (
        f"import sys; from pathlib import Path; from {__spec__.name} import build; build(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, folder], check=True)


def build(folder: Path) -> None:
    """Write the two files that audiocraft reads."""
    import torch
    from audiocraft.utils.export import export_encodec, export_lm
    from omegaconf import OmegaConf

    from training.models.musicgen.audiocraft_config import (
        LanguageModelSizes,
        encodec_config,
        language_model_config,
    )
    from training.models.musicgen.loading import import_audiocraft, without_warnings
    from training.recipes.musicgen.network.export import ENCODEC_FILE, LANGUAGE_MODEL_FILE, export_weights

    builders = import_audiocraft().builders
    sizes = LanguageModelSizes(RATE, LONGEST_SECONDS, CODEBOOKS, CARD, WIDTH, HEADS, LAYERS, HIDDEN_SCALE)
    lut = {"description": {"model": "lut", "lut": {"n_bins": 64, "dim": WIDTH, "tokenizer": "noop"}}}
    initial = {"weight_init": "gaussian", "depthwise_init": "current", "zero_bias_init": True}
    lm = language_model_config(sizes, initial, 0.1, lut)
    encodec = encodec_config(RATE, SEANET, {"n_q": CODEBOOKS, "bins": CARD, "kmeans_init": False})
    folder.mkdir()
    torch.manual_seed(0)
    with without_warnings():
        first = builders.get_compression_model(OmegaConf.create(encodec)).state_dict()
        export_weights(first, encodec, export_encodec, folder / ENCODEC_FILE)
        second = builders.get_lm_model(OmegaConf.create(lm)).state_dict()
        export_weights(second, lm, export_lm, folder / LANGUAGE_MODEL_FILE)


def write_recordings(folder: Path, each: int) -> None:
    """Low and high tones with noise, in `with` and `without`."""
    time_s = np.arange(int(SECONDS * RATE)) / RATE
    for kind, (name, octave) in enumerate((("with", 1), ("without", 4))):
        for i in range(each):
            rng = np.random.default_rng((kind, i))
            tone = 0.3 * np.sin(2 * np.pi * octave * rng.uniform(100, 200) * time_s)
            noise = 0.02 * rng.standard_normal(len(time_s))
            write_audio(folder / name / f"{i}.wav", (tone + noise)[None].astype(np.float32), RATE)


@dataclass(frozen=True)
class Step:
    """One command, and what it took: seconds of the clock and of a core, and gigabytes at most."""

    name: str
    wall_s: float
    cpu_s: float
    peak_gb: float
    said: str


def run(name: str, *arguments: object) -> Step:
    """Run `drawstop` with these arguments on one thread, and measure it."""
    command = [sys.executable, "-m", "drawstop", *map(str, arguments)]
    begin = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, env=os.environ | {"OMP_NUM_THREADS": "1"})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        said.seek(0)
        text = said.read().decode()
    cpu_s = usage.ru_utime + usage.ru_stime
    return Step(name, time.monotonic() - begin, cpu_s, usage.ru_maxrss * 1024 / 1e9, text)


def main() -> None:
    """Print each step as it ends, then the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.musicgen.at_size", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--recordings", type=int, default=10, help="with the concept, and as many without")
    parser.add_argument("--seconds", type=float, default=5.0, help="of the music that is made")
    arguments = parser.parse_args()
    console, steps = Console(), list[Step]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, banks, music = folder / "random-small", folder / "banks", folder / "music.wav"
        write_model(model)
        write_recordings(folder / "sounds", arguments.recordings)
        kinds = ("--with", folder / "sounds" / "with", "--without", folder / "sounds" / "without")
        small = ("--features", 512, "--steps", 1000, "--k", 16, "--stream")
        commands: list[tuple[str, tuple[object, ...]]] = [
            ("plan, one layer", ("plan", model, folder / "sounds", "--site", "layers.12", *small, "--out", folder)),
            (
                "plan, a knob",
                ("plan", model, *kinds, "--pieces", 0, "--layers", 1, "--device", "cpu"),
            ),
            ("layers, raw frames of 24", ("layers", model, *kinds, "--device", "cpu")),
            (
                "find, from recordings to a stop",
                ("find", banks, "tone", *kinds, "--model", model, "--pieces", 0, "--layers", 1, "--device", "cpu"),
            ),
            (
                "musicgen, steered and not",
                ("musicgen", model, "--bank", banks, "--prompt", "a", "--set", "tone=1",
                 "--seconds", arguments.seconds, "-o", music, "--device", "cpu"),
            ),
        ]  # fmt: skip
        for step_name, given in commands:
            step = run(step_name, *given)
            steps.append(step)
            console.print(
                f"{step_name}: {step.wall_s:.0f} s, {step.cpu_s:.0f} CPU-s, {step.peak_gb:.1f} GB; load "
                f"{os.getloadavg()[0]:.1f}\n{step.said}",
                style="dim",
            )
    table = Table("step", "wall, s", "CPU, s", "memory, GB", title="MusicGen at small's size, random weights")
    for step in steps:
        table.add_row(step.name, f"{step.wall_s:.0f}", f"{step.cpu_s:.0f}", f"{step.peak_gb:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
