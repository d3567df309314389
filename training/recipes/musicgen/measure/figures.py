"""What independent classifiers detect in recordings, in what EnCodec makes of them, in unsteered samples and in noise.

python -m training.recipes.musicgen.measure.figures --run runs/musicgen --demo training/demo
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from audiocraft.models.musicgen import MusicGen
from torch import Tensor

from drawstop.files import write_json
from training.classifiers.classifier import Classifier, MusicnnClassifier, NetworkClassifier
from training.classifiers.musicnn import load_musicnn
from training.classifiers.network import load_classifier
from training.metrics.distances import spectral_distance
from training.models.musicgen.sampling import Sampling
from training.recipes.measures import shaped_noise
from training.recipes.musicgen.measure.second_classifier import second_classifier
from training.recipes.musicgen.network.codes import reconstruct
from training.recipes.musicgen.sounds.corpus import CONCEPTS, SAMPLE_RATE, TEXTS, Recordings
from training.recipes.musicgen.sounds.noises import coloured_noise

SAMPLES = 64
SECONDS = 3.0
GUIDANCE = (3.0, 1.0)
"""audiocraft's default strength of the text, and none."""
TEMPERATURE = 0.8
"""Temperature of the pieces that are measured; `drawstop musicgen --temperature` in the docs' examples."""

TAGGED = 16
"""Number of pieces for the published classifier, which takes ten times as long."""

Shares = dict[str, dict[str, float]]
Sounds = dict[str, Tensor]
"""Sounds `[clips, samples]` by the text that they have or were made from."""


def held_out(recordings: Recordings, seed: int, count: int = SAMPLES) -> Sounds:
    """The middle of `count` test phrases of each text."""
    rng = np.random.default_rng(seed)
    samples = round(SECONDS * SAMPLE_RATE)
    middle = slice((recordings.samples - samples) // 2, (recordings.samples + samples) // 2)
    return {
        text: torch.from_numpy(np.stack([recordings.sound(rng, text)[middle] for _ in range(count)]))
        for text in TEXTS
    }


def sample(model: MusicGen, text: str, guidance: float, seed: int, count: int = SAMPLES) -> Tensor:
    """Unsteered sounds of a text, `[count, samples]`, all drawn at once after one seed."""
    top_k = Sampling().tokens_drawn_from(model.lm.card)
    model.set_generation_params(duration=SECONDS, cfg_coef=guidance, top_k=top_k, temperature=TEMPERATURE)
    torch.manual_seed(seed)
    return model.generate([text] * count)[:, 0].detach().cpu()


def noises(model: MusicGen, seed: int) -> Sounds:
    """Sounds of no instrument: white to brown noise, and EnCodec's sound of random codes."""
    rng = np.random.default_rng(seed)
    samples = round(SECONDS * model.sample_rate)
    codec = model.compression_model
    shape = (SAMPLES, codec.num_codebooks, round(SECONDS * model.frame_rate))
    codes = torch.from_numpy(rng.integers(0, codec.cardinality, shape))
    with torch.no_grad():
        random = codec.decode(codes)[:, 0]
    return {"noise": coloured_noise(rng, SAMPLES, samples), "random codes": random}


def musicgen_classifiers(demo: Path) -> tuple[NetworkClassifier, MusicnnClassifier]:
    """A network of the recordings alone, and the published one of other music; neither was trained on EnCodec's sound."""
    return (
        NetworkClassifier(load_classifier(demo / "musicgen_judge.safetensors")),
        MusicnnClassifier(load_musicnn(demo / "tagger.safetensors"), CONCEPTS),
    )


def shares(classifier: Classifier, sounds: Sounds, sample_rate: int, most: int = SAMPLES) -> Shares:
    """For each text, the share of its first `most` clips in which each concept is detected."""
    means = {
        text: classifier.predict(audio[:most], sample_rate).detected.double().mean(0)
        for text, audio in sounds.items()
    }
    return {
        text: {c: round(float(m), 4) for c, m in zip(CONCEPTS, mean, strict=True)}
        for text, mean in means.items()
    }


def accuracy(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The share of right answers for each concept, from the shares of texts that all have as many clips."""
    right = {
        concept: [row[concept] if concept in TEXTS[text] else 1 - row[concept] for text, row in table.items()]
        for concept in CONCEPTS
    }
    return {concept: round(float(np.mean(values)), 4) for concept, values in right.items()}


def codec_figures(original: Sounds, rebuilt: Sounds) -> dict[str, float]:
    """Spectral distance to the originals of EnCodec's sound, of noise with their spectra and envelopes, of silence."""
    first, second = torch.cat(list(original.values())), torch.cat(list(rebuilt.values()))
    others = {"encodec": second, "shaped_noise": shaped_noise(first), "silence": torch.zeros_like(first)}
    return {name: round(float(spectral_distance(sound, first)), 4) for name, sound in others.items()}


def all_sounds(model: MusicGen, run: Path, seed: int) -> dict[str, Sounds]:
    """Everything that the classifiers are asked about."""
    originals = held_out(Recordings(run / "corpus", "test"), seed)
    sounds = {
        "originals": originals,
        "reconstructions": {text: reconstruct(model, audio) for text, audio in originals.items()},
        "noise": noises(model, seed),
    }
    for guidance in GUIDANCE:
        made = {text: sample(model, text, guidance, seed) for text in TEXTS}
        sounds[f"samples, cfg {guidance:g}"] = made
    return sounds


def measure(run: Path, demo: Path, seed: int) -> dict[str, Any]:
    """Everything that musicgen_figures.json says."""
    model = MusicGen.get_pretrained(str(demo / "musicgen"), device="cpu")
    network, musicnn = musicgen_classifiers(demo)
    svm = second_classifier(model, run, seed)
    sounds = all_sounds(model, run, seed)
    figures: dict[str, Any] = {
        "clips_of_each": {network.name: SAMPLES, svm.name: SAMPLES, musicnn.name: TAGGED},
        "temperature": TEMPERATURE,
        "seconds": SECONDS,
        "seed": seed,
        "distance_to_originals": codec_figures(sounds["originals"], sounds["reconstructions"]),
    }
    asked: list[tuple[Classifier, int]] = [(network, SAMPLES), (svm, SAMPLES), (musicnn, TAGGED)]
    for classifier, most in asked:
        tables = {what: shares(classifier, made, model.sample_rate, most) for what, made in sounds.items()}
        right = {what: accuracy(table) for what, table in tables.items() if what != "noise"}
        figures[classifier.name] = {"accuracy": right, "heard": tables}
        print(json.dumps(figures[classifier.name], indent=1), flush=True)
    return figures


def main() -> None:
    """Command line: measure, print, write."""
    parser = argparse.ArgumentParser(description="Measure the small MusicGen.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--demo", type=Path, default=Path("training/demo"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/musicgen_figures.json"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    write_json(options.out, measure(options.run, options.demo, options.seed))


if __name__ == "__main__":
    main()
