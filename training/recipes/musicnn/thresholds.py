"""Thresholds of the published classifier (musicnn), chosen on the training phrases; its weights are those of a file.

    python -m training.recipes.musicnn.thresholds --corpus runs/demo/corpus --rave training/demo/rave.ts \\
        --weights training/demo/tagger.safetensors --out training/demo/tagger.safetensors

The shipped weights are the MTT_musicnn checkpoint of musicnn 0.1.0 (PyPI), converted once and stored as float16.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.classifiers.musicnn import Musicnn, load_musicnn, save_musicnn
from training.classifiers.weights_file import MUSICNN, read_metadata, read_weights
from training.data.clips import loud_enough
from training.metrics.auroc import auroc_of_columns
from training.models.rave.model import RaveModel
from training.recipes.corpus.timbres import TIMBRES
from training.recipes.rave.classifier_training import (
    HELD_OUT_PHRASES,
    QUIET_RMS,
    SECONDS,
    TRAIN_PHRASES,
    reconstruct,
)

KINDS = (("guitar",), ("voice",), ("other",), ("guitar", "voice"))
SETS = (
    ("training", False, TRAIN_PHRASES),
    ("held_out_phrases", False, HELD_OUT_PHRASES),
    ("held_out_phrases_and_timbres", True, HELD_OUT_PHRASES),
)
TRAINING_SETS = ("training_originals", "training_reconstructions")
"""Sets of clips that the thresholds are chosen on."""

SCORED_AT_ONCE = 16

Figures = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Clips:
    """Sounds `[clips, samples]`, which concepts sound in each (bool `[clips, concepts]`), which are mixtures."""

    audio: Tensor
    labels: Tensor
    mixture: Tensor
    sample_rate: int

    def reconstructed(self, rave: RaveModel) -> Clips:
        """The same clips, reconstructed by the unsteered RAVE."""
        return Clips(reconstruct(rave, self.audio), self.labels, self.mixture, self.sample_rate)


def draw_clips(corpus: Path, held_out: bool, phrases: range, per_kind: int, seed: int) -> Clips:
    """Crops of the known or the held-out timbres, as many of each of KINDS; each timbre in turn.

    The parts of a mixture are of different phrases, at the levels that the corpus has them.
    """
    index = json.loads((corpus / "index.json").read_text())
    rate, known = int(index["sample_rate"]), {timbre.name for timbre in TIMBRES}
    timbres: dict[str, list[NDArray[np.int16]]] = {}
    for timbre in index["timbres"]:
        if bool(timbre["held_out"]) == held_out and timbre["name"] in known:
            clips = np.load(corpus / timbre["file"], mmap_mode="r")
            timbres.setdefault(timbre["concept"], []).append(clips)
    rng = np.random.default_rng(seed)
    sounds = []
    for kind in KINDS:
        for i in range(per_kind):
            chosen = rng.choice(phrases, len(kind), replace=False)
            turn = [timbres[concept][(i + part) % len(timbres[concept])] for part, concept in enumerate(kind)]
            parts = [_crop(clips[phrase], rng, rate) for clips, phrase in zip(turn, chosen, strict=True)]
            sounds.append(torch.from_numpy(np.sum(parts, axis=0)))
    labels = torch.tensor([[concept in kind for concept in Musicnn.concepts] for kind in KINDS])
    mixture = torch.tensor([len(kind) > 1 for kind in KINDS])
    repeated = (labels.repeat_interleave(per_kind, 0), mixture.repeat_interleave(per_kind))
    return Clips(torch.stack(sounds), *repeated, rate)


def _crop(clip: NDArray[np.int16], rng: np.random.Generator, rate: int) -> NDArray[np.float32]:
    """SECONDS of a clip `[samples]`, not silent."""
    samples = round(SECONDS * rate)
    while True:
        start = rng.integers(len(clip) - samples + 1)
        crop = clip[start : start + samples].astype(np.float32) / 32767
        if float(np.sqrt(np.mean(crop**2))) >= QUIET_RMS:
            return crop


def score(musicnn: Musicnn, clips: Clips) -> Tensor:
    """The classifier's scores `[clips, concepts]`; 0 where a clip is too quiet to be heard."""
    parts = [musicnn.scores(part, clips.sample_rate) for part in clips.audio.split(SCORED_AT_ONCE)]
    return torch.cat(parts) * loud_enough(clips.audio)[:, None]


def choose_thresholds(scores: Tensor, labels: Tensor) -> tuple[float, ...]:
    """For each concept the threshold of the best balanced accuracy, halfway between two scores.

    If several are equally good, it is the middle one. Shape: scores `[clips, concepts]`, labels bool, the same.

    >>> choose_thresholds(torch.tensor([[0.1], [0.2], [0.4], [0.9]]), torch.tensor([[False], [False], [True], [True]]))
    (0.3,)
    """
    chosen = []
    for column, label in zip(scores.double().T, labels.T, strict=True):
        distinct = column.unique()
        candidates = (distinct[1:] + distinct[:-1]) / 2
        above = column[:, None] > candidates
        accuracy = (above[label].double().mean(0) + 1 - above[~label].double().mean(0)) / 2
        best = candidates[accuracy >= accuracy.max() - 1e-9]
        chosen.append(round(float(best[len(best) // 2]), 4))
    return tuple(chosen)


def evaluate(scores: Tensor, clips: Clips, thresholds: tuple[float, ...]) -> Figures:
    """Per concept: how often it is detected with and without it, their balanced accuracy, and AUROC.

    `solos`: clips of one instrument with the concept against those without it. `mixtures`: guitar and voice together
    against the solos without the concept.
    """
    figures: Figures = {}
    for group, mixed in (("solos", False), ("mixtures", True)):
        figures[group] = {}
        for i, concept in enumerate(Musicnn.concepts):
            having = clips.labels[:, i] & (clips.mixture == mixed)
            lacking = ~clips.labels[:, i]
            detected = (scores[:, i] > thresholds[i]).double()
            share = (float(detected[having].mean()), float(detected[lacking].mean()))
            rows = having | lacking
            figures[group][concept] = {
                "heard_with": round(share[0], 4),
                "heard_without": round(share[1], 4),
                "balanced_accuracy": round((share[0] + 1 - share[1]) / 2, 4),
                "auroc": round(float(auroc_of_columns(scores[rows, i : i + 1], having[rows])), 4),
            }
    return figures


def main() -> None:
    """Command line: choose the thresholds, evaluate, save."""
    parser = argparse.ArgumentParser(description="Choose the published classifier's thresholds.")
    parser.add_argument("--corpus", type=Path, default=Path("runs/demo/corpus"))
    parser.add_argument("--rave", type=Path, default=Path("training/demo/rave.ts"))
    parser.add_argument("--weights", type=Path, default=Path("training/demo/tagger.safetensors"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/tagger.safetensors"))
    parser.add_argument("--clips", type=int, default=60, help="of each kind, per set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.monotonic()
    rave = RaveModel(options.rave)
    sets = {}
    for name, held_out, phrases in SETS:
        clips = draw_clips(options.corpus, held_out, phrases, options.clips, options.seed)
        sets[f"{name}_originals"], sets[f"{name}_reconstructions"] = clips, clips.reconstructed(rave)
        print(f"{name}: {2 * len(clips.audio)} clips, {time.monotonic() - start:.0f} s", flush=True)
    musicnn, weights = load_musicnn(options.weights), read_weights(options.weights, MUSICNN)[1]
    scores = {name: score(musicnn, clips) for name, clips in sets.items()}
    musicnn.thresholds = choose_thresholds(
        torch.cat([scores[name] for name in TRAINING_SETS]),
        torch.cat([sets[name].labels for name in TRAINING_SETS]),
    )
    figures = {name: evaluate(scores[name], clips, musicnn.thresholds) for name, clips in sets.items()}
    metadata = read_metadata(options.weights, MUSICNN) | {
        "rave_fingerprint": rave.fingerprint,
        "clips_of_each_kind": options.clips,
        "seed": options.seed,
        "figures": figures,
    }
    save_musicnn(options.out, musicnn, metadata, weights)
    print(json.dumps(figures, indent=1))
    print(f"thresholds {musicnn.thresholds}, {time.monotonic() - start:.0f} s in all")


if __name__ == "__main__":
    main()
