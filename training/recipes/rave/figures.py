"""The demo's figures: what each kind of stop does on held-out phrases, with intervals, bounds and a random control.

    python -m training.recipes.rave.figures --run runs/demo --rave training/demo/rave.ts --bank training/demo/bank \\
        --out training/demo/figures.json
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drawstop.files import sha256_file, write_json
from drawstop.types import JsonObject
from training.banks.bank import bank_fingerprint, load_bank
from training.classifiers.classifier import Classifier, example_classifiers, predict
from training.evaluation.playback import edits
from training.evaluation.playback.edits import LatentEdit
from training.metrics import pitch
from training.metrics.audio import distance_recovered, mean_with_interval
from training.metrics.predictions import Predictions
from training.models.rave.batches import encode_clips, play_clips
from training.models.rave.model import RaveModel
from training.recipes import measures
from training.recipes.corpus.timbres import TARGETS, TIMBRES
from training.recipes.rave.bank import PHRASES
from training.recipes.rave.held_out_clips import CONCEPTS, HeldOutClips, draw_clips

ITEMS = 64
SOLO_CLIPS = 96
SWEEP = (0.0, 0.25, 0.5, 0.75, 1.0)
OTHER = {"guitar": "voice", "voice": "guitar"}
AS_OTHER = {"guitar": "guitar_as_voice", "voice": "voice_as_guitar"}
CONTROL_SEED = 7
TOGGLED = ("gated", "static fitted", "random (control)")
KINDS = (*TOGGLED, "static ranked", "difference of means", "free linear map (bound)")
SETS = ("known", "held_out")


class Playback:
    """Held-out clips with classifiers: plays edits on them and measures what comes out."""

    def __init__(self, model: RaveModel, clips: HeldOutClips, classifiers: list[Classifier]) -> None:
        self.model, self.clips, self.classifiers = model, clips, classifiers
        self.at_rest = {key: self._predict(sound) for key, sound in clips.rendered.items()}
        self.true_mixtures = {
            other: clips.sound(model, clips.latents[other] + clips.latents[AS_OTHER[other]])
            for other in AS_OTHER
        }
        self.pitches = {key: pitch.track(clips.originals[key]) for key in (*CONCEPTS, "mixture")}
        self.pitches_in_true_renderings = {
            other: pitch.track(clips.rendered[AS_OTHER[other]]) for other in AS_OTHER
        }
        self.heard_in_true_mixtures = {key: self._predict(sound) for key, sound in self.true_mixtures.items()}

    def _predict(self, audio: Tensor) -> dict[str, Predictions]:
        return predict(self.classifiers, audio, self.model.rates.sample_rate)

    def gates(self) -> JsonObject:
        """What the model keeps, before any stop: what the classifiers detect in it, its pitches, its spectrum, its additivity."""
        clips = self.clips
        pitch_kept = {
            key: pitch.pitch_kept(self.pitches[key], pitch.track(clips.rendered[key])) for key in self.pitches
        }
        spectrum = {
            key: measures.beside_noise(clips.originals[key], clips.rendered[key]) for key in self.pitches
        }
        predictions = {
            classifier: {
                concept: measures.classifier_auroc(self.at_rest, classifier, concept, OTHER[concept])
                for concept in CONCEPTS
            }
            for classifier in (each.name for each in self.classifiers)
        }
        level = {
            key: measures.level_difference(clips.rendered[key], clips.originals[key]) for key in spectrum
        }
        return {
            "auroc_on_reconstructions": predictions,
            "pitch_kept": pitch_kept,
            "spectral_distance": spectrum,
            "additivity_error": round(clips.additivity, 4),
            "level_db": level,
        }

    def minus(self, edit: LatentEdit, concept: str) -> JsonObject:
        """-1: the concept in solos and mixtures, and what becomes of the other."""
        other, values = OTHER[concept], {concept: -1.0}
        solo, mixed = self._played(edit, concept, values), self._played(edit, "mixture", values)
        own, lead = self.clips.latents[other], self.clips.lead
        changed = measures.share_of_energy((edit(own, values) - own)[..., lead:], own[..., lead:])
        rest = self.at_rest
        heard_solo, heard_mixed = self._predict(solo), self._predict(mixed)
        oracle = self.clips.sound(self.model, self.clips.latents["mixture"] - self.clips.latents[concept])
        return {
            "solos": measures.still_detected(rest[concept], heard_solo, concept),
            "mixtures": measures.still_detected(rest["mixture"], heard_mixed, concept),
            "other_in_mixtures": measures.still_detected(rest["mixture"], heard_mixed, other),
            "other_solo_energy_changed": changed,
            "way_to_oracle": distance_recovered(
                self.clips.rendered["mixture"], mixed, oracle, self.clips.rendered[other]
            ),
        }

    def plus(self, edit: LatentEdit, concept: str) -> JsonObject:
        """+1 on solos of the other, where the concept is absent."""
        other = OTHER[concept]
        played = self._played(edit, other, {concept: 1.0})
        return {
            "heard": self._detected(self._predict(played), concept),
            "heard_at_rest": self._detected(self.at_rest[other], concept),
            "heard_in_a_true_mixture": self._detected(self.heard_in_true_mixtures[other], concept),
            "level_db_to_true_mixture": measures.level_difference(played, self.true_mixtures[other]),
        }

    def toggle(self, edit: LatentEdit, concept: str) -> JsonObject:
        """A phrase of the other instrument: the other -1, the concept +1; beside the true rendering of the notes."""
        other = OTHER[concept]
        played = self._played(edit, other, {other: -1.0, concept: 1.0})
        true = self.clips.rendered[AS_OTHER[other]]
        predictions = self._predict(played)
        return {
            "heard": {name: self._detected(predictions, name) for name in CONCEPTS},
            "heard_in_true_rendering": {
                name: self._detected(self.at_rest[AS_OTHER[other]], name) for name in CONCEPTS
            },
            "distance_lower": measures.distance_lower(self.clips.rendered[other], played, true),
            "pitch_kept": pitch.pitch_kept(self.pitches[other], pitch.track(played)),
            "pitch_kept_in_true_rendering": pitch.pitch_kept(
                self.pitches[other], self.pitches_in_true_renderings[other]
            ),
            "level_db_to_true_rendering": measures.level_difference(played, true),
        }

    def sweep(self, edit: LatentEdit, concept: str) -> JsonObject:
        """Spearman's correlation of the classifiers' logits with five values on each side, per recording."""
        sides = {"minus": ("mixture", -1.0), "plus": (OTHER[concept], 1.0)}
        return {
            side: measures.monotone(
                [
                    self._predict(self._played(edit, key, {concept: sign * value}))
                    if value
                    else self.at_rest[key]
                    for value in SWEEP
                ],
                [sign * value for value in SWEEP],
                concept,
            )
            for side, (key, sign) in sides.items()
        }

    def together(self, edit: LatentEdit) -> JsonObject:
        """Both stops at once: the share of each one's own edit that is still done, on mixtures."""
        z, lead = self.clips.latents["mixture"], self.clips.lead
        figures: JsonObject = {}
        for signs in ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)):
            values = dict(zip(CONCEPTS, signs, strict=True))
            both = (edit(z, values) - z)[..., lead:]
            for name, other in OTHER.items():
                alone, rest = ((edit(z, {n: values[n]}) - z)[..., lead:] for n in (name, other))
                rest = both - rest
                share = (rest * alone).sum((1, 2)) / alone.square().sum((1, 2)).clamp(min=1e-9)
                key = " ".join(f"{n}{int(v):+d}" for n, v in values.items())
                figures.setdefault(key, {})[name] = mean_with_interval(share)
        return figures

    def _played(self, edit: LatentEdit, key: str, values: Mapping[str, float]) -> Tensor:
        return self.clips.sound(self.model, edit(self.clips.latents[key], values))

    def _detected(self, predictions: Mapping[str, Predictions], concept: str) -> JsonObject:
        return {
            classifier: measures.share_detected(answer, concept) for classifier, answer in predictions.items()
        }


def measure_set(
    demo: Path,
    corpus: Path,
    rave: Path,
    bank_folder: Path,
    timbres: str,
    seed: int,
    items: int,
    wanted: Sequence[str],
) -> JsonObject:
    """Every cell of the wanted kinds for the known or the held-out timbres, on one thread."""
    torch.set_num_threads(1)
    model = RaveModel(rave)
    bank = load_bank(bank_folder, model.fingerprint)
    solos = edits.solo_statistics(bank.sae, fitting_latents(model, corpus, seed))
    kinds = {
        "gated": edits.by_bank(bank),
        "static fitted": edits.static(bank),
        "static ranked": edits.ranked(bank, solos),
        "difference of means": edits.difference_of_means(bank, solos),
        "free linear map (bound)": edits.free_map(bank, solos),
        "random (control)": edits.random_like(bank, CONTROL_SEED + seed),
    }
    clips = draw_clips(model, corpus, TARGETS, timbres == "held_out", items, seed)
    playback = Playback(model, clips, example_classifiers(demo))
    cells: JsonObject = {"gates": playback.gates()}
    for kind, edit in kinds.items():
        if kind not in wanted:
            continue
        for concept in CONCEPTS:
            print(timbres, kind, concept, flush=True)
            own = cells.setdefault(concept, {}).setdefault(kind, {})
            own["minus"] = playback.minus(edit, concept)
            own["plus"] = playback.plus(edit, concept)
            if kind in TOGGLED:
                own["toggle"] = playback.toggle(edit, concept)
    shipped = kinds["gated"]
    cells["sweep"] = {concept: playback.sweep(shipped, concept) for concept in CONCEPTS}
    cells["together"] = playback.together(shipped)
    silent = encode_clips(model, torch.zeros(1, 1, model.rates.sample_rate))
    silence = play_clips(model, shipped(silent, {"guitar": -1.0, "voice": 1.0}))
    cells["silence_peak"] = float(silence.abs().max())
    return cells


def fitting_latents(model: RaveModel, corpus: Path, seed: int) -> dict[str, Tensor]:
    """Latents of some solos that the stops were fitted on, by concept."""
    rng = np.random.default_rng(seed)
    latents = {}
    for concept in CONCEPTS:
        names = [t.name for t in TIMBRES if t.concept == concept and not t.held_out]
        clips = [
            np.load(corpus / f"{names[i % len(names)]}.npy", mmap_mode="r")[rng.integers(PHRASES)]
            for i in range(SOLO_CLIPS)
        ]
        audio = torch.from_numpy(np.stack(clips).astype(np.float32) / 32767)
        latents[concept] = encode_clips(model, audio[:, None])
    return latents


def main() -> None:
    """Command line: measure everything, write JSON."""
    parser = argparse.ArgumentParser(description="Measure the demo's stops.")
    parser.add_argument("--run", type=Path, default=Path("runs/demo"))
    parser.add_argument("--demo", type=Path, default=Path("training/demo"))
    parser.add_argument("--rave", type=Path, default=None)
    parser.add_argument("--bank", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("training/demo/figures.json"))
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rave, bank = options.rave or options.demo / "rave.ts", options.bank or options.demo / "bank"
    jobs = [
        (
            options.demo,
            options.run / "corpus",
            rave,
            bank,
            timbres,
            options.seed,
            options.items,
            options.kinds,
        )
        for timbres in SETS
    ]
    with multiprocessing.get_context("spawn").Pool(len(jobs)) as pool:
        cells = pool.starmap(measure_set, jobs, chunksize=1)
    head = {"items": options.items, "rave": sha256_file(rave), "bank": bank_fingerprint(bank)}
    write_json(options.out, head | dict(zip(SETS, cells, strict=True)))


if __name__ == "__main__":
    main()
