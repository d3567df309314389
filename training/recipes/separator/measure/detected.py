"""What classifiers still detect: python -m training.recipes.separator.measure.detected BANK OUT.json --corpus FOLDER ...

Two classifiers, a log-mel one and a published one, are run on held-out mixtures with a stop at -1 and with random queries,
and on solos while the stop goes down.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.files import write_json
from drawstop.types import JsonObject
from training.banks.bank import bank_fingerprint
from training.banks.separated_bank import SeparatedBank, load_separated_bank
from training.banks.separated_edit import AnalysisCache, RandomSeparatedEdit, SeparatedEdit
from training.classifiers.classifier import Classifier, example_classifiers, predict
from training.recipes.measures import monotone, still_detected
from training.recipes.separator.corpus.held_out import clips_of, clips_without, concept_of
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.measure.figures import CLIPS, KINDS, VALUES
from training.recipes.separator.train import SAMPLE_RATE
from training.separation.mdct import HOP, Mdct
from training.shipped import EXAMPLE_FOLDER


@torch.no_grad()
def detections(
    bank: SeparatedBank, wanted: Tensor, rest: Tensor, classifiers: Sequence[Classifier]
) -> JsonObject:
    """One stop on solos and on mixtures. Sounds `[clips, samples]`."""
    (stop,) = bank.stops
    mdct = Mdct()
    solos, mixtures = mdct(wanted[:, None]), mdct((wanted + rest)[:, None])
    cache = AnalysisCache(bank.separator, most=2)
    own, control = SeparatedEdit(bank, cache), RandomSeparatedEdit(bank, 77, cache)

    def answers(edit: SeparatedEdit, z: Tensor, value: float) -> Any:
        return predict(classifiers, mdct.inverse(edit(z, [value]))[:, 0, HOP:], SAMPLE_RATE)

    before = answers(own, mixtures, 0.0)
    way = [answers(own, solos, value) for value in (0.0, *VALUES)]
    return {
        "mixtures": still_detected(before, answers(own, mixtures, -1.0), stop.name),
        "mixtures, random": still_detected(before, answers(control, mixtures, -1.0), stop.name),
        "solos": still_detected(way[0], way[-1], stop.name),
        "logits by value": monotone(way, [0.0, *VALUES], stop.name),
    }


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description="Ask classifiers what they still detect at -1.")
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bank, classifiers = load_separated_bank(arguments.bank), example_classifiers(EXAMPLE_FOLDER)
    figures: JsonObject = {"bank": bank_fingerprint(arguments.bank), "clips": CLIPS}
    own, others = KINDS["recorded"]
    for stop in bank.stops:
        concept = concept_of(stop.name)
        wanted = clips_of(Corpus(arguments.corpus, own), concept, CLIPS, seed=2)
        rest = clips_without(Corpus(arguments.corpus, others), concept, CLIPS, seed=3)
        figures[stop.slug] = detections(replace(bank, stops=(stop,)), wanted, rest, classifiers)
    write_json(arguments.out, figures)


if __name__ == "__main__":
    main()
