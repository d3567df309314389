"""Do the stops do what their labels say? Pieces of unseen seeds with stops at -1, 0 and +1, and what the classifier detects.

python -m training.recipes.musicgen.success --run runs/musicgen --demo training/demo

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

from drawstop.files import sha256_file, write_json
from training.banks.bank import StopBank, bank_fingerprint
from training.banks.bank_folders import load_banks
from training.classifiers.classifier import NetworkClassifier
from training.classifiers.network import load_classifier
from training.evaluation.playback.musicgen import edits_held_at
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling
from training.recipes.musicgen.corpus import CONCEPTS, TEXTS

PIECES = 64
SECONDS = 3.0
SEED = 90_000
"""`find` draws its pieces from seeds below 20."""
KINDS = {"features": "static", "difference of means": "direction", "random": "random"}
"""What `drawstop find` calls them."""


def name_of(concept: str, kind: str) -> str:
    """A concept's stop of one kind."""
    return concept if kind == "static" else f"{concept}_{kind}"


def cells() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Name, text and settings of everything that is measured."""
    for text in TEXTS:
        yield f"{text}: at rest", text, {}
        for label, kind in KINDS.items():
            for concept in CONCEPTS:
                value = -1.0 if concept in TEXTS[text] else 1.0
                yield f"{text}: {concept} {value:+g}, {label}", text, {name_of(concept, kind): value}
    for text, value in (("both", -1.0), ("neither", 1.0)):
        for label, kind in KINDS.items():
            yield f"{text}: all {value:+g}, {label}", text, {name_of(c, kind): value for c in CONCEPTS}


def measured(
    model: MusicGenModel,
    banks: list[StopBank],
    classifier: NetworkClassifier,
    text: str,
    settings: Mapping[str, float],
) -> dict[str, float]:
    """In what share of the pieces each concept is detected."""
    sampling = Sampling(seconds=SECONDS, seed=SEED + list(TEXTS).index(text))
    edits = edits_held_at(banks, settings, model.device)
    made = model.generate([text] * PIECES, sampling, edits=edits).audio[:, 0]
    shares = classifier.predict(made, model.sample_rate).detected.double().mean(0)
    return {concept: round(float(share), 4) for concept, share in zip(CONCEPTS, shares, strict=True)}


def begun(path: Path, model: MusicGenModel, classifier: Path, banks: Path) -> dict[str, Any]:
    """The figures in the file, if they are of this model, classifier and banks; else none yet."""
    folders = [stops.parent for stops in sorted(banks.glob("*/stops.json"))]
    of = {"model": model.fingerprint, "judge": sha256_file(classifier)}
    of |= {folder.name: bank_fingerprint(folder) for folder in folders}
    settings = {"pieces": PIECES, "seconds": SECONDS, "seed": SEED, "of": of}
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        if {name: found.get(name) for name in settings} == settings:
            return found
    return settings | {"heard": {}}


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
    path = options.demo / "musicgen_judge.safetensors"
    found = begun(options.out, model, path, options.run / "banks")
    classifier = NetworkClassifier(load_classifier(path))
    there = {stop.slug for bank in banks for stop in bank.stops}
    for name, text, settings in cells():
        if not there.issuperset(settings):
            print(f"{name}: left out, not all of {', '.join(settings)} are in the banks", flush=True)
            continue
        if name not in found["heard"]:
            found["heard"][name] = measured(model, banks, classifier, text, settings)
            write_json(options.out, found)
        print(name, found["heard"][name], flush=True)


if __name__ == "__main__":
    main()
