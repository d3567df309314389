"""A training run's averaged weights as the shipped bank: python -m training.recipes.separator.bank RUN BANK --corpus FOLDER ...

The queries of the concepts that it was trained on become the starts of new stops; those of guitar and voice its stops.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drawstop.files import sha256_file
from training.banks.separated_bank import SHALLOWEST_DB, SeparatedBank, SeparatedStop, save_separated_bank
from training.find.separated.measure import depth_of
from training.recipes.separator.corpus.concepts import SINGING, Label
from training.recipes.separator.corpus.held_out import clips_of, concept_of
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.train import CHECKPOINT, LOG, SAMPLE_RATE, Questions
from training.separation.grains import GrainLibrary, library_of
from training.separation.mdct import Mdct
from training.separation.separator import SeparatorConfig
from training.shipped import SHIPPED_RAVE

STOPS = ("guitar", "voice")
GRAINS_OF: dict[str, Label] = {"voice": SINGING}
"""Clips that a stop's grains come from. A guitar isn't brought in: classifiers didn't tell it from the control (`brought`)."""
RECORDINGS = 12
CALIBRATED = 40
"""Training clips whose median fall is a stop's depth: it shapes the way down and enters no figure."""


def trained(run: Path) -> tuple[Questions, list[str], int]:
    """The averaged network of a run, the names of its queries' concepts, and the step."""
    saved = torch.load(run / CHECKPOINT, weights_only=True)
    questions = Questions(SeparatorConfig(), len(saved["concepts"]))
    averaged = torch.optim.swa_utils.AveragedModel(questions, use_buffers=True)
    averaged.load_state_dict(saved["averaged"])
    questions.load_state_dict(averaged.module.state_dict())
    return questions.eval().requires_grad_(False), saved["concepts"], saved["step"]


def make_bank(run: Path, corpus: Corpus) -> SeparatedBank:
    """The bank of a run, with the stops of STOPS."""
    questions, names, step = trained(run)
    log = [json.loads(line) for line in (run / LOG).read_text().splitlines()]
    starts_at = [each["seconds"] for each in log]
    hours = round(sum(max(0.0, b - a) for a, b in pairwise([0.0, *starts_at])) / 3600, 1)
    queries = questions.queries()
    starts = {name: queries[index].half().float() for index, name in enumerate(names)}
    provenance = {"steps": step, "concepts": len(names), "hours": hours, "trained_on": "see LICENSES.md"}
    bank = SeparatedBank(questions.separator, (), sha256_file(SHIPPED_RAVE), starts, provenance)
    for name in STOPS:
        stop = SeparatedStop(name, name, starts[name], SHALLOWEST_DB)
        if name in GRAINS_OF:
            stop = replace(stop, grains=library(corpus, GRAINS_OF[name]))
        depth = depth_of(replace(bank, stops=(stop,)), _solos(corpus, name))
        bank = bank.with_stop(replace(stop, depth_db=depth))
    return bank


def library(corpus: Corpus, label: Label) -> GrainLibrary:
    """Grains of some of a label's clips."""
    clips = corpus.clips[label]
    chosen = np.random.default_rng(5).permutation(len(clips))[:RECORDINGS]
    return library_of(
        [torch.from_numpy(corpus.read(clips[i], 0, clips[i].samples)) for i in chosen], SAMPLE_RATE
    )


def _solos(corpus: Corpus, concept: str) -> Tensor:
    return Mdct()(clips_of(corpus, concept_of(concept), CALIBRATED, seed=1)[:, None])


def main() -> None:
    """Command line: RUN BANK."""
    parser = argparse.ArgumentParser(description="Write the shipped bank.")
    parser.add_argument("run", type=Path)
    parser.add_argument("bank", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    bank = make_bank(arguments.run, Corpus(arguments.corpus, ("train",)))
    save_separated_bank(arguments.bank, bank)


if __name__ == "__main__":
    main()
