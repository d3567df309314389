"""Trains the classifier on the rendered corpus and on what the unsteered RAVE makes of it.

    python -m training.recipes.rave.classifier_training --corpus runs/demo/corpus --rave training/demo/rave.ts \\
        --out training/demo/judge.safetensors
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.classifiers import training
from training.classifiers.network import ConceptClassifier, save_classifier
from training.classifiers.training import ClassifierOptions, accuracy_of, fit_classifier
from training.data.augmentation import Augmentation, augment
from training.models.rave.model import RaveModel

CONCEPTS = ("guitar", "voice")
SECONDS = 3.0
TRAIN_PHRASES = range(48, 96)
"""The stops are fitted on phrases 0..31, so that no classifier shares a phrase with them."""

HELD_OUT_PHRASES = range(104, 136)
QUIET_RMS = 0.01
MIXTURES = (("guitar",), ("voice",), ("guitar", "voice"), ("other",), ("other", "other"))
MIXTURE_SHARES = (0.25, 0.25, 0.25, 0.15, 0.1)


@dataclass(frozen=True)
class ClassifierConfig(ClassifierOptions):
    """Everything that decides the training's result besides corpus and RAVE."""

    test_clips: int = 160


class Corpus:
    """Rendered clips by concept, int16 [phrases, samples]; of the known or of the held-out timbres.

    With `varied`, every crop is a random variation (pitch, equaliser, reverberation) of what was rendered.
    """

    def __init__(self, folder: Path, held_out: bool, varied: bool = False) -> None:
        self.varied = varied
        index = json.loads((folder / "index.json").read_text())
        self.sample_rate = int(index["sample_rate"])
        self.clips: dict[str, list[NDArray[np.int16]]] = {}
        for timbre in index["timbres"]:
            if bool(timbre["held_out"]) == held_out:
                data = np.load(folder / timbre["file"], mmap_mode="r")
                self.clips.setdefault(timbre["concept"], []).append(data)

    def item(self, rng: np.random.Generator, phrases: range) -> tuple[Tensor, Tensor]:
        """One mixture [samples] with a random gain, and its labels [concepts]."""
        usable = [i for i, mixture in enumerate(MIXTURES) if all(name in self.clips for name in mixture)]
        shares = np.array([MIXTURE_SHARES[i] for i in usable])
        mixture = MIXTURES[usable[rng.choice(len(usable), p=shares / shares.sum())]]
        sound = sum((self._crop(rng, name, phrases) for name in mixture), np.float32(0))
        gain = 10 ** (rng.uniform(-25, 5) / 20)
        labels = torch.tensor([float(name in mixture) for name in CONCEPTS])
        return torch.from_numpy(np.asarray(sound * gain, dtype=np.float32)), labels

    def batch(self, rng: np.random.Generator, phrases: range, size: int) -> tuple[Tensor, Tensor]:
        """`size` mixtures [size, samples] and their labels [size, concepts]."""
        items = [self.item(rng, phrases) for _ in range(size)]
        return torch.stack([item[0] for item in items]), torch.stack([item[1] for item in items])

    def _crop(self, rng: np.random.Generator, concept: str, phrases: range) -> NDArray[np.float32]:
        """A crop that isn't silent, at an RMS of 0.08, give or take 6 dB."""
        samples = round(SECONDS * self.sample_rate)
        variation = Augmentation()
        taken = math.ceil(samples * variation.longest) + 1 if self.varied else samples
        while True:
            clips = self.clips[concept][rng.integers(len(self.clips[concept]))]
            start = rng.integers(clips.shape[1] - taken + 1)
            crop = clips[rng.choice(phrases), start : start + taken].astype(np.float32) / 32767
            if self.varied:
                crop = augment(crop, self.sample_rate, rng, variation)[:samples]
            rms = float(np.sqrt(np.mean(crop**2)))
            if rms >= QUIET_RMS:
                scaled: NDArray[np.float32] = crop * np.float32(0.08 / rms * 10 ** (rng.uniform(-6, 6) / 20))
                return scaled


def print_step(step: int, steps: int) -> None:
    """A `training.classifiers.training.Report` that prints every fiftieth step."""
    if step % 50 == 0:
        print(f"step {step} of {steps}", flush=True)


def reconstruct(rave: RaveModel, audio: Tensor) -> Tensor:
    """The unsteered RAVE's reconstructions of mono [clips, samples]."""
    return training.reconstruct(rave, audio.unsqueeze(1))


def train(corpus: Corpus, rave: RaveModel, config: ClassifierConfig) -> ConceptClassifier:
    """A classifier trained on originals and reconstructions, half and half."""

    def draw(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        audio, labels = corpus.batch(rng, TRAIN_PHRASES, count)
        return audio.unsqueeze(1), labels

    return fit_classifier(CONCEPTS, corpus.sample_rate, draw, config, print_step, model=rave)


def main() -> None:
    """Command line: train, evaluate on held-out phrases, save."""
    parser = argparse.ArgumentParser(description="Train the classifier.")
    parser.add_argument("--corpus", type=Path, default=Path("runs/demo/corpus"))
    parser.add_argument("--rave", type=Path, default=Path("training/demo/rave.ts"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/judge.safetensors"))
    parser.add_argument("--steps", type=int, default=ClassifierConfig.steps)
    parser.add_argument("--reconstructions", type=int, default=ClassifierConfig.reconstructions)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.monotonic()
    config = ClassifierConfig(steps=options.steps, reconstructions=options.reconstructions, seed=options.seed)
    rave = RaveModel(options.rave)
    classifier = train(Corpus(options.corpus, held_out=False, varied=True), rave, config)
    print(f"trained in {time.monotonic() - start:.0f} s")
    results: dict[str, dict[str, dict[str, float]]] = {}
    for timbres in ("known", "held_out"):
        rng = np.random.default_rng(config.seed + 1)
        corpus = Corpus(options.corpus, held_out=timbres == "held_out")
        audio, labels = corpus.batch(rng, HELD_OUT_PHRASES, config.test_clips)
        results[f"{timbres}_originals"] = accuracy_of(classifier, audio, labels)
        results[f"{timbres}_reconstructions"] = accuracy_of(classifier, reconstruct(rave, audio), labels)
    metadata: dict[str, object] = {
        "training": asdict(config),
        "rave_fingerprint": rave.fingerprint,
        "held_out": results,
    }
    save_classifier(options.out, classifier, metadata)
    print(json.dumps(results, indent=1))
    print(
        f"{sum(p.numel() for p in classifier.parameters())} parameters, {time.monotonic() - start:.0f} s in all"
    )


if __name__ == "__main__":
    main()
