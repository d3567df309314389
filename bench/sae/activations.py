"""Frames of a MusicGen's layers: all layers in one pass against one pass a layer, in turns, in one run; and the shuffle buffer.

python -m bench.sae.activations MODEL [--seconds 10] [--rounds 5] [--device cpu]
"""

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from drawstop.audio_files import write_audio
from drawstop.units import size
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import scan
from training.models.musicgen.layer_model import MusicGenLayers
from training.models.open import open_musicgen
from training.sae.dataset import Batches

BATCH = 256
BUFFER_FRAMES = 4096
RECORDINGS = 12


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.sae.activations", description="What frames cost.")
    parser.add_argument("model", type=Path, help="a MusicGen's folder, or its name on the hub")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound per pass")
    parser.add_argument("--rounds", type=int, default=5, help="passes of each kind")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    model = MusicGenLayers(open_musicgen(arguments.model, arguments.device))
    console = Console()
    console.print(passes(model, arguments.seconds, arguments.rounds))
    with tempfile.TemporaryDirectory() as folder:
        console.print(buffer(model, Path(folder), arguments.seconds))


def passes(model: MusicGenLayers, seconds: float, rounds: int) -> Table:
    """All layers in one pass and one pass a layer, in turns; frames count once however many layers there are."""
    sites, times = list(model.sites()), dict[str, list[float]]()
    generator = torch.Generator().manual_seed(0)
    audio = 0.1 * torch.randn(1, model.channels, int(seconds * model.sample_rate), generator=generator)
    frames = model.frames(audio, sites[:1])[sites[0]].shape[-1]
    clock = time.process_time if model.musicgen.device == "cpu" else time.perf_counter
    for _ in range(rounds):
        for name, groups in (
            ("all layers in one pass", [sites]),
            ("one pass a layer", [[site] for site in sites]),
        ):
            start = clock()
            for group in groups:
                found = model.frames(audio, group)
                _ = float(found[group[-1]].sum())  # waits for an accelerator
            times.setdefault(name, []).append(clock() - start)
    width = next(iter(model.sites().values())).width
    title = f"{len(sites)} layers of {width}, {frames} frames a pass, {model.musicgen.device} (*: on a CPU, CPU time)"
    table = Table("", "median s*", "frames/s", "frames x layers / s", "held at once", title=title)
    for name, values in times.items():
        median = statistics.median(values)
        held = frames * width * 4 * (len(sites) if name.startswith("all") else 1)
        table.add_row(
            name, f"{median:.3f}", f"{frames / median:.0f}", f"{frames * len(sites) / median:.0f}", size(held)
        )
    return table


def buffer(model: MusicGenLayers, folder: Path, seconds: float) -> Table:
    """The shuffle buffer as stated, and by how much the process grew while it was filled three times over."""
    for i in range(RECORDINGS):
        noise = np.random.default_rng(i).standard_normal((model.channels, int(seconds * model.sample_rate)))
        write_audio(folder / f"{i}.wav", 0.1 * noise, model.sample_rate)
    frames = ModelFrames(model, scan(folder), ["all"])
    frames.piece(0)  # the model's own memory is taken before
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held = min(BUFFER_FRAMES, sum(map(len, frames.pieces("train"))) - 1)
    batches = Batches(frames, BATCH, 0, held)
    for step in range(3 * batches.shuffled.held // BATCH):
        for _ in batches.batch(step):
            pass
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    table = Table("frames", "sites", "stated", "held", "peak of the process grew by", title="shuffle buffer")
    stated = batches.shuffled.held * sum(frames.widths.values()) * 4
    table.add_row(
        str(batches.shuffled.held),
        str(len(frames.widths)),
        size(stated),
        size(batches.buffer_bytes),
        size(grown),
    )
    return table


if __name__ == "__main__":
    main()
