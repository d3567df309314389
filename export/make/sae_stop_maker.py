"""Stops through a sparse autoencoder, for a user's own RAVE."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from drawstop.files import sha256_file
from drawstop.progress import Progress
from drawstop.types import JsonObject
from export.make.options import MakeRequest, StopRequest
from training.banks.bank import StopBank, load_bank, save_bank
from training.banks.control_edits import ConstantEdit
from training.classifiers.concept_classifier import train_concept_classifier
from training.evaluation.verdict.measure import measure
from training.evaluation.verdict.text import verdict
from training.find.rave.encoded_recordings import encode_file
from training.find.rave.find import find_stop
from training.find.rave.held_out_mixtures import unseen_clips
from training.find.rave.latent_sae import train_latent_sae


class SaeStopMaker:
    """An SAE of the recordings' latents, and stops made of its features."""

    def empty_bank(self, request: MakeRequest, work: Path, progress: Progress) -> StopBank:
        """A bank whose SAE was trained on every recording that no verdict is measured on."""
        model, frames = request.model, []
        paths = training_paths(request)
        for index, path in enumerate(paths):
            frames.append(encode_file(model, path))
            progress("encoding recordings", index + 1, len(paths))
        sae = train_latent_sae(
            model, frames, request.seed, request.options.sae_steps, progress, work / "sae.checkpoint"
        )
        provenance = {"seed": request.seed, "recordings": len(paths)}
        return StopBank(sae, (), model.fingerprint, provenance=provenance)

    def with_stop(
        self, request: MakeRequest, bank: StopBank, wanted: StopRequest, progress: Progress
    ) -> StopBank:
        """The bank with a stop found from the request's recordings."""
        paths = (wanted.with_paths, wanted.without_paths)
        stop = find_stop(request.model, bank.sae, wanted.name, *paths, request.find_options(wanted), progress)
        return bank.with_stop(stop)

    def measured(
        self, request: MakeRequest, bank: StopBank, wanted: StopRequest, progress: Progress
    ) -> JsonObject:
        """One stop's figures and verdict, by a classifier trained for it."""
        stop = bank.stop(wanted.name)
        classifier = train_concept_classifier(
            request.model,
            stop.name,
            *wanted.recordings("train", "validation"),
            request.options.classifier,
            lambda done, total: progress("training a classifier to measure it", done, total),
        )
        measured = measure(
            request.model,
            bank.sae,
            stop,
            classifier,
            unseen_clips(request.model, *wanted.recordings("test"), request.seed),
            request.seed,
            lambda done, total: progress("measuring", done, total),
        )
        judgement = verdict(measured, stop.metrics)
        return {
            "name": stop.name,
            "kind": stop.kind,
            "found": _finite(stop.metrics),
            "measured": measured,
            "verdict": judgement.to_json(),
        }

    def steered(self, bank: StopBank, slug: str, latents: Tensor, value: float) -> Tensor:
        """Latents with one stop moved."""
        return ConstantEdit(replace(bank, stops=(bank.stop(slug),)))(latents, [value])

    def load(self, folder: Path, fingerprint: str) -> StopBank:
        """Reads the bank back."""
        return load_bank(folder, fingerprint)

    def save(self, folder: Path, bank: StopBank) -> None:
        """Writes the bank, whole or not at all."""
        save_bank(folder, bank)


def training_paths(request: MakeRequest) -> list[Path]:
    """Every distinct recording once, without those that test any stop."""
    tested = {
        sha256_file(path) for wanted in request.stops for part in wanted.recordings("test") for path in part
    }
    paths: dict[str, Path] = {}
    for wanted in request.stops:
        for part in wanted.recordings("train", "validation"):
            for path in part:
                paths.setdefault(sha256_file(path), path)
    return [path for hash, path in paths.items() if hash not in tested]


def _finite(figures: JsonObject) -> JsonObject:
    """The figures with None for NaN and infinities, which JSON lacks."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in figures.items()
    }
