"""Do the stops do what their labels say? Pieces of unseen seeds with stops at -1, 0 and +1, and what two classifiers detect.

python -m training.recipes.musicgen.measure.success --run runs/musicgen --demo training/demo

The banks in DEMO/musicgen/banks hold the stop of each concept, those in RUN/random the random controls (CONCEPT_random_SEED),
which were allowed the same choices. Each cell is written as soon as it is measured; one whose stops aren't there is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from drawstop.files import sha256_file, write_json
from training.banks.bank import StopBank, bank_fingerprint
from training.banks.bank_folders import load_banks
from training.classifiers.classifier import Classifier, NetworkClassifier
from training.classifiers.network import load_classifier
from training.evaluation.playback.musicgen import edits_held_at
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling
from training.recipes.musicgen.measure.figures import TEMPERATURE, shares
from training.recipes.musicgen.measure.second_classifier import second_classifier
from training.recipes.musicgen.sounds.corpus import CONCEPTS, TEXTS

PIECES = 64
SECONDS = 3.0
SEED = 90_000
"""`find` draws its pieces from seeds below 20."""
DRAWS = (1, 2, 3)
"""Seeds of the random controls."""
STOP = "stop"
"""Name of the cells of the shipped stops."""


def random_name(concept: str, seed: int) -> str:
    """A random control's stop."""
    return f"{concept}_random_{seed}"


def kinds() -> dict[str, dict[str, str]]:
    """Each concept's stop by its name, for the shipped banks and for every random draw."""
    drawn = {f"random {seed}": {each: random_name(each, seed) for each in CONCEPTS} for seed in DRAWS}
    return {STOP: {each: each for each in CONCEPTS}} | drawn


def cells() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Name, text and settings of everything that is measured."""
    for text in TEXTS:
        yield f"{text}: at rest", text, {}
        for label, names in kinds().items():
            for concept in CONCEPTS:
                value = -1.0 if concept in TEXTS[text] else 1.0
                yield f"{text}: {concept} {value:+g}, {label}", text, {names[concept]: value}
    for text, value in (("both", -1.0), ("neither", 1.0)):
        for label, names in kinds().items():
            yield f"{text}: all {value:+g}, {label}", text, dict.fromkeys(names.values(), value)


def measured(
    model: MusicGenModel,
    banks: list[StopBank],
    classifiers: Sequence[Classifier],
    text: str,
    settings: Mapping[str, float],
) -> dict[str, dict[str, float]]:
    """The share of the pieces in which each classifier detects each concept."""
    sampling = Sampling(seconds=SECONDS, seed=SEED + list(TEXTS).index(text), temperature=TEMPERATURE)
    edits = edits_held_at(banks, settings, model.device)
    made = model.generate([text] * PIECES, sampling, edits=edits).audio[:, 0]
    return {each.name: shares(each, {text: made}, model.sample_rate, PIECES)[text] for each in classifiers}


def stops_of(banks: Sequence[StopBank]) -> set[str]:
    """The names of all stops in some banks."""
    return {stop.slug for bank in banks for stop in bank.stops}


def begun(path: Path, model: MusicGenModel, classifier: Path, banks: Sequence[Path]) -> dict[str, Any]:
    """The figures in the file, if they are of this model, classifier and banks; else none yet."""
    of = {"model": model.fingerprint, "judge": sha256_file(classifier)}
    for folder in banks:
        stops = [each.parent for each in sorted(folder.glob("*/stops.json"))]
        of |= {f"{folder.name}/{each.name}": bank_fingerprint(each) for each in stops}
    settings = {
        "pieces": PIECES,
        "seconds": SECONDS,
        "seed": SEED,
        "temperature": TEMPERATURE,
        "draws": list(DRAWS),
        "of": of,
    }
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
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = MusicGenModel(options.demo / "musicgen", "cpu")
    folders = [options.demo / "musicgen" / "banks", options.run / "random"]
    sets = [load_banks(folder, model.fingerprint) for folder in folders if folder.is_dir()]
    path = options.demo / "musicgen_judge.safetensors"
    found = begun(options.out, model, path, folders)
    classifiers: list[Classifier] = [
        NetworkClassifier(load_classifier(path)),
        second_classifier(model.model, options.run, options.seed),
    ]
    for name, text, settings in cells():
        banks = next((banks for banks in sets if settings.keys() <= stops_of(banks)), None)
        if banks is None:
            print(f"{name}: left out, not all of {', '.join(settings)} are in the banks", flush=True)
            continue
        if name not in found["heard"]:
            found["heard"][name] = measured(model, banks, classifiers, text, settings)
            write_json(options.out, found)
        print(name, found["heard"][name], flush=True)


if __name__ == "__main__":
    main()
