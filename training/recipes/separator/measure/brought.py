"""What +1 brings in: python -m training.recipes.separator.measure.brought BANK OUT.json --corpus FOLDER ...

A voice brought in while recorded guitars play, alone and with the guitar taken away. Three controls: the same rule with a library
of guitars, which any edit of this kind does; any moments of the voices, whatever plays, which follow nothing; and an equaliser
that gives guitars the voices' mean spectrum, which a classifier of spectra may take for a voice.
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
from training.banks.separated_edit import RandomSeparatedEdit, SeparatedEdit
from training.classifiers.classifier import Classifier, example_classifiers, predict
from training.metrics.bootstrap import mean_of
from training.metrics.separation import decibels
from training.recipes.separator.bank import library
from training.recipes.separator.corpus.concepts import GUITAR
from training.recipes.separator.corpus.held_out import clips_of, concept_of
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.train import SAMPLE_RATE
from training.separation.grains import GrainLibrary
from training.separation.listening import STEP
from training.separation.mdct import HOP, Mdct
from training.separation.pitch_keys import WINDOW, PitchKeys
from training.shipped import EXAMPLE_FOLDER

CLIPS = 60
BROUGHT, TAKEN = "voice", "guitar"


@torch.no_grad()
def brought_in(
    bank: SeparatedBank,
    control: GrainLibrary,
    gains: Tensor,
    sound: Tensor,
    classifiers: Sequence[Classifier],
) -> JsonObject:
    """The voice at +1 while guitars play, and with those taken away.

    Args:
        control: a library of guitars.
        gains: the equaliser's, `[latents]`.
        sound: guitars, `[clips, samples]`.
    """
    taken, brought = bank.stop(TAKEN), bank.stop(BROUGHT)
    both = replace(bank, stops=(taken, brought))
    edits = {
        "stop": SeparatedEdit(both),
        "other library": SeparatedEdit(replace(both, stops=(taken, replace(brought, grains=control)))),
        "random moments": RandomSeparatedEdit(both, 0),
    }
    mdct = Mdct()
    latents = mdct(sound[:, None])
    figures: JsonObject = {"clips": len(sound), "at 0": _described(classifiers, sound, sound)}
    for edit_name, edit in edits.items():
        for values_name, values in (("added", [0.0, 1.0]), ("toggled", [-1.0, 1.0])):
            if edit_name == "random moments" and values_name == "toggled":
                continue  # it would take something else away than the stop does
            played = mdct.inverse(edit(latents, values))[:, 0, HOP:]
            figures[f"{edit_name}, {values_name}"] = _described(classifiers, played, sound[:, :-HOP])
    equalised = mdct.inverse(latents * gains[:, None])[:, 0, HOP:]
    figures["equaliser"] = _described(classifiers, equalised, sound[:, :-HOP])
    return figures


def equaliser(corpus: Corpus) -> Tensor:
    """Gains of latents that give recorded guitars the mean spectrum of singers, of training clips. `[latents]`."""
    mdct = Mdct()
    spectra = [
        mdct(clips_of(corpus, concept_of(name), CLIPS, seed=5)[:, None]).square().mean((0, 2))
        for name in ("singer", "recorded guitar")
    ]
    return (spectra[0] / spectra[1].clamp(min=1e-9)).sqrt()


def _described(classifiers: Sequence[Classifier], played: Tensor, input_sound: Tensor) -> JsonObject:
    """How often each classifier detects each concept, how like the input's the notes are (0 to 1), and the change of level."""
    figures: JsonObject = {"detected": {}}
    for classifier, predictions in predict(classifiers, played, SAMPLE_RATE).items():
        for concept in ("guitar", "voice"):
            detected = predictions.of(concept)[0].double().numpy()
            figures["detected"].setdefault(concept, {})[classifier] = asdict(mean_of(detected))
    figures["notes_alike"] = asdict(mean_of(_notes_alike(played, input_sound).double().numpy()))
    figures["level_db"] = asdict(mean_of(decibels(played, input_sound).double().numpy()))
    return figures


def _notes_alike(first: Tensor, second: Tensor) -> Tensor:
    """Mean cosine of two sounds' pitch saliences, moment by moment. `[clips, samples]` twice -> `[clips]`."""
    keys = [PitchKeys(SAMPLE_RATE)(sound.unfold(1, WINDOW, 4 * STEP))[0] for sound in (first, second)]
    return (keys[0] * keys[1]).sum(-1).mean(-1)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description="Measure what +1 brings in.")
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bank = load_separated_bank(arguments.bank)
    classifiers = example_classifiers(EXAMPLE_FOLDER)
    sound = clips_of(Corpus(arguments.corpus, ("guitars",)), concept_of("recorded guitar"), CLIPS, seed=4)
    training = Corpus(arguments.corpus, ("train",))
    control = library(training, GUITAR)
    figures = brought_in(bank, control, equaliser(training), sound, classifiers)
    write_json(arguments.out, {"bank": bank_fingerprint(arguments.bank), BROUGHT: figures})


if __name__ == "__main__":
    main()
