"""Finding a concept with a separator: from recordings with and without it to a calibrated stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.banks.separated_bank import SHALLOWEST_DB, SeparatedBank, SeparatedStop
from training.banks.stop import make_slug
from training.find.rave.encoded_recordings import (
    EncodedRecordings,
    encode_both,
    parallel_pairs,
    refuse_overlap,
)
from training.find.separated.fit import QueryOptions, fit_query
from training.find.separated.measure import depth_of
from training.models.rave.model import RaveModel
from training.separation.grains import GrainLibrary, library_of

CALIBRATED_FRAMES = 1032
"""Frames of a clip that the depth is taken from, about 3 s."""


@dataclass(frozen=True)
class SeparatedFindOptions:
    """How a stop of a separated bank is fitted."""

    seed: int = 0
    """Seed of mixtures, variations and splits."""
    variations: int = 1
    """Variations in place (equaliser, room) of each training recording."""
    transpositions: int = 1
    """Variations of each training recording that play other notes, with other formants."""
    query: QueryOptions = field(default_factory=QueryOptions)
    """How the query is fitted."""
    brings_in: bool = False
    """+1 plays grains of the training recordings with the concept."""


def find_separated_stop(
    model: RaveModel,
    bank: SeparatedBank,
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: SeparatedFindOptions | None = None,
    progress: Progress | None = None,
) -> SeparatedStop:
    """Fits a query to recordings with and without a concept; the separator stays as it is.

    Splits go by the files' hashes, as in `find_stop`: training recordings fit, validation recordings measure the fit and
    calibrate the depth, test recordings are left for the verdict.

    Raises:
        DrawstopError: fewer than two recordings of a kind, or the same recording in both.
    """
    options = options or SeparatedFindOptions()
    refuse_overlap(with_paths, without_paths)
    varied = (options.seed, options.variations, options.transpositions)
    having, lacking = encode_both(model, (with_paths, without_paths), *varied, progress)
    learned, checked = (having.learned(), lacking.learned()), (_checked(having), _checked(lacking))
    fitted = fit_query(bank.separator, bank.starts, learned, checked, options.query, options.seed, progress)
    metrics = {
        "recordings_with": len(with_paths),
        "recordings_without": len(without_paths),
        "learned_recordings": sum(len(kind.indices("train")) for kind in (having, lacking)),
        "held_out_recordings": sum(
            len(kind.paths) - len(kind.indices("train")) for kind in (having, lacking)
        ),
        "parallel_pairs": len(parallel_pairs(having, lacking)),
        "parallel_pairs_held_out": len(parallel_pairs(having, lacking, splits=("validation", "test"))),
        "start": fitted.start,
        "start_loss": round(fitted.start_loss, 3),
        "loss": round(fitted.loss, 3),
        "brings_in": options.brings_in,
    }
    query = fitted.query.half().float()
    grains = _grains(model, having) if options.brings_in else None
    stop = SeparatedStop(name, make_slug(name), query, SHALLOWEST_DB, metrics, grains)
    solos = first_clips(checked[0], CALIBRATED_FRAMES)
    return replace(stop, depth_db=depth_of(replace(bank, stops=(stop,)), solos))


def first_clips(recordings: Sequence[Tensor], frames: int) -> Tensor:
    """The beginning of each recording, short ones filled up with silence. `[clips, latents, frames]`."""
    cut = [latents[:, :frames] for latents in recordings]
    return torch.stack([torch.nn.functional.pad(each, (0, frames - each.shape[1])) for each in cut])


def _grains(model: RaveModel, recordings: EncodedRecordings) -> GrainLibrary:
    """The training recordings' sound, as the model gives it back, cut into grains."""
    latents = [recordings.latents[index] for index in recordings.indices("train")]
    with torch.no_grad():
        sounds = [model.decode(each.unsqueeze(0))[0].mean(0).clone() for each in latents]
    return library_of(sounds, model.rates.sample_rate)


def _checked(recordings: EncodedRecordings) -> list[Tensor]:
    """Latents to measure on: the validation recordings; without any, the training recordings as they were recorded."""
    indices = (
        recordings.indices("validation") or recordings.indices("train") or list(range(len(recordings.paths)))
    )
    return [recordings.latents[index] for index in indices]
