"""Do the stops do what their labels say? Pieces of unseen seeds with stops at -1, 0 and +1, and what the judge hears.

python -m training.demo.musicgen_recipe.success --run runs/musicgen --demo training/demo

The banks in RUN/banks hold, for each concept, the stop that `drawstop find` made of SAE features (CONCEPT), the difference of
means (CONCEPT_direction) and the random control (CONCEPT_random). Each cell is written as soon as it is measured; one whose
stops aren't there is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from drawstop.base.files import write_json
from export.musicgen import steer
from training.banks import load_banks
from training.demo.musicgen_recipe.corpus import CONCEPTS, TEXTS
from training.judge import Judge, load_judge
from training.models.musicgen import MusicGenModel
from training.models.musicgen_sampling import Sampling
from training.stops import StopBank

PIECES = 64
SECONDS = 3.0
SEED = 90_000
"""`find` draws its pieces from seeds below 20."""
KINDS = {"features": "", "difference of means": "_direction", "random": "_random"}


def cells() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Name, text and settings of everything that is measured."""
    for text in TEXTS:
        yield f"{text}: at rest", text, {}
        for kind, suffix in KINDS.items():
            for concept in CONCEPTS:
                value = -1.0 if concept in TEXTS[text] else 1.0
                yield f"{text}: {concept} {value:+g}, {kind}", text, {concept + suffix: value}
    for text, value in (("both", -1.0), ("neither", 1.0)):
        for kind, suffix in KINDS.items():
            yield f"{text}: all {value:+g}, {kind}", text, {concept + suffix: value for concept in CONCEPTS}


def measured(
    model: MusicGenModel, banks: list[StopBank], judge: Judge, text: str, settings: Mapping[str, float]
) -> dict[str, float]:
    """In what share of the pieces each concept is heard."""
    sampling = Sampling(seconds=SECONDS, seed=SEED + list(TEXTS).index(text))
    made = steer(model, banks, [text] * PIECES, settings, sampling, unsteered=False).made.audio[:, 0]
    heard = torch.cat([judge.heard(part) for part in made.split(16)]).double().mean(0)
    return {concept: round(float(share), 4) for concept, share in zip(CONCEPTS, heard, strict=True)}


def main() -> None:
    """Command line: measure what isn't in the file yet."""
    parser = argparse.ArgumentParser(description="Measure what the small MusicGen's stops do.")
    parser.add_argument("--run", type=Path, default=Path("runs/musicgen"))
    parser.add_argument("--demo", type=Path, default=Path("training/demo"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/musicgen_success.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = MusicGenModel(options.demo / "musicgen", "cpu")
    banks = load_banks(options.run / "banks", model.fingerprint)
    judge = load_judge(options.demo / "musicgen_judge.safetensors")
    found: dict[str, Any] = {"pieces": PIECES, "seconds": SECONDS, "seed": SEED, "heard": {}}
    if options.out.exists():
        found = json.loads(options.out.read_text())
    there = {stop.slug for bank in banks for stop in bank.stops}
    for name, text, settings in cells():
        if not there.issuperset(settings):
            print(f"{name}: left out, not all of {', '.join(settings)} are in the banks", flush=True)
            continue
        if name not in found["heard"]:
            found["heard"][name] = measured(model, banks, judge, text, settings)
            write_json(options.out, found)
        print(name, found["heard"][name], flush=True)


if __name__ == "__main__":
    main()
