"""Guitar music with a male voice, by the shipped model: `python -m training.recipes.duet.shipped RUN OUT.json`.

Stops for men and women, and a guitar that can be brought in, are found on the duet's training phrases with the shipped
separator; then the three ways to a guitar with a male voice are measured on unseen phrases, of timbres that were learned and of
held-out ones, by two classifiers, beside random edits and true mixtures. What RUN has already isn't made again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.audio.files import read_audio
from drawstop.files import sha256_file, write_json
from drawstop.types import JsonObject
from training.banks.bank import SEPARATOR_FILE
from training.banks.separated_bank import SeparatedBank, load_separated_bank, save_separated_bank
from training.banks.separated_edit import RandomSeparatedEdit, SeparatedEdit
from training.classifiers.classifier import Classifier, MusicnnClassifier, NetworkClassifier, predict
from training.classifiers.musicnn import load_musicnn
from training.classifiers.network import load_classifier
from training.evaluation.experiments.several_stops.duet import CASES, FEMALE, GUITAR, MALE
from training.find.separated.find import SeparatedFindOptions, find_separated_stop
from training.metrics.bootstrap import mean_of
from training.models.rave.model import RaveModel
from training.recipes.corpus.corpus import render_corpus
from training.recipes.corpus.timbres import TIMBRES
from training.recipes.duet.classifier import train_duet_classifier
from training.recipes.duet.labelled import write_labelled
from training.recipes.duet.timbres import LABELS
from training.recipes.rave.bank import NEITHER, printed
from training.recipes.separator.train import SAMPLE_RATE
from training.separation.grains import library_of
from training.separation.mdct import HOP, Mdct
from training.shipped import EXAMPLE_FOLDER, SHIPPED_BANK, SHIPPED_RAVE

TAGGER = EXAMPLE_FOLDER / "tagger.safetensors"
CONCEPTS = (GUITAR, MALE, FEMALE)
CLIPS, DRAWS = 24, 5
LEARNED = 12
"""Recordings of each timbre that a stop is found on."""

Sounds = dict[str, list[Path]]


def recordings(labelled: Path, split: str) -> Sounds:
    """The files of each label, timbre by timbre in turn."""
    return {
        label: sorted((labelled / split / label).glob("*/*.flac"), key=_phrase_then_timbre)
        for label in (*CONCEPTS, NEITHER)
    }


def make_bank(labelled: Path) -> SeparatedBank:
    """The shipped guitar, which plays grains of guitars at +1 here, and a stop for men and one for women."""
    model, bank = RaveModel(SHIPPED_RAVE), load_separated_bank(SHIPPED_BANK)
    learned = recordings(labelled, "train")
    guitars = [torch.from_numpy(read_audio(path, SAMPLE_RATE, 1)[0][0]) for path in _some(learned[GUITAR])]
    stops = [replace(bank.stop(GUITAR), grains=library_of(guitars, SAMPLE_RATE))]
    for name in (MALE, FEMALE):
        own = _some(learned[name])
        others = [path for label, paths in learned.items() if label != name for path in paths]
        others = sorted(others, key=_phrase_then_timbre)[: len(own)]
        options = SeparatedFindOptions(brings_in=True)
        stops.append(find_separated_stop(model, bank, name, own, others, options, printed(name)))
    return replace(bank, stops=tuple(stops))


def _some(paths: Sequence[Path]) -> list[Path]:
    """The first LEARNED phrases of each timbre."""
    return list(paths[: LEARNED * len({path.parent for path in paths})])


def _phrase_then_timbre(path: Path) -> tuple[str, str]:
    return path.stem, path.parent.name


def clips(paths: Sequence[Path], rate: int) -> Tensor:
    """The first CLIPS recordings at a root mean square of 0.08, `[clips, samples]`."""
    sounds = [torch.from_numpy(read_audio(path, rate, 1)[0][0]) for path in paths[:CLIPS]]
    length = min(len(sound) for sound in sounds) // (4 * HOP) * 4 * HOP
    stacked = torch.stack([sound[:length] for sound in sounds])
    return stacked * (0.08 / stacked.square().mean(1, keepdim=True).sqrt().clamp(min=1e-6))


@torch.no_grad()
def measured(bank: SeparatedBank, classifiers: Sequence[Classifier], solos: dict[str, Tensor]) -> JsonObject:
    """How often each classifier detects each concept: before, with stops, with random edits, in true mixtures."""
    rate, mdct = bank.separator.sample_rate, Mdct()
    edits: dict[str, Sequence[SeparatedEdit]] = {
        "stop": [SeparatedEdit(bank)],
        "random": [RandomSeparatedEdit(bank, 300 + draw) for draw in range(DRAWS)],
    }

    def mixture(sounding: frozenset[str]) -> Tensor:
        return torch.stack([solos[name].roll(turn, 0) for turn, name in enumerate(sorted(sounding))]).sum(0)

    def shares(sounds: Sequence[Tensor]) -> JsonObject:
        answers = [predict(classifiers, sound, rate) for sound in sounds]
        return {
            classifier.name: {
                concept: asdict(
                    mean_of(
                        torch.stack([each[classifier.name].of(concept)[0].double() for each in answers])
                        .mean(0)
                        .numpy()
                    )
                )
                for concept in CONCEPTS
            }
            for classifier in classifiers
        }

    figures: JsonObject = {"clips": len(solos[GUITAR]), "draws": DRAWS, "cases": {}}
    for case in CASES:
        before = mixture(case.before) if case.before else solos[NEITHER]
        values = [case.values.get(stop.name, 0.0) for stop in bank.stops]
        latents = mdct(before[:, None])
        cell: JsonObject = {"before": shares([before])}
        for name, drawn in edits.items():
            cell[name] = shares([mdct.inverse(edit(latents, values))[:, 0, HOP:] for edit in drawn])
        figures["cases"][case.title] = cell
    figures["true mixtures"] = shares([mixture(frozenset({GUITAR, MALE}))])
    return figures


def main() -> None:
    """Command line: RUN OUT.json."""
    parser = argparse.ArgumentParser(description="Guitar music with a male voice, by the shipped model.")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run: Path = arguments.run
    corpus, labelled, folder = run / "corpus", run / "labelled", run / "shipped-bank"
    judge = run / "shipped-judge.safetensors"
    render_corpus(corpus, timbres=[timbre for timbre in TIMBRES if timbre.name in LABELS])
    write_labelled(corpus, labelled)
    if not folder.is_dir():
        save_separated_bank(folder, make_bank(labelled))
    if not judge.is_file():
        train_duet_classifier(SHIPPED_RAVE, labelled, judge, seed=0)
    bank = load_separated_bank(folder)
    rate, tests = bank.separator.sample_rate, recordings(labelled, "test")
    solos = {label: clips(paths, rate) for label, paths in tests.items()}
    tagger = MusicnnClassifier(load_musicnn(TAGGER), CONCEPTS)
    learned = {label: clips(paths, rate) for label, paths in recordings(labelled, "train").items()}
    labels = torch.tensor(
        [[label == concept for concept in CONCEPTS] for label in learned for _ in learned[label]]
    )
    tagger.calibrate(torch.cat(list(learned.values())), rate, labels)
    figures = measured(bank, [NetworkClassifier(load_classifier(judge)), tagger], solos)
    write_json(arguments.out, {"separator": sha256_file(folder / SEPARATOR_FILE)} | figures)


if __name__ == "__main__":
    main()
