"""Trains the classifier of the small MusicGen's sounds: on the rendered recordings alone, never on what a model made of them.

python -m training.recipes.musicgen.measure.classifier_training --run runs/musicgen --out training/demo/musicgen_judge.safetensors
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.classifiers.network import save_classifier
from training.classifiers.training import ClassifierOptions, accuracy_of, fit_classifier
from training.data.augmentation import Augmentation, augment
from training.recipes.measures import shaped_noise
from training.recipes.musicgen.sounds.corpus import CONCEPTS, SAMPLE_RATE, TEXTS, Recordings
from training.recipes.musicgen.sounds.noises import coloured_noise
from training.recipes.rave.classifier_training import print_step

SECONDS = 3.0
OPTIONS = ClassifierOptions(steps=1200, batch=24, reconstructions=0, damage_share=0.4)
LEVELS_DB = (-25.0, 5.0)
SMEARED_SHARE = 0.7
"""Share of the sounds with blurred phases and magnitudes, as any codec's have: a trace of coding isn't a concept."""
NOISE_SHARE = 0.15
"""Share of noise among the sounds, half of it with a recording's spectrum and envelope: noise has no concept."""
WINDOWS = (128, 256, 512, 1024)
LARGEST_JITTER = 1.0
"""Largest random change of a magnitude's logarithm, in nepers."""
TEST_SOUNDS = 256


Sound = NDArray[np.float32]


class RenderedCrops:
    """Endless crops of a split, each with the labels of its text."""

    def __init__(self, recordings: Recordings, varied: bool) -> None:
        self._recordings, self._varied = recordings, varied

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """`count` sounds `[count, 1, samples]` and their labels `[count, concepts]`; see training.Draw."""
        texts = [str(text) for text in rng.choice(list(TEXTS), count)]
        sounds = np.stack([self._crop(rng, text) for text in texts])
        if self._varied:
            sounds = np.stack([smear(each, rng) if rng.random() < SMEARED_SHARE else each for each in sounds])
        labels = np.array(
            [[float(concept in TEXTS[text]) for concept in CONCEPTS] for text in texts], np.float32
        )
        if self._varied:
            noisy = rng.random(count) < NOISE_SHARE
            for i in np.flatnonzero(noisy):
                sounds[i] = _noise_for(sounds[i], rng)
            labels[noisy] = 0
        return torch.from_numpy(sounds).unsqueeze(1), torch.from_numpy(labels)

    def _crop(self, rng: np.random.Generator, text: str) -> Sound:
        """A mixture's parts are varied one by one: no two of them are shifted or filtered alike."""
        parts = [self._varied_phrase(rng, text_of_part) for text_of_part in TEXTS[text]]
        levels = 10 ** (rng.uniform(-6, 6, len(parts)) / 20)
        sound = sum((level * part for level, part in zip(levels, parts, strict=True)), np.float32(0))
        gain = 10 ** (rng.uniform(*LEVELS_DB) / 20)
        return np.asarray(gain * sound, dtype=np.float32)

    def _varied_phrase(self, rng: np.random.Generator, kind: str) -> Sound:
        samples, how = round(SECONDS * SAMPLE_RATE), Augmentation()
        taken = math.ceil(samples * how.longest) + 1 if self._varied else samples
        phrase = self._recordings.phrase(rng, kind)
        start = rng.integers(len(phrase) - taken + 1)
        crop = phrase[start : start + taken]
        return augment(crop, SAMPLE_RATE, rng, how)[:samples] if self._varied else crop


def smear(sound: Sound, rng: np.random.Generator) -> Sound:
    """The sound with random errors of phase and magnitude in every bin of a spectrogram. `[samples]` -> the same."""
    size = int(rng.choice(WINDOWS))
    window = torch.hann_window(size)
    spectrum = torch.stft(torch.from_numpy(sound), size, size // 4, window=window, return_complex=True)
    turned = rng.uniform(-np.pi, np.pi, spectrum.shape) * rng.uniform(0, 1)
    jitter = rng.standard_normal(spectrum.shape) * rng.uniform(0, LARGEST_JITTER)
    change = torch.from_numpy(np.exp(jitter + 1j * turned)).to(spectrum.dtype)
    smeared: Sound = torch.istft(spectrum * change, size, size // 4, window=window, length=len(sound)).numpy()
    return smeared


def _noise_for(sound: Sound, rng: np.random.Generator) -> Sound:
    """Noise of a random colour, or with the sound's spectrum and envelope. `[samples]` -> the same."""
    if rng.random() < 0.5:
        noise = coloured_noise(rng, 1, len(sound))
    else:
        noise = shaped_noise(torch.from_numpy(sound)[None], int(rng.integers(2**31)))
    result: Sound = noise[0].numpy()
    return result


def main() -> None:
    """Command line: train, say how it does on phrases that it was not trained on, save."""
    parser = argparse.ArgumentParser(description="Train the small MusicGen's classifier.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/musicgen_judge.safetensors"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)

    config = replace(OPTIONS, seed=options.seed)
    crops = RenderedCrops(Recordings(options.run / "corpus", "train"), varied=True)
    classifier = fit_classifier(CONCEPTS, SAMPLE_RATE, crops.draw, config, print_step)
    tests = RenderedCrops(Recordings(options.run / "corpus", "test"), varied=False)
    audio, labels = tests.draw(np.random.default_rng(options.seed + 1), TEST_SOUNDS)
    results = accuracy_of(classifier, audio[:, 0], labels)
    save_classifier(options.out, classifier, {"training": asdict(config), "held_out": results})
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
