"""Descriptions of files and folders: instrument, RAVE, Neutone model, bank, frames on disk, recording, or data set."""

import dataclasses
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from drawstop.audio.files import read_audio
from drawstop.audio.folders import is_audio_name, list_folder
from drawstop.errors import DrawstopError
from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription
from drawstop.progress import Progress
from training.activations.store import INDEX_FILE, ActivationStore
from training.banks.bank import STOPS_FILE, load_bank
from training.banks.separated_bank import is_separated, load_separated_bank
from training.data.layouts import folders
from training.data.layouts.layout import sub_folders
from training.data.look.findings import Needs
from training.data.look.look import look_at
from training.data.overlap_warnings import overlap_warnings
from training.data.read_labelled import is_data_set, read_labelled, recognise
from training.data.recordings import SPLITS
from training.data.sufficiency import what_can_run
from training.models.rave.load import load_script
from training.models.rave.model import RaveModel


def describe_path(path: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Describe the file or folder at a path, as JSON can hold it; `kind` says which of them it is.

    Raises:
        DrawstopError: the path doesn't exist, is of no kind that we know, or is damaged.
    """
    if not path.exists():
        raise DrawstopError(f"no such file or folder: {path}")
    if path.is_dir():
        return _folder(path, progress)
    if path.suffix == ".ts":
        return _script(path)
    if path.suffix == ".nm":
        return _neutone_model(path)
    if is_audio_name(path):
        audio, rate = read_audio(path)
        channels, samples = audio.shape
        facts = {"kind": "recording", "sample_rate": rate, "channels": channels, "samples": samples}
        return {**facts, "seconds": samples / rate, "peak": float(abs(audio).max())}
    raise DrawstopError(f"{path} is nothing we know: expected a .ts, a .nm, a bank, frames or a sound file")


def _script(path: Path) -> dict[str, Any]:
    load_script(path)
    extra: dict[str, Any] = {EXTRA_FILE: ""}
    torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
    if extra[EXTRA_FILE]:
        text = extra[EXTRA_FILE]
        described = InstrumentDescription.from_json(text.decode() if isinstance(text, bytes) else text)
        return {"kind": "instrument", **json.loads(described.to_json())}
    model = RaveModel(path)
    facts = {"kind": "RAVE", "class": str(model.script.original_name), "voices": model.voices()}
    sites = [
        {"site": name, "width": rates.width, "ratio": rates.ratio} for name, rates in model.sites().items()
    ]
    rates = dataclasses.asdict(model.rates)
    return {**facts, **rates, "fingerprint": model.fingerprint, "sites": sites}


def _neutone_model(path: Path) -> dict[str, Any]:
    """What a Neutone model says about itself, without the sounds that it may hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/extra/metadata.json"))
            facts = json.loads(archive.read(name))
    except (zipfile.BadZipFile, StopIteration, ValueError) as error:
        raise DrawstopError(f"{path} is no Neutone model, or it is damaged: write it again") from error
    facts.pop("sample_sound_files", None)
    knobs = {knob["name"]: knob["description"] for knob in facts.pop("neutone_parameters").values()}
    return {"kind": "Neutone model", "knobs": knobs, **facts}


def _folder(path: Path, progress: Progress | None) -> dict[str, Any]:
    if is_separated(path):
        return _separated_bank(path)
    if (path / STOPS_FILE).is_file():
        bank = load_bank(path)
        config, metrics = bank.sae.config, bank.sae.metrics
        stops = [
            {"slug": stop.slug, "name": stop.name, "kind": stop.kind, "cap": stop.cap, **stop.metrics}
            for stop in bank.stops
        ]
        return {
            "kind": "bank",
            "site": bank.site,
            "model_fingerprint": bank.model_fingerprint,
            "features": config.n_features,
            "k": config.k,
            "width": config.d_in,
            "training": dataclasses.asdict(metrics) if metrics is not None else "none",
            "provenance": bank.provenance,
            "stops": stops,
        }
    if (path / INDEX_FILE).is_file():
        store = ActivationStore.open(path)
        return {
            "kind": "frames",
            "site": store.site,
            "model_fingerprint": store.fingerprint,
            "frames": len(store.frames),
            "width": store.width,
            "recordings": len(store.recordings),
            "splits": dict(Counter(recording.split for recording in store.recordings)),
        }
    if list(path.rglob("*.ckpt")) and list(path.rglob("config.gin")):
        return {"kind": "RAVE run"}
    if is_data_set(path):
        own = recognise(path) == folders.LAYOUT.name
        return _data_set(path) | _look(path, Needs(samples=own), progress)
    if not list_folder(path).sounds:
        raise DrawstopError(
            f"{path} is a folder of nothing we know: expected a bank, frames, a RAVE run, or recordings, in sub-folders "
            "that name what sounds in them or not"
        )
    return {"kind": "recordings"} | _look(path, Needs(), progress)


def _look(path: Path, needs: Needs, progress: Progress | None) -> dict[str, Any]:
    """What a look at its recordings shows: of each of two folders and of both together where there are only these."""
    below = [each for each in sub_folders(path) if list_folder(each).sounds]
    alone = all(each.parent != path for each in list_folder(path).sounds)
    sides = below if len(below) == 2 and alone else [path]
    look = look_at(sides, needs, [(sides[0], sides[1])] if len(sides) == 2 else [], progress)
    return {"look": look.lines(), "folders": [each.to_json() for each in look.folders]}


def _separated_bank(path: Path) -> dict[str, Any]:
    bank = load_separated_bank(path)
    return {
        "kind": "bank with a separator",
        "site": bank.site,
        "model_fingerprint": bank.model_fingerprint,
        "width": bank.separator.config.latents,
        "starts": ", ".join(bank.starts),
        "provenance": bank.provenance,
        "stops": [
            {"slug": stop.slug, "name": stop.name, "depth_db": stop.depth_db, **stop.metrics}
            for stop in bank.stops
        ],
    }


def _data_set(path: Path) -> dict[str, Any]:
    data = read_labelled(path)
    answers = what_can_run(data)
    labels = [
        {
            "label": concept,
            **{split: sum(concept in r.labels for r in data.of(split)) for split in SPLITS},
            "enough_for": [each.experiment for each in answers if each.concept == concept and each.enough],
            "too_little_for": {
                each.experiment: each.lack for each in answers if each.concept == concept and not each.enough
            },
        }
        for concept in data.concepts
    ]
    return {
        "kind": "data set",
        "layout": data.layout,
        "recordings": len(data.recordings),
        "splits": {split: len(data.of(split)) for split in SPLITS},
        "labels": labels,
        "notes": [*data.notes, *overlap_warnings(data)],
    }
