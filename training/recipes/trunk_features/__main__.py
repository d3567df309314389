"""Does an SAE of the trunk carry stops? `python -m training.recipes.trunk_features BANK OUT.json --corpus FOLDER ...`

Five concepts that the separator was never asked for, learned from 10 clips with and 10 without, and measured on sound banks that
nothing was learned from. Resumable: what OUT has is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drawstop.files import sha256_file, write_json
from training.banks.bank import SEPARATOR_FILE
from training.banks.separated_bank import SeparatedBank, load_separated_bank
from training.find.separated.fit import HeardMixtures, QueryOptions, fit_query, hear
from training.find.separated.mixtures import draw_mixtures
from training.recipes.separator.concepts import FAMILIES, GUITAR, SPEECH, Concept
from training.recipes.separator.few import NEW
from training.recipes.separator.held_out import clips_of, clips_without
from training.recipes.separator.mixtures import Corpus, MixtureMaker
from training.recipes.trunk_features.dictionaries import FEATURES, STEPS, Dictionary, K, dictionaries
from training.recipes.trunk_features.measure import HeldOut, held_out, measured
from training.recipes.trunk_features.probes import COUNTS, curve, pooled
from training.recipes.trunk_features.stops import moved, stops_by_count
from training.separation.mdct import HOP, Mdct

CONCEPTS = (*NEW, Concept("muted guitar", frozenset({28}), frozenset({27, GUITAR})))
"""The last one was only ever asked for as one of the guitars."""
RECORDINGS, CLIPS, PROBED, MIXTURES = 10, 60, 90, 96
TRAINING_MIXTURES, HELD_OUT_MIXTURES = 1600, 100
FRAMES = 1032

Figures = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A concept to be learned, and what it is measured on."""

    concept: Concept
    pool: HeardMixtures
    sounds: HeldOut
    known: tuple[Tensor, Tensor]
    tests: list[tuple[Tensor, Tensor]]


class Experiment:
    """The separator, its corpus, and what every concept and dictionary share."""

    def __init__(self, bank: SeparatedBank, corpora: Sequence[Path]) -> None:
        self.bank, self.separator, self.corpora = bank, bank.separator, corpora
        self.corpus = Corpus(corpora, ("train",))
        starts = [bank.starts[family.name] for family in FAMILIES]
        self.question = torch.stack(starts).mean(0)

    def frames(self, count: int, seed: int) -> Tensor:
        """The trunk's output on random mixtures. `[count * steps, channels]`."""
        maker, mdct, found = MixtureMaker(self.corpus), Mdct(), []
        for item in range(count):
            sound = maker.draw(np.random.default_rng((seed, item)), FRAMES * HOP).clips.sum(0)
            found.append(self.trunk(mdct(torch.from_numpy(sound)[None, None]))[0])
        return torch.cat(found)

    @torch.no_grad()
    def trunk(self, latents: Tensor) -> Tensor:
        """`[clips, latents, frames]` -> `[clips, steps, channels]`."""
        parts = [self.separator.listening(part)[0] for part in latents.split(16)]
        return torch.cat([self.separator.trunk(part).transpose(1, 2) for part in parts])

    def task(self, concept: Concept) -> Task:
        """A concept's training mixtures, held-out sound and clips for probes."""
        held = Corpus(self.corpora, ("phrases",) if SPEECH in concept.labels else ("banks",))
        with_, without = self._recordings(concept, RECORDINGS)
        generator = torch.Generator().manual_seed(5)
        pool = hear(self.separator, draw_mixtures(with_, without, MIXTURES, 688, generator))
        mdct = Mdct()
        wanted, rest = (
            mdct(draw(held, concept, CLIPS, seed)[:, None])
            for draw, seed in ((clips_of, 2), (clips_without, 3))
        )
        known = [self.trunk(torch.stack(side)) for side in self._recordings(concept, PROBED)]
        solos, others = self.trunk(wanted), self.trunk(rest)
        mixed = self.trunk(wanted + rest.roll(1, 0)), self.trunk(rest + rest.roll(1, 0))
        sounds = held_out(self.separator, wanted, rest)
        return Task(concept, pool, sounds, (known[0], known[1]), [(solos, others), mixed])

    def _recordings(self, concept: Concept, count: int) -> tuple[list[Tensor], list[Tensor]]:
        mdct = Mdct()
        with_, without = (
            list(mdct(draw(self.corpus, concept, count, seed=10 + count)[:, None]))
            for draw in (clips_of, clips_without)
        )
        return with_, without

    def ceiling(self, task: Task) -> Figures:
        """The query's 832 numbers fitted to the same clips."""
        with_, without = self._recordings(task.concept, RECORDINGS)
        learned, checked = (with_[2:], without[2:]), (with_[:2], without[:2])
        fitted = fit_query(self.separator, self.bank.starts, learned, checked, QueryOptions(), seed=0)
        return measured(
            self.separator, task.sounds, lambda trunk, maps: self._ask(trunk, maps, fitted.query)
        ) | {"start": fitted.start}

    def moves(self, task: Task, dictionary: Dictionary, seed: int) -> Figures:
        """What stops by so many activities do."""
        generator = torch.Generator().manual_seed(seed)
        stops = stops_by_count(self.separator, self.question, dictionary, task.pool, generator)
        return {
            count: measured(
                self.separator,
                task.sounds,
                lambda trunk, maps, stop=stop: self._ask(  # type: ignore[misc]
                    moved(trunk, dictionary, stop), maps, self.question
                ),
            )
            | {"features": stop.indices[:32].tolist() if count == "32" else []}
            for count, stop in stops
        }

    def _ask(self, trunk: Tensor, maps: Tensor, query: Tensor) -> Tensor:
        shares, _ = self.separator.head(trunk, maps, query.expand(len(trunk), -1))
        return shares

    def tells(self, task: Task, dictionary: Dictionary, seed: int) -> Figures:
        """AUROC by clips a side, on solos and on mixtures."""
        sides = [pooled(dictionary.encode, side) for side in task.known]
        tests = [(pooled(dictionary.encode, a), pooled(dictionary.encode, b)) for a, b in task.tests]
        solos, mixtures = curve((sides[0], sides[1]), tests, seed)
        return {"counts": list(COUNTS), "solos": solos, "mixtures": mixtures}


def run(folder: Path, corpora: Sequence[Path], out: Path, seeds: Sequence[int]) -> None:
    """Every concept by every seed and dictionary; written after each. One concept's sounds are held at a time: gigabytes."""
    bank, separator = load_separated_bank(folder), sha256_file(folder / SEPARATOR_FILE)
    stored = json.loads(out.read_text()) if out.is_file() else {}
    figures: Figures = stored if stored.get("separator") == separator else {"separator": separator}
    figures["about"] = {"features": FEATURES, "k": K, "steps": STEPS, "clips": CLIPS}
    experiment = Experiment(bank, corpora)
    frames = experiment.frames(TRAINING_MIXTURES, seed=100)
    unseen = experiment.frames(HELD_OUT_MIXTURES, seed=101)
    ceilings, cells = figures.setdefault("ceiling", {}), figures.setdefault("cells", [])
    for seed in seeds:
        found = list(dictionaries(frames, unseen, seed))
        own = [cell for cell in cells if cell["seed"] == seed]
        if not own:
            own = [
                {"seed": seed, "dictionary": each.name, "about": each.about, "concepts": {}} for each in found
            ]
            cells.extend(own)
        for concept in CONCEPTS:
            left = [place for place, cell in enumerate(own) if concept.name not in cell["concepts"]]
            if left or concept.name not in ceilings:
                task = experiment.task(concept)
            if concept.name not in ceilings:
                ceilings[concept.name] = experiment.ceiling(task)
            for place in left:
                own[place]["concepts"][concept.name] = {
                    "moves": experiment.moves(task, found[place], seed),
                    "tells": experiment.tells(task, found[place], seed),
                }
                write_json(out, figures)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run(arguments.bank, arguments.corpus, arguments.out, arguments.seeds)


if __name__ == "__main__":
    main()
