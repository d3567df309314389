"""Where an SAE is best trained: python -m training.recipes.trunk_features.sites BANK OUT.json --corpus FOLDER ...

What SAEs of other places on the way from latents to the trunk's output tell of a concept, beside a random dictionary and the
place's own numbers. Adds "sites" to the figures of `training.recipes.trunk_features`. Resumable: what OUT has is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drawstop.files import write_json
from drawstop.types import JsonObject
from training.banks.separated_bank import load_separated_bank
from training.recipes.separator.corpus.mixtures import MixtureMaker
from training.recipes.trunk_features.__main__ import CONCEPTS, FRAMES, Experiment, tells_of
from training.recipes.trunk_features.dictionaries import Dictionary, Material, channels, topk_and_random
from training.separation.mdct import HOP, Mdct
from training.separation.separator import FRAMES_PER_STEP

MIXTURES, HELD_OUT = 300, 40
STACKED = 8
"""Frames of latents that are read together, 23 ms."""
LAYERS = (0, 3, 6, 10)
"""The trunk after so many of its ten layers."""


@dataclass(frozen=True)
class Site:
    """A place: `frames` makes `[clips, steps, width]` of latents `[clips, 128, frames]`, four frames a step."""

    name: str
    frames: Callable[[Tensor], Tensor]


def sites(experiment: Experiment) -> list[Site]:
    """All places, from the latents on."""

    def layer(count: int) -> Callable[[Tensor], Tensor]:
        def frames(latents: Tensor) -> Tensor:
            trunk = experiment.separator.trunk
            x: Tensor = trunk.entry(trunk.norm(experiment.levels(latents)))
            for each in trunk.layers[:count]:
                x = each(x)
            return x.transpose(1, 2)

        return frames

    return [
        Site("latents, a frame", lambda z: z[..., FRAMES_PER_STEP - 1 :: FRAMES_PER_STEP].transpose(1, 2)),
        Site(f"latents, {STACKED} frames", stacked),
        Site("levels of mel bands", lambda z: experiment.levels(z).transpose(1, 2)),
        *(Site(f"trunk, layer {count}" if count else "trunk, entry", layer(count)) for count in LAYERS),
    ]


def stacked(latents: Tensor) -> Tensor:
    """The last STACKED frames at each step. `[clips, latents, frames]` -> `[clips, steps, STACKED * latents]`."""
    past = torch.nn.functional.pad(latents, (STACKED - FRAMES_PER_STEP, 0))
    windows = past.unfold(2, STACKED, FRAMES_PER_STEP)
    return windows.permute(0, 2, 3, 1).flatten(2)


@torch.no_grad()
def measure(experiment: Experiment, site: Site, seed: int) -> list[JsonObject]:
    """One site's dictionaries: variance explained, and what they tell of each concept."""
    clips, unseen = (_mixtures(experiment, count, draw) for count, draw in ((MIXTURES, 200), (HELD_OUT, 201)))
    frames, held_out = (torch.cat([site.frames(part) for part in each.split(16)]) for each in (clips, unseen))
    material = Material(
        experiment.separator, frames, held_out.flatten(0, 1), torch.zeros(0), experiment.questions
    )
    with torch.enable_grad():
        found: tuple[Dictionary, ...] = topk_and_random(material, seed)
    found = (*found, channels(frames.flatten(0, 1)))
    rows: list[JsonObject] = [
        {
            "site": site.name,
            "width": frames.shape[2],
            "dictionary": each.name,
            "about": each.about,
            "concepts": {},
        }
        for each in found
    ]
    for concept in CONCEPTS:
        known, tests = experiment.probed(concept)
        known = tuple(torch.cat([site.frames(part) for part in side.split(16)]) for side in known)  # type: ignore[assignment]
        tested = [(site.frames(with_), site.frames(without)) for with_, without in tests]
        for row, dictionary in zip(rows, found, strict=True):
            row["concepts"][concept.name] = tells_of(dictionary.encode, known, tested, seed)
    return rows


def _mixtures(experiment: Experiment, count: int, seed: int) -> Tensor:
    """Latents of random mixtures, `[count, latents, frames]`."""
    maker, mdct = MixtureMaker(experiment.corpus), Mdct()
    sounds = [
        maker.draw(np.random.default_rng((seed, item)), FRAMES * HOP).clips.sum(0) for item in range(count)
    ]
    return torch.cat([mdct(torch.from_numpy(sound)[None, None]) for sound in sounds])


def run(folder: Path, corpora: Sequence[Path], out: Path, seed: int) -> None:
    """Every site, each written when it is done."""
    experiment = Experiment(load_separated_bank(folder), corpora)
    figures: JsonObject = json.loads(out.read_text()) if out.is_file() else {}
    rows: list[JsonObject] = figures.setdefault("sites", [])
    for site in sites(experiment):
        if not any(row["site"] == site.name for row in rows):
            rows += measure(experiment, site, seed)
            write_json(out, figures)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run(arguments.bank, arguments.corpus, arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
