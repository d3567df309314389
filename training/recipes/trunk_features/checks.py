"""What holds of the trunk's features beyond one seed and one stop:
python -m training.recipes.trunk_features.checks BANK OUT.json --corpus FOLDER ...

Adds to the figures of `training.recipes.trunk_features`: whether a stop's features are found by another seed, whether two seeds'
knobs do the same, whether two stops work at once, and whether features' names hold on unheard sound banks.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from drawstop.files import sha256_file, write_json
from drawstop.types import JsonObject
from training.banks.bank import SEPARATOR_FILE
from training.banks.separated_bank import load_separated_bank
from training.recipes.separator.corpus.concepts import FAMILIES, SPEECH, Concept
from training.recipes.separator.corpus.held_out import clips_of
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.measure.few import NEW
from training.recipes.trunk_features.__main__ import CONCEPTS, Experiment, Task
from training.recipes.trunk_features.agreement import Knob, agreement, falls, found_again, without
from training.recipes.trunk_features.dictionaries import Dictionary, topk_and_random
from training.recipes.trunk_features.names import Clips, names_hold
from training.recipes.trunk_features.stops import FeatureStop, stops_by_count
from training.separation.mdct import Mdct

OWN = "topk SAE"
CONTROL = "random SAE"
FEATURES_OF_A_STOP = "32"
CLIPS_OF_A_CLASS = 24
CLASSES = (
    tuple(
        family
        for family in FAMILIES
        if family.name
        in {"guitar", "voice", "bass", "mallet", "organ", "strings", "pipe", "lead", "pad", "pluck"}
    )
    + NEW
)
"""Disjoint classes of clips, which are also in soundfonts that no training used."""


class Checks:
    """The experiment, and each seed's SAE with its stops."""

    def __init__(self, experiment: Experiment, figures: JsonObject, kept: Path) -> None:
        self.experiment, self.figures = experiment, figures
        material = experiment.material(kept)
        cells = [cell for cell in figures["cells"] if cell["dictionary"] == OWN]
        self.seeds = [cell["seed"] for cell in cells if len(cell["concepts"]) == len(CONCEPTS)]
        self.saes: dict[int, Dictionary] = {}
        self.controls: dict[int, Dictionary] = {}
        for seed in self.seeds:
            self.saes[seed], self.controls[seed] = topk_and_random(material, seed)
        self.channels = Dictionary("channels", lambda x: x, torch.eye(material.clips.shape[-1]), {})

    def knob(self, seed: int, concept: str) -> Knob:
        """A concept's stop of one seed."""
        (cell,) = [c for c in self.figures["cells"] if (c["dictionary"], c["seed"]) == (OWN, seed)]
        stop = cell["concepts"][concept]["moves"][FEATURES_OF_A_STOP]
        return self.saes[seed], FeatureStop(torch.tensor(stop["features"]), torch.tensor(stop["scales"]))

    def seeds_agree(self, task: Task) -> list[JsonObject]:
        """For each pair of seeds: features found again, and what the knobs do to the same solos."""
        name, found = task.concept.name, []
        own = {seed: self._falls(task, [self.knob(seed, name)]) for seed in self.seeds}
        for first, second in itertools.combinations(self.seeds, 2):
            row: JsonObject = {"concept": name, "seeds": [first, second]}
            row |= found_again(self.knob(first, name), self.knob(second, name))
            found.append(row | agreement(own[first], own[second]))
        return found

    def at_once(self, first: Task, second: Task, seed: int) -> JsonObject:
        """Two stops of disjoint features: by how much each one's solos fall alone, and with the other at -1 too."""
        knob = self.knob(seed, first.concept.name)
        left = without(self.saes[seed], knob[1].indices)
        generator = torch.Generator().manual_seed(seed)
        separator, question = self.experiment.separator, self.experiment.question
        stops = dict(stops_by_count(separator, question, left, second.pool, generator))
        other = left, stops[FEATURES_OF_A_STOP]
        row: JsonObject = {"concepts": [first.concept.name, second.concept.name], "seed": seed}
        for task, alone in ((first, knob), (second, other)):
            both = [alone, other if alone is knob else knob]
            medians = [float(self._falls(task, knobs).median()) for knobs in ([alone], both)]
            row[task.concept.name] = {"alone_db": round(medians[0], 1), "both_db": round(medians[1], 1)}
        return row

    def _falls(self, task: Task, knobs: list[Knob]) -> torch.Tensor:
        experiment = self.experiment
        return falls(experiment.separator, experiment.question, task.sounds.solos, task.sounds.wanted, knobs)

    def names(self) -> list[JsonObject]:
        """Whether names of features hold, of each seed's SAE, of a random one, and of the trunk's channels."""
        sets = [
            self._clips(("train",), ("train",), 7),
            self._clips(("train",), ("train",), 8),
            self._clips(("banks",), ("phrases",), 9),
        ]
        rows = [
            {"seed": seed, "dictionary": each.name} | names_hold(each.encode, *sets)
            for seed in self.seeds
            for each in (self.saes[seed], self.controls[seed])
        ]
        return [
            *rows,
            {"seed": None, "dictionary": self.channels.name} | names_hold(self.channels.encode, *sets),
        ]

    def _clips(self, splits: Sequence[str], speech_splits: Sequence[str], seed: int) -> Clips:
        corpora, mdct = self.experiment.corpora, Mdct()
        corpus, speech = Corpus(corpora, splits), Corpus(corpora, speech_splits)

        def trunk(concept: Concept) -> torch.Tensor:
            own = speech if SPEECH in concept.labels else corpus
            clips = mdct(clips_of(own, concept, CLIPS_OF_A_CLASS, seed)[:, None])
            return self.experiment.trunk(self.experiment.levels(clips))

        return Clips(tuple(each.name for each in CLASSES), [trunk(each) for each in CLASSES])


def run(folder: Path, corpora: Sequence[Path], out: Path) -> None:
    """All checks, each written when it is done. Resumable: what OUT has is left out."""
    bank, figures = load_separated_bank(folder), json.loads(out.read_text())
    if figures["separator"] != sha256_file(folder / SEPARATOR_FILE):
        raise SystemExit(
            f"{out} is of another separator: measure it first (python -m training.recipes.trunk_features)"
        )
    checks = Checks(Experiment(bank, corpora), figures, out.with_suffix(".material.pt"))
    done: JsonObject = figures.setdefault("checks", {})
    if "names" not in done:
        done["names"] = checks.names()
        write_json(out, figures)
    agree, at_once = done.setdefault("seeds", []), done.setdefault("at_once", [])
    for first, second in itertools.zip_longest(CONCEPTS[::2], CONCEPTS[1::2]):
        if any(row["concept"] == first.name for row in agree):
            continue
        tasks = [checks.experiment.task(concept) for concept in (first, second) if concept]
        if second:
            at_once += [checks.at_once(tasks[0], tasks[1], seed) for seed in checks.seeds]
        agree += [row for task in tasks for row in checks.seeds_agree(task)]
        write_json(out, figures)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run(arguments.bank, arguments.corpus, arguments.out)


if __name__ == "__main__":
    main()
