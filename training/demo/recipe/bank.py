"""The shipped bank: the same `find` as the user's, on more recordings of the corpus than are shipped.

The stops are fitted on phrases that neither the judge nor any figure hears.

    python -m training.demo.recipe.bank --corpus runs/demo/corpus --rave training/demo/rave.ts
"""

import json
import multiprocessing
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from drawstop.base.audio_files import list_audio, write_audio
from training.demo.recipe.timbres import TARGETS
from training.find import FindOptions, find_stop
from training.gate_fit import GateOptions
from training.make_bank import train_latent_sae
from training.models.rave import RaveModel
from training.recordings import load
from training.sae.files import load_sae, save_sae
from training.stops import Stop, StopBank, save_bank

PHRASES = 32
"""Phrases 0..31; the judge learns from 48..95, the figures use the test phrases."""

SAE_FEATURES = 1024
SAE_STEPS = 3000
SAE_PHRASES = 10
OPTIONS = FindOptions(
    on_steps=150, mixtures=400, gates=GateOptions(channels=128, off_steps=1200, on_steps=1500)
)


def write_clips(corpus: Path, out: Path, phrases: int) -> None:
    """Phrases of every timbre that isn't held out, as `label/PP@timbre.wav`."""
    labels = {"guitar": "guitar", "voice": "voice", "other": "neither"}
    index = json.loads((corpus / "index.json").read_text())
    for timbre in index["timbres"]:
        if timbre["held_out"]:
            continue
        clips = np.load(corpus / timbre["file"], mmap_mode="r")
        folder = out / labels[timbre["concept"]]
        folder.mkdir(parents=True, exist_ok=True)
        for phrase in range(phrases):
            audio = (np.asarray(clips[phrase], dtype=np.float32) / 32768)[None]
            write_audio(folder / f"{phrase:02d}@{timbre['name']}.wav", audio, index["sample_rate"])


def find_one(name: str, rave: Path, sae_folder: Path, recordings: Path, options: FindOptions) -> Stop:
    """One stop, on one thread: runs in a process of its own."""
    torch.set_num_threads(1)
    seen = ""

    def report(what: str, done: int, total: int) -> None:
        nonlocal seen
        if what != seen or done % 200 == 0:
            print(f"{name}: {what} {done}/{total}", flush=True)
        seen = what

    without = [path for label in ("guitar", "voice", "neither") if label != name
               for path in list_audio(recordings / label)]  # fmt: skip
    with_paths = list_audio(recordings / name)
    return find_stop(RaveModel(rave), load_sae(sae_folder), name, with_paths, without, options, report)


def make_demo_bank(corpus: Path, rave: Path, out: Path, seed: int, phrases: int = PHRASES) -> None:
    """Writes the shipped bank."""
    model = RaveModel(rave)
    with tempfile.TemporaryDirectory() as folder:
        recordings, sae_folder = Path(folder) / "recordings", Path(folder) / "sae"
        write_clips(corpus, recordings, phrases)
        heard = [path for path in list_audio(recordings) if int(path.name[:2]) < SAE_PHRASES]
        frames = [encoded(model, path) for path in heard]
        sae = train_latent_sae(model, frames, seed, SAE_STEPS, n_features=SAE_FEATURES)
        sae_folder.mkdir()
        save_sae(sae_folder, sae, sae.config, metadata={"site": "latent"})
        jobs = [
            (name, rave, sae_folder, recordings, replace(OPTIONS, seed=seed, like=f"*@{target}.wav"))
            for name, target in TARGETS.items()
        ]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            stops = pool.starmap(find_one, jobs, chunksize=1)
        provenance = {"seed": seed, "recordings": len(list_audio(recordings))}
    save_bank(out, StopBank(sae, tuple(stops), model.fingerprint, provenance=provenance))


def encoded(model: RaveModel, path: Path) -> torch.Tensor:
    """Latents `[latents, frames]` of a file."""
    return model.encode(load(path, model.rates.sample_rate, model.rates.channels).unsqueeze(0))[0]


def main(
    corpus: Annotated[Path, typer.Option()] = Path("runs/demo/corpus"),
    rave: Annotated[Path, typer.Option()] = Path("training/demo/rave.ts"),
    out: Annotated[Path, typer.Option()] = Path("training/demo/bank"),
    seed: Annotated[int, typer.Option()] = 0,
    phrases: Annotated[int, typer.Option(help="How many phrases of each timbre, 32 at most.")] = PHRASES,
) -> None:
    """Makes the shipped bank."""
    torch.set_num_threads(1)
    make_demo_bank(corpus, rave, out, seed, phrases)


if __name__ == "__main__":
    typer.run(main)
