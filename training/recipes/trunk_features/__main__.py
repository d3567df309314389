"""Does an SAE of the trunk carry stops? `python -m training.recipes.trunk_features BANK OUT.json --corpus FOLDER ...`

Five concepts that the separator was never asked for, learned from 10 clips with and 10 without, and measured on sound banks that
nothing was learned from. Resumable: what OUT has is left out.
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

from drawstop.files import sha256_file, write_json
from drawstop.types import JsonObject
from training.banks.bank import SEPARATOR_FILE
from training.banks.separated_bank import SeparatedBank, load_separated_bank
from training.find.separated.fit import AnalysedMixtures, QueryOptions, analyse_mixtures, fit_query
from training.find.separated.mixtures import draw_mixtures
from training.recipes.separator.corpus.concepts import FAMILIES, GUITAR, SPEECH, Concept
from training.recipes.separator.corpus.held_out import clips_of, clips_without
from training.recipes.separator.corpus.mixtures import Corpus, MixtureMaker
from training.recipes.separator.measure.few import NEW
from training.recipes.trunk_features.dictionaries import (
    FEATURES,
    STEPS,
    Dictionary,
    K,
    Material,
    direction,
    first_dictionaries,
    other_dictionaries,
)
from training.recipes.trunk_features.measure import HeldOut, held_out, measured
from training.recipes.trunk_features.probes import COUNTS, curve, pooled
from training.recipes.trunk_features.stops import moved, stops_by_count
from training.separation.mdct import HOP, Mdct

CONCEPTS = (*NEW, Concept("muted guitar", frozenset({28}), frozenset({27, GUITAR})))
"""The last one was only ever asked for as one of the guitars."""
RECORDINGS, CLIPS, PROBED, MIXTURES = 10, 60, 90, 96
TRAINING_MIXTURES, HELD_OUT_MIXTURES, MAPPED = 1600, 100, 160
FRAMES = 1032

Sides = tuple[Tensor, Tensor]
"""Clips with a concept and clips without it."""


@dataclass(frozen=True)
class Task:
    """A concept to be learned, and what it is measured on.

    Attributes:
        pool: mixtures that stops are fitted on.
        sounds: the held-out sounds that stops are measured on.
        learned: the trunk's output on the recordings that stops are made from, with the concept and without it.
        known, tests: the trunk's output on clips that probes learn from, and are tested on: solos, then mixtures.
        known_levels, tests_levels: the same clips as levels of mel bands.
    """

    concept: Concept
    pool: AnalysedMixtures
    sounds: HeldOut
    learned: tuple[Tensor, Tensor]
    known: Sides
    tests: list[Sides]
    known_levels: Sides
    tests_levels: list[Sides]


class Experiment:
    """The separator, its corpus, and what every concept and dictionary share."""

    def __init__(self, bank: SeparatedBank, corpora: Sequence[Path]) -> None:
        self.bank, self.separator, self.corpora = bank, bank.separator, corpora
        self.corpus = Corpus(corpora, ("train",))
        starts = [bank.starts[family.name] for family in FAMILIES]
        self.questions = torch.stack(starts)
        self.question = self.questions.mean(0)

    def material(self, kept: Path) -> Material:
        """Random mixtures of the training, and others; kept in a file, since listening to them takes minutes."""
        if not kept.is_file():
            (clips, maps), (unseen, _) = (
                self.mixtures(TRAINING_MIXTURES, 100, MAPPED),
                self.mixtures(HELD_OUT_MIXTURES, 101, 1),
            )
            torch.save((clips, maps, unseen), kept)
        clips, maps, unseen = torch.load(kept, weights_only=True)
        return Material(self.separator, clips, unseen.flatten(0, 1), maps, self.questions)

    @torch.no_grad()
    def mixtures(self, count: int, seed: int, mapped: int) -> tuple[Tensor, Tensor]:
        """The trunk's output on random mixtures `[count, steps, channels]`, and the first ones' maps in half precision."""
        maker, mdct, found, maps = MixtureMaker(self.corpus), Mdct(), [], []
        for item in range(count):
            sound = maker.draw(np.random.default_rng((seed, item)), FRAMES * HOP).clips.sum(0)
            known = self.separator.trunk_and_detail(self.levels(mdct(torch.from_numpy(sound)[None, None])))
            found.append(known[0])
            if item < mapped:
                maps.append(known[1].half())
        return torch.cat(found), torch.cat(maps)

    @torch.no_grad()
    def levels(self, latents: Tensor) -> Tensor:
        """`[clips, latents, frames]` -> levels of bands as the trunk reads them, `[clips, bands, steps]`."""
        return torch.cat([self.separator.listening(part)[0] for part in latents.split(16)])

    @torch.no_grad()
    def trunk(self, levels: Tensor) -> Tensor:
        """`[clips, bands, steps]` -> `[clips, steps, channels]`."""
        return torch.cat([self.separator.trunk(part).transpose(1, 2) for part in levels.split(16)])

    def task(self, concept: Concept) -> Task:
        """A concept's training mixtures, held-out sound and clips for probes."""
        with_, without = self._recordings(concept, RECORDINGS)
        generator = torch.Generator().manual_seed(5)
        pool = analyse_mixtures(self.separator, draw_mixtures(with_, without, MIXTURES, 688, generator))
        known, tests = self.probed(concept)
        known_levels, tests_levels = _each(self.levels, [known])[0], _each(self.levels, tests)
        return Task(
            concept,
            pool,
            held_out(self.separator, *tests[0]),
            (self.trunk(self.levels(torch.stack(with_))), self.trunk(self.levels(torch.stack(without)))),
            _each(self.trunk, [known_levels])[0],
            _each(self.trunk, tests_levels),
            _each(self._mel, [known_levels])[0],
            _each(self._mel, tests_levels),
        )

    def probed(self, concept: Concept) -> tuple[Sides, list[Sides]]:
        """Latents of clips that probes learn from, and are tested on: solos, then mixtures. `[clips, latents, frames]` each."""
        held = Corpus(self.corpora, ("phrases",) if SPEECH in concept.labels else ("banks",))
        mdct = Mdct()
        wanted, rest = (
            mdct(draw(held, concept, CLIPS, seed)[:, None])
            for draw, seed in ((clips_of, 2), (clips_without, 3))
        )
        with_, without = (torch.stack(side) for side in self._recordings(concept, PROBED))
        return (with_, without), [(wanted, rest), (wanted + rest.roll(1, 0), rest + rest.roll(1, 0))]

    def _mel(self, levels: Tensor) -> Tensor:
        """The long window's bands alone. `[clips, bands, steps]` -> `[clips, steps, bands]`."""
        return levels[:, : self.separator.config.bands[0]].transpose(1, 2)

    def _recordings(self, concept: Concept, count: int) -> tuple[list[Tensor], list[Tensor]]:
        mdct = Mdct()
        with_, without = (
            list(mdct(draw(self.corpus, concept, count, seed=10 + count)[:, None]))
            for draw in (clips_of, clips_without)
        )
        return with_, without

    def ceiling(self, task: Task) -> JsonObject:
        """The query's 832 numbers fitted to the same clips."""
        with_, without = self._recordings(task.concept, RECORDINGS)
        learned, checked = (with_[2:], without[2:]), (with_[:2], without[:2])
        fitted = fit_query(self.separator, self.bank.starts, learned, checked, QueryOptions(), seed=0)
        return measured(
            self.separator, task.sounds, lambda trunk, maps: self._ask(trunk, maps, fitted.query)
        ) | {"start": fitted.start}

    def moves(self, task: Task, dictionary: Dictionary, seed: int) -> JsonObject:
        """Measurements of stops by several numbers of activities."""
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
            | (
                {"features": stop.indices.tolist(), "scales": [round(float(x), 4) for x in stop.scales]}
                if count == "32"
                else {}
            )
            for count, stop in stops
        }

    def _ask(self, trunk: Tensor, maps: Tensor, query: Tensor) -> Tensor:
        shares, _ = self.separator.head(trunk, maps, query.expand(len(trunk), -1))
        return shares

    def tells(self, task: Task, dictionary: Dictionary, seed: int) -> JsonObject:
        """AUROC by clips a side, on solos and on mixtures."""
        return tells_of(dictionary.encode, task.known, task.tests, seed)

    def controls(self, task: Task, seed: int) -> JsonObject:
        """Measurements of a stop by the concept's own direction, and the AUROC of levels of mel bands."""
        return {
            "difference of means": self.moves(task, direction(*task.learned), seed)["all"],
            "log-mel": tells_of(lambda x: x, task.known_levels, task.tests_levels, seed),
        }


def _each(apply: Callable[[Tensor], Tensor], sides: Sequence[Sides]) -> list[Sides]:
    return [(apply(with_), apply(without)) for with_, without in sides]


def tells_of(
    encode: Callable[[Tensor], Tensor], known: Sides, tests: Sequence[Sides], seed: int
) -> JsonObject:
    """AUROC by clips a side, on solos and on mixtures, of what `encode` makes of `[clips, steps, channels]`."""
    sides = pooled(encode, known[0]), pooled(encode, known[1])
    solos, mixtures = curve(sides, [(pooled(encode, a), pooled(encode, b)) for a, b in tests], seed)
    return {"counts": list(COUNTS), "solos": solos, "mixtures": mixtures}


class Cells:
    """The figures, by dictionary, seed and concept; written after each cell."""

    def __init__(self, experiment: Experiment, figures: JsonObject, out: Path) -> None:
        self.experiment, self.figures, self.out = experiment, figures, out
        self.rows: list[JsonObject] = figures.setdefault("cells", [])

    def measure(self, made: Sequence[tuple[int, Sequence[Dictionary]]]) -> None:
        """Every concept by every seed's dictionaries. One concept's sounds are held at a time: gigabytes."""
        rows = [(seed, each, self._row(seed, each)) for seed, of in made for each in of]
        for concept in CONCEPTS:
            left = [(seed, each, row) for seed, each, row in rows if concept.name not in row["concepts"]]
            if left:
                task = self.experiment.task(concept)
                self._beside(task, sorted({seed for seed, _, _ in left}))
            for seed, dictionary, row in left:
                row["concepts"][concept.name] = {
                    "moves": self.experiment.moves(task, dictionary, seed),
                    "tells": self.experiment.tells(task, dictionary, seed),
                }
                write_json(self.out, self.figures)

    def _row(self, seed: int, dictionary: Dictionary) -> JsonObject:
        key = {"seed": seed, "dictionary": dictionary.name, "draw": dictionary.draw}
        for row in self.rows:
            if {name: row[name] for name in key} == key:
                return row
        self.rows.append(key | {"about": dictionary.about, "concepts": {}})
        return self.rows[-1]

    def _beside(self, task: Task, seeds: Sequence[int]) -> None:
        ceilings, controls = self.figures.setdefault("ceiling", {}), self.figures.setdefault("controls", {})
        name = task.concept.name
        if name not in ceilings:
            ceilings[name] = self.experiment.ceiling(task)
        own = controls.setdefault(name, {})
        for seed in seeds:
            if str(seed) not in own:
                own[str(seed)] = self.experiment.controls(task, seed)


def run(folder: Path, corpora: Sequence[Path], out: Path, seeds: Sequence[int]) -> None:
    """Every seed's first dictionaries, then the others of the first seed."""
    bank, separator = load_separated_bank(folder), sha256_file(folder / SEPARATOR_FILE)
    stored = json.loads(out.read_text()) if out.is_file() else {}
    figures: JsonObject = stored if stored.get("separator") == separator else {"separator": separator}
    figures["about"] = {"features": FEATURES, "k": K, "steps": STEPS, "clips": CLIPS}
    cells = Cells(Experiment(bank, corpora), figures, out)
    material = cells.experiment.material(out.with_suffix(".material.pt"))
    cells.measure([(seed, first_dictionaries(material, seed)) for seed in seeds])
    cells.measure([(seeds[0], other_dictionaries(material, seeds[0]))])


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
