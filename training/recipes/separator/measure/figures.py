"""What the shipped stops do on held-out sound.

python -m training.recipes.separator.measure.figures BANK OUT.json --corpus FOLDER ...

Three kinds of held-out sound: new phrases of timbres that the training heard; sound banks that it never heard; recorded guitars
and singers that it never heard. The other part of a mixture comes from the same kind, for recordings from the banks.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.files import write_json
from drawstop.types import JsonObject
from training.banks.bank import bank_fingerprint
from training.banks.separated_bank import SeparatedBank, load_separated_bank
from training.banks.separated_edit import AnalysisCache, RandomSeparatedEdit, SeparatedEdit
from training.metrics.bootstrap import mean_of
from training.metrics.separation import decibels, si_sdr
from training.recipes.separator.corpus.held_out import clips_of, clips_without, concept_of
from training.recipes.separator.corpus.mixtures import Corpus
from training.separation.mdct import HOP, Mdct

CLIPS = 60
DRAWS = 5
KINDS = {
    "phrases": (("phrases",), ("phrases",)),
    "banks": (("banks",), ("banks",)),
    "recorded": (("guitars", "singers"), ("banks",)),
}
"""For each kind of held-out sound, the splits of the concept's clips and of the others'."""
VALUES = (-0.25, -0.5, -0.75, -1.0)


def figures_of(bank: SeparatedBank, corpora: Sequence[Path]) -> JsonObject:
    """Per stop and kind of held-out sound: means with 95 % intervals, in dB."""
    figures: JsonObject = {}
    for stop in bank.stops:
        alone = replace(bank, stops=(stop,))
        for kind, (own, others) in KINDS.items():
            held_out = Corpus(corpora, own)
            concept = concept_of(stop.name)
            if not set(held_out.clips) & concept.labels:
                continue
            wanted = clips_of(held_out, concept, CLIPS, seed=2)
            rest = clips_without(Corpus(corpora, others), concept, CLIPS, seed=3)
            cell = measured(alone, wanted, rest) | {"solo_falls_with_all_db": all_at_once(bank, wanted)}
            figures.setdefault(stop.slug, {})[kind] = cell
    return figures


@torch.no_grad()
def all_at_once(bank: SeparatedBank, wanted: Tensor) -> JsonObject:
    """The fall of a concept's solos with every stop of the bank at -1, in dB. Sound `[clips, samples]`."""
    latents = Mdct()(wanted[:, None])
    left = SeparatedEdit(bank)(latents, [-1.0] * len(bank.stops))
    return estimate(-decibels(left.flatten(1), latents.flatten(1)))


@torch.no_grad()
def measured(bank: SeparatedBank, wanted: Tensor, rest: Tensor, draws: int = DRAWS) -> JsonObject:
    """One stop at -1, alone, beside equally loud others, and on others alone. Sounds `[clips, samples]`."""
    mdct = Mdct()
    latents = {name: mdct(sound[:, None]) for name, sound in (("wanted", wanted), ("rest", rest))}
    mixed = latents["wanted"] + latents["rest"]
    cache = AnalysisCache(bank.separator, most=3)
    edits: dict[str, list[SeparatedEdit]] = {
        "stop": [SeparatedEdit(bank, cache)],
        "random": [RandomSeparatedEdit(bank, 1000 + d, cache) for d in range(draws)],
    }

    def played(edit: SeparatedEdit, z: Tensor, value: float = -1.0) -> Tensor:
        return mdct.inverse(edit(z, [value]))[:, 0, HOP:]

    truth = rest[:, :-HOP]
    before = si_sdr((wanted + rest)[:, :-HOP], truth)
    figures: JsonObject = {"clips": len(wanted)}
    for name, drawn in edits.items():
        gains = [si_sdr(played(edit, mixed), truth) - before for edit in drawn]
        falls = [-decibels(played(edit, latents["wanted"]), wanted[:, :-HOP]) for edit in drawn]
        spared = [-decibels(played(edit, latents["rest"]), truth) for edit in drawn]
        for key, values in (("rest_gains_db", gains), ("solo_falls_db", falls), ("others_fall_db", spared)):
            figures.setdefault(key, {})[name] = estimate(torch.stack(values).mean(0))
    levels = [
        -decibels(played(edits["stop"][0], latents["wanted"], value), wanted[:, :-HOP]) for value in VALUES
    ]
    figures["solo_falls_by_value_db"] = {
        f"{v:g}": estimate(level) for v, level in zip(VALUES, levels, strict=True)
    }
    return figures


def estimate(values: Tensor) -> JsonObject:
    """Mean with its 95 % interval, and median, of a value a clip. `[clips]`."""
    return asdict(mean_of(values.double().numpy())) | {"median": round(float(values.median()), 3)}


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description="Measure the shipped stops on held-out sound.")
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    figures = figures_of(load_separated_bank(arguments.bank), arguments.corpus)
    write_json(arguments.out, {"bank": bank_fingerprint(arguments.bank), "stops": figures})


if __name__ == "__main__":
    main()
