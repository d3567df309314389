"""What independent ears hear in recordings, in what EnCodec makes of them, in unsteered samples and in noise.

python -m training.recipes.musicgen.figures --run runs/musicgen --demo training/demo
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from audiocraft.models.musicgen import MusicGen
from torch import Tensor

from drawstop.audio_files import resample
from drawstop.files import write_json
from training.classifiers.musicnn import Tagger, load_tagger
from training.classifiers.network import Judge, load_judge
from training.metrics.audio import shaped_noise
from training.metrics.distances import spectral_distance
from training.recipes.musicgen.corpus import CONCEPTS, SAMPLE_RATE, TEXTS, Recordings
from training.recipes.musicgen.noises import coloured_noise

SAMPLES = 64
SECONDS = 3.0
GUIDANCE = (3.0, 1.0)
"""audiocraft's default strength of the text, and none."""

TAGGED = 16
"""Of so many of them the tagger is asked, which takes ten times the judge's time."""

Shares = dict[str, dict[str, float]]
Hear = Callable[[Tensor, int], Tensor]
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


@torch.no_grad()
def reconstruct(model: MusicGen, audio: Tensor) -> Tensor:
    """What EnCodec makes of `[clips, samples]`."""
    codes, _ = model.compression_model.encode(audio[:, None])
    return model.compression_model.decode(codes)[:, 0, : audio.shape[1]]


def sample(model: MusicGen, text: str, guidance: float, seed: int, count: int = SAMPLES) -> Tensor:
    """Unsteered sounds of a text, `[count, samples]`, all drawn at once after one seed."""
    model.set_generation_params(duration=SECONDS, cfg_coef=guidance)
    torch.manual_seed(seed)
    return model.generate([text] * count)[:, 0].detach().cpu()


def noises(model: MusicGen, seed: int) -> Sounds:
    """What no instrument plays: white to brown noise, and EnCodec's sound of codes drawn at random."""
    rng = np.random.default_rng(seed)
    samples = round(SECONDS * model.sample_rate)
    codec = model.compression_model
    shape = (SAMPLES, codec.num_codebooks, round(SECONDS * model.frame_rate))
    codes = torch.from_numpy(rng.integers(0, codec.cardinality, shape))
    with torch.no_grad():
        random = codec.decode(codes)[:, 0]
    return {"noise": coloured_noise(rng, SAMPLES, samples), "random codes": random}


def judged(judge: Judge, audio: Tensor, sample_rate: int) -> Tensor:
    """What a judge hears in `[clips, samples]`: bool `[clips, concepts]`."""
    taken = torch.from_numpy(resample(audio.numpy(), sample_rate, judge.sample_rate))
    return torch.cat([judge.heard(part) for part in taken.split(16)])


class Ears:
    """A judge of the recordings alone, and the tagger, which heard other music alone: neither heard an EnCodec or this model."""

    def __init__(self, demo: Path) -> None:
        self.judge: Judge = load_judge(demo / "musicgen_judge.safetensors")
        self.tagger: Tagger = load_tagger(demo / "tagger.safetensors")

    def judged(self, audio: Tensor, sample_rate: int) -> Tensor:
        """What the judge hears in `[clips, samples]`: bool `[clips, concepts]`."""
        return judged(self.judge, audio, sample_rate)

    def tagged(self, audio: Tensor, sample_rate: int) -> Tensor:
        """What the tagger hears in the first TAGGED of `[clips, samples]`: bool `[clips, concepts]`."""
        return self.tagger.heard(audio[:TAGGED], sample_rate)


def shares(hear: Hear, sounds: Sounds, sample_rate: int) -> Shares:
    """By text: the share of the clips in which each concept is heard."""
    means = {text: hear(audio, sample_rate).double().mean(0) for text, audio in sounds.items()}
    return {
        text: {c: round(float(m), 4) for c, m in zip(CONCEPTS, mean, strict=True)}
        for text, mean in means.items()
    }


def accuracy(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Of shares of texts that each have as many clips: the share of right answers, by concept."""
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
    """Everything that the ears are asked about."""
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
    ears = Ears(demo)
    sounds = all_sounds(model, run, seed)
    figures: dict[str, Any] = {
        "clips_of_each": {"judge": SAMPLES, "tagger": TAGGED},
        "seconds": SECONDS,
        "seed": seed,
        "distance_to_originals": codec_figures(sounds["originals"], sounds["reconstructions"]),
    }
    for ear, hear in (("judge", ears.judged), ("tagger", ears.tagged)):
        tables = {what: shares(hear, made, model.sample_rate) for what, made in sounds.items()}
        right = {what: accuracy(table) for what, table in tables.items() if what != "noise"}
        figures[ear] = {"accuracy": right, "heard": tables}
        print(json.dumps(figures[ear], indent=1), flush=True)
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
