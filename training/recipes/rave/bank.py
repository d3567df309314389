"""The example RAVE's bank: the same `find` as the user's, on more recordings of the corpus than are shipped.

The stops are fitted on phrases that neither the classifiers nor the measurements use.

    python -m training.recipes.rave.bank --corpus runs/demo/corpus --rave training/demo/rave.ts
"""

import json
import multiprocessing
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from drawstop.audio.files import list_audio, write_audio
from drawstop.progress import Progress
from training.banks.bank import StopBank, save_bank
from training.banks.stop import Stop
from training.find.rave.encoded_recordings import concatenated, encode_file, encode_recordings
from training.find.rave.find import FindOptions, fit_stop
from training.find.rave.gate_fit import GateOptions
from training.find.rave.latent_sae import train_latent_sae
from training.models.rave.model import RaveModel
from training.recipes.corpus.timbres import TARGETS, TIMBRES
from training.sae.files.folder import load_sae, save_sae

PHRASES = 32
"""Phrases 0..31; the classifier learns from 48..95, the figures use the test phrases."""

NEITHER = "neither"
SAE_FEATURES = 1024
SAE_STEPS = 3000
SAE_PHRASES = 10
OPTIONS = FindOptions(
    on_steps=150,
    mixtures=400,
    gates=GateOptions(channels=128, off_steps=5000, on_steps=1500, bfloat16=True),
)


@dataclass(frozen=True)
class Cast:
    """The stops that are made, and the timbres for each.

    Attributes:
        targets: for each stop, the timbre that its +1 should sound like.
        labels: for each timbre, its stop or NEITHER; other timbres aren't used.
    """

    targets: Mapping[str, str]
    labels: Mapping[str, str]


DEMO = Cast(TARGETS, {t.name: t.concept if t.concept in TARGETS else NEITHER for t in TIMBRES})


def write_clips(corpus: Path, out: Path, phrases: range, labels: Mapping[str, str] = DEMO.labels) -> None:
    """Phrases of every timbre that isn't held out, as `label/PP@timbre.wav`."""
    index = json.loads((corpus / "index.json").read_text())
    for timbre in index["timbres"]:
        if timbre["held_out"] or timbre["name"] not in labels:
            continue
        clips = np.load(corpus / timbre["file"], mmap_mode="r")
        folder = out / labels[timbre["name"]]
        folder.mkdir(parents=True, exist_ok=True)
        for phrase in phrases:
            audio = (np.asarray(clips[phrase], dtype=np.float32) / 32768)[None]
            write_audio(folder / f"{phrase:02d}@{timbre['name']}.wav", audio, index["sample_rate"])


def encode_label(label: str, rave: Path, recordings: Path, seed: int) -> Path:
    """Every recording of a label and its variations as latents, kept in a file: both stops learn from them."""
    torch.set_num_threads(1)
    counts, report = (OPTIONS.variations, OPTIONS.transpositions), printed(label)
    encoded = encode_recordings(
        RaveModel(rave), list_audio(recordings / label), seed, *counts, "listening", report
    )
    torch.save(encoded, recordings / f"{label}.pt")
    return recordings / f"{label}.pt"


def fit_one(
    name: str, rave: Path, sae_folder: Path, encoded_files: Mapping[str, Path], options: FindOptions
) -> Stop:
    """One stop, on one thread: runs in a process of its own."""
    torch.set_num_threads(1)
    encoded = {label: torch.load(file, weights_only=False) for label, file in encoded_files.items()}
    own = encoded.pop(name)
    rest = concatenated(list(encoded.values()))
    return fit_stop(RaveModel(rave), load_sae(sae_folder), name, (own, rest), options, printed(name))


def printed(name: str) -> Progress:
    """Prints what begins, and every 250th step."""
    seen = ""

    def report(what: str, done: int, total: int) -> None:
        nonlocal seen
        if what != seen or done % 250 == 0:
            print(f"{name}: {what} {done}/{total}", flush=True)
        seen = what

    return report


def make_demo_bank(
    corpus: Path, rave: Path, out: Path, seed: int, phrases: int = PHRASES, cast: Cast = DEMO
) -> None:
    """Writes the example RAVE's bank, or one of other stops."""
    labels = (*cast.targets, NEITHER)
    model = RaveModel(rave)
    with tempfile.TemporaryDirectory() as folder:
        recordings, sae_folder = Path(folder) / "recordings", Path(folder) / "sae"
        write_clips(corpus, recordings, range(phrases), cast.labels)
        paths = [path for path in list_audio(recordings) if int(path.name[:2]) < SAE_PHRASES]
        frames = [encode_file(model, path) for path in paths]
        sae = train_latent_sae(model, frames, seed, SAE_STEPS, n_features=SAE_FEATURES)
        sae_folder.mkdir()
        save_sae(sae_folder, sae, sae.config, metadata={"site": "latent"})
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            jobs = [(label, rave, recordings, seed) for label in labels]
            encoded_files = dict(zip(labels, pool.starmap(encode_label, jobs, chunksize=1), strict=True))
            fits = [
                (name, rave, sae_folder, encoded_files, replace(OPTIONS, seed=seed, like=f"*@{target}.wav"))
                for name, target in cast.targets.items()
            ]
            stops = pool.starmap(fit_one, fits, chunksize=1)
        provenance = {"seed": seed, "recordings": len(list_audio(recordings))}
    save_bank(out, StopBank(sae, tuple(stops), model.fingerprint, provenance=provenance))


def main(
    corpus: Annotated[Path, typer.Option()] = Path("runs/demo/corpus"),
    rave: Annotated[Path, typer.Option()] = Path("training/demo/rave.ts"),
    out: Annotated[Path, typer.Option()] = Path("training/demo/bank"),
    seed: Annotated[int, typer.Option()] = 0,
    phrases: Annotated[int, typer.Option(help="How many phrases of each timbre, 32 at most.")] = PHRASES,
) -> None:
    """Makes the example RAVE's bank."""
    torch.set_num_threads(1)
    make_demo_bank(corpus, rave, out, seed, phrases)


if __name__ == "__main__":
    typer.run(main)
