"""The steps of `drawstop make`; each is stored when it is done, so that a second start resumes after it."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop import __version__
from drawstop.audio_files import write_audio
from drawstop.files import sha256_file, write_json
from drawstop.progress import Progress
from export.instrument.bake import bake
from export.make.options import BANK, CLIPS, FIGURES, INSTRUMENT, PATCHES, UNFINISHED, Request, StopRequest
from export.patches.write import write_package
from training.banks.bank import STOPS_FILE, StopBank, bank_fingerprint, load_bank, save_bank
from training.banks.control_edits import BankEdit
from training.banks.stop import Stop
from training.classifiers.concept_classifier import train_concept_classifier
from training.data.recordings import load
from training.evaluation.verdict.measure import measure
from training.evaluation.verdict.text import verdict
from training.find.rave.encoded_recordings import encode_file
from training.find.rave.find import find_stop
from training.find.rave.held_out_mixtures import unseen_clips
from training.find.rave.make_bank import train_latent_sae
from training.models.rave.model import RaveModel, fixed_threads

CLIP_SECONDS = 6.0

Figures = dict[str, Any]


def make_instrument(request: Request, progress: Progress) -> Figures:
    """Train, find, measure, bake and write; gives the content of figures.json."""
    work = request.out / UNFINISHED
    write_json(work / "request.json", {"identity": request.identity()})
    with fixed_threads(request.options.threads):
        bank = _bank_with_stops(request, work, progress)
        measured = {
            bank.stop(wanted.name).slug: _measured(request, bank, wanted, work, progress)
            for wanted in request.stops
        }
        save_bank(request.out / BANK, bank)
        progress("baking and verifying", 0, 1)
        baked = bake(request.model.path, [request.out / BANK], request.out / INSTRUMENT)
        write_package(baked.description, request.out / INSTRUMENT, request.out / PATCHES)
        progress("baking and verifying", 1, 1)
        for wanted in request.stops:
            _write_clips(request, bank, wanted)
    figures: Figures = {
        "drawstop": __version__,
        "seed": request.seed,
        "rave": request.model.fingerprint,
        "bank": bank_fingerprint(request.out / BANK),
        "checks": {check.name: check.seen for check in baked.checks},
        "stops": measured,
    }
    write_json(request.out / FIGURES, figures)
    shutil.rmtree(work)
    return figures


def _bank_with_stops(request: Request, work: Path, progress: Progress) -> StopBank:
    """The bank with every stop; the SAE and the stops that an earlier start stored are read back."""
    folder = work / BANK
    if not (folder / STOPS_FILE).is_file():
        save_bank(folder, _bank_without_stops(request, work, progress))
    for wanted in request.stops:
        bank = load_bank(folder, request.model.fingerprint)
        if wanted.name in [stop.name for stop in bank.stops]:
            continue

        def report(what: str, done: int, total: int, name: str = wanted.name) -> None:
            progress(f"{name}: {what}", done, total)

        paths = (wanted.with_paths, wanted.without_paths)
        options = request.find_options(wanted)
        stop = find_stop(request.model, bank.sae, wanted.name, *paths, options, report)
        save_bank(folder, bank.with_stop(stop))
    return load_bank(folder, request.model.fingerprint)


def _bank_without_stops(request: Request, work: Path, progress: Progress) -> StopBank:
    """An SAE of every recording that no verdict is measured on."""
    model, frames = request.model, []
    paths = _training_paths(request)
    for index, path in enumerate(paths):
        frames.append(encode_file(model, path))
        progress("encoding recordings", index + 1, len(paths))
    sae = train_latent_sae(
        model, frames, request.seed, request.options.sae_steps, progress, work / "sae.checkpoint"
    )
    provenance = {"seed": request.seed, "recordings": len(paths)}
    return StopBank(sae, (), model.fingerprint, provenance=provenance)


def _training_paths(request: Request) -> list[Path]:
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


def _measured(
    request: Request, bank: StopBank, wanted: StopRequest, work: Path, progress: Progress
) -> Figures:
    """One stop's figures and verdict, by a classifier trained for it; read back where they were stored."""
    stop = bank.stop(wanted.name)
    stored = work / f"measured-{stop.slug}.json"
    if not stored.is_file():
        write_json(stored, _measure(request, bank, stop, wanted, progress))
    figures: Figures = json.loads(stored.read_text("utf-8"))
    return figures


def _measure(
    request: Request, bank: StopBank, stop: Stop, wanted: StopRequest, progress: Progress
) -> Figures:
    classifier = train_concept_classifier(
        request.model,
        stop.name,
        *wanted.recordings("train", "validation"),
        request.options.classifier,
        lambda done, total: progress(f"{stop.name}: training a classifier to measure it", done, total),
    )
    measured = measure(
        request.model,
        bank.sae,
        stop,
        classifier,
        unseen_clips(request.model, *wanted.recordings("test"), request.seed),
        request.seed,
        lambda done, total: progress(f"{stop.name}: measuring", done, total),
    )
    judgement = verdict(measured, stop.metrics)
    return {
        "name": stop.name,
        "kind": stop.kind,
        "found": _finite(stop.metrics),
        "measured": measured,
        "verdict": judgement.to_json(),
    }


def _write_clips(request: Request, bank: StopBank, wanted: StopRequest) -> None:
    """Write the first unseen recordings, unsteered and steered: one with the concept at 0 and -1, one without at 0 and +1."""
    model, stop = request.model, bank.stop(wanted.name)
    edit = BankEdit(replace(bank, stops=(stop,)))
    for kind, paths, value, end in zip(
        ("with", "without"), wanted.recordings("test"), (-1.0, 1.0), ("minus_1", "plus_1"), strict=True
    ):
        audio = load(paths[0], model.rates.sample_rate, model.rates.channels)
        latents = model.encode(audio[:, : round(CLIP_SECONDS * model.rates.sample_rate)].unsqueeze(0))
        for name, z in (("0", latents), (end, edit(latents, [value]))):
            path = request.out / CLIPS / f"{stop.slug}_{kind}_{name}.wav"
            write_audio(path, _decoded(model, z).numpy(), model.rates.sample_rate)


@torch.no_grad()
def _decoded(model: RaveModel, latents: Tensor) -> Tensor:
    """`[1, latents, frames]` -> `[channels, samples]`."""
    return model.decode(latents)[0].clone()


def _finite(figures: Figures) -> Figures:
    """The figures with None for NaN and infinities, which JSON lacks."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in figures.items()
    }
