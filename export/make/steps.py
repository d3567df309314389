"""The steps of `drawstop make`; each is stored when it is done, so that a second start resumes after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from torch import Tensor

from drawstop import __version__
from drawstop.audio.files import write_audio
from drawstop.files import remove_unfinished, write_json
from drawstop.progress import Progress, named
from drawstop.types import JsonObject
from export.instrument.bake import bake
from export.make.options import (
    BANK,
    CLIPS,
    FIGURES,
    INSTRUMENT,
    PATCHES,
    UNFINISHED,
    MakeRequest,
    StopRequest,
)
from export.make.sae_stop_maker import SaeStopMaker
from export.make.separated_stop_maker import SeparatedStopMaker
from export.make.stop_maker import Bank, StopMaker
from export.patches.write import write_package
from training.banks.bank import STOPS_FILE, bank_fingerprint
from training.data.recordings import load
from training.models.rave.model import RaveModel
from training.models.threads import fixed_threads
from training.shipped import SHIPPED_BANK

CLIP_SECONDS = 6.0


def make_instrument(request: MakeRequest, progress: Progress) -> JsonObject:
    """Find, measure, bake and write; gives the content of figures.json."""
    if request.is_shipped:
        return _make(request, SeparatedStopMaker(SHIPPED_BANK), progress)
    return _make(request, SaeStopMaker(), progress)


def _make(request: MakeRequest, maker: StopMaker[Bank], progress: Progress) -> JsonObject:
    work = request.out / UNFINISHED
    for name in (BANK, INSTRUMENT, PATCHES, FIGURES):
        remove_unfinished(request.out / name)
    write_json(work / "request.json", {"identity": request.identity()})
    with fixed_threads(request.options.threads):
        bank = _bank_with_stops(request, maker, work, progress)
        measured = {
            bank.stop(wanted.name).slug: _measured(request, maker, bank, wanted, work, progress)
            for wanted in request.stops
        }
        maker.save(request.out / BANK, bank)
        progress("baking and verifying", 0, 1)
        baked = bake(request.model.path, [request.out / BANK], request.out / INSTRUMENT)
        write_package(baked.description, request.out / INSTRUMENT, request.out / PATCHES)
        progress("baking and verifying", 1, 1)
        for done, wanted in enumerate(request.stops):
            progress("writing clips", done, len(request.stops))
            _write_clips(request, maker, bank, wanted)
        progress("writing clips", len(request.stops), len(request.stops))
    figures: JsonObject = {
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


def _bank_with_stops(request: MakeRequest, maker: StopMaker[Bank], work: Path, progress: Progress) -> Bank:
    """The bank with every stop; what an earlier start stored is read back."""
    folder = work / BANK
    if not (folder / STOPS_FILE).is_file():
        maker.save(folder, maker.empty_bank(request, work, progress))
    for wanted in request.stops:
        bank = maker.load(folder, request.model.fingerprint)
        if wanted.name not in [stop.name for stop in bank.stops]:
            maker.save(folder, maker.with_stop(request, bank, wanted, named(progress, wanted.name)))
    return maker.load(folder, request.model.fingerprint)


def _measured(
    request: MakeRequest,
    maker: StopMaker[Bank],
    bank: Bank,
    wanted: StopRequest,
    work: Path,
    progress: Progress,
) -> JsonObject:
    """One stop's figures and verdict; read back where they were stored."""
    stored = work / f"measured-{bank.stop(wanted.name).slug}.json"
    if not stored.is_file():
        write_json(stored, maker.measured(request, bank, wanted, named(progress, wanted.name)))
    figures: JsonObject = json.loads(stored.read_text("utf-8"))
    return figures


def _write_clips(request: MakeRequest, maker: StopMaker[Bank], bank: Bank, wanted: StopRequest) -> None:
    """Write the first unseen recordings, unsteered and steered: one with the concept at 0 and -1, one without at 0 and +1."""
    model, stop = request.model, bank.stop(wanted.name)
    for kind, paths, value, end in zip(
        ("with", "without"), wanted.recordings("test"), (-1.0, 1.0), ("minus_1", "plus_1"), strict=True
    ):
        if not stop.limits[0] <= value <= stop.limits[1]:
            # a stop that brings nothing in: the clip shows what it leaves untouched
            value, end = -1.0, "minus_1"
        audio = load(paths[0], model.rates.sample_rate, model.rates.channels)
        latents = model.encode(audio[:, : round(CLIP_SECONDS * model.rates.sample_rate)].unsqueeze(0))
        for name, z in (("0", latents), (end, maker.steered(bank, stop.slug, latents, value))):
            path = request.out / CLIPS / f"{stop.slug}_{kind}_{name}.wav"
            write_audio(path, _decoded(model, z).numpy(), model.rates.sample_rate)


@torch.no_grad()
def _decoded(model: RaveModel, latents: Tensor) -> Tensor:
    """`[1, latents, frames]` -> `[channels, samples]`."""
    return model.decode(latents)[0].clone()
