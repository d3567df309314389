"""Finding a concept that the user specifies: from recordings with and without it to a calibrated stop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress, step_report
from training.banks.gate_expander import expander_at
from training.banks.stop import Gates, Stop, make_slug
from training.classifiers.concept_classifier import CONCEPT_OPTIONS
from training.classifiers.training import ClassifierOptions
from training.data.recordings import Split
from training.find.feature_ranking import held_out_auroc
from training.find.rave.encoded_recordings import (
    EncodedRecordings,
    encode_recordings,
    paired_latents,
    parallel_pairs,
    refuse_overlap,
)
from training.find.rave.gate_fit import GateOptions, features_of, fit_off_gate, fit_on_gate
from training.find.rave.mixtures import (
    EncodedMixtures,
    LatentMixtures,
    MixtureSource,
    measured_additivity,
    mixtures_of_latents,
    mixtures_of_sound,
)
from training.find.rave.pitch_matched_pairs import stand_in_pairs
from training.find.rave.ranked_removal import ranked_removal_weights
from training.find.rave.separation import error_of, separation, taken_features
from training.find.rave.static_addition import fit_cap, fit_write_vectors, mean_difference_vectors
from training.find.rave.static_removal import fit_removal_weights

if TYPE_CHECKING:
    from pathlib import Path

    from training.models.rave.model import RaveModel
    from training.sae.model import SAE

Kind = Literal["auto", "static", "gated"]

GATED_CAP = 3.0
"""Largest norm of what a gate brings in, as a multiple of the frame's: four times what the fitted ones reach on average."""

MEASURED_MIXTURES = 24
STATIC_FRAMES = 40_000
"""Frames of each kind that constant shares are fitted on, at most: evenly spaced ones."""

ADDITIVITY_PAIRS = 4
"""Pairs of recordings that the additivity of the latents is measured on, at most."""

STATIC_PAIRS = 48
"""Parallel recordings that constant writes are fitted on, at most."""


@dataclass(frozen=True)
class FindOptions:
    """How a stop is fitted."""

    seed: int = 0
    """Of mixtures, crops, variations and splits."""
    kind: Kind = "auto"
    """`auto`: gated or static, whichever takes more of the concept and less of the rest on validation recordings."""
    like: str = "*"
    """Pattern of the file names that +1 should sound like, among the recordings with the concept."""
    variations: int = 1
    """Variations in place (equaliser, room) of each training recording."""
    transpositions: int = 1
    """Variations of each training recording that play other notes, with other formants; for -1 only."""
    mixtures: int = 96
    """Mixtures made from the recordings for the static shares."""
    sound_mixtures: int = 24
    """Mixtures where they must be made of sound and encoded one by one."""
    sparsity: float = 1e-3
    """Larger: fewer features, a larger error (see `fit_removal_weights`)."""
    on_steps: int = 150
    """Steps of the static writes' fit through the decoder, where parallel recordings exist."""
    gates: GateOptions = field(default_factory=GateOptions)
    """How the gates are fitted."""
    mixed: bool = False
    """The recordings with the concept hold other sounds too: no solos are at hand."""
    classifier: ClassifierOptions = CONCEPT_OPTIONS
    """How the classifier is trained that ranks features where only mixtures are at hand."""
    additive_below: float = 0.1
    """Additivity error under which mixtures are made of latents; else of sound."""


def kind_of(text: str) -> Kind:
    """A kind of stop by its name. Raises DrawstopError naming those there are."""
    for kind in get_args(Kind):
        if text == kind:
            return kind
    raise DrawstopError(f"expected a kind of stop among {', '.join(get_args(Kind))}, got {text!r}")


def find_stop(
    model: RaveModel,
    sae: SAE,
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: FindOptions | None = None,
    progress: Progress | None = None,
) -> Stop:
    """Fits a stop, and measures what it takes away on recordings that it wasn't fitted on.

    -1 is fitted on mixtures that are made here: a recording with, one or two without; those without are the target.
    +1 is fitted through the decoder where recordings play the same phrase with and without the concept (see
    `material.phrase_of`); else on pieces of the same pitches (gated) or by the difference of means (static), and the
    figures say so. Splits go by the files' hashes:
    training recordings fit, validation recordings choose the kind, test recordings only measure.

    Raises:
        DrawstopError: fewer than two recordings of a kind, the same recording in both, or a gated stop asked of mixtures.
    """
    options = options or FindOptions()
    if options.mixed and options.kind == "gated":
        raise DrawstopError(
            "a gated stop needs recordings of the concept alone; with mixed ones leave the kind to auto"
        )
    refuse_overlap(with_paths, without_paths)
    varied = (options.seed, options.variations, options.transpositions)
    heard = (
        encode_recordings(model, with_paths, *varied, "listening to recordings with", progress),
        encode_recordings(model, without_paths, *varied, "listening to recordings without", progress),
    )
    return fit_stop(model, sae, name, heard, options, progress)


def fit_stop(
    model: RaveModel,
    sae: SAE,
    name: str,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    progress: Progress | None = None,
) -> Stop:
    """`find_stop` on recordings with and without the concept that were heard before."""
    figures: dict[str, Any] = {
        "recordings_with": len(heard[0].paths),
        "recordings_without": len(heard[1].paths),
    }
    figures |= _detection(sae, *heard)
    if options.mixed:
        return _from_mixtures(model, sae, name, heard, options, figures, progress)
    mixtures = _mixtures(model, heard, options, figures)
    shares = fit_static_removal(sae, *mixtures, heard, options.sparsity)
    writes, cap, pairs = _static_writes(model, sae, heard, options, figures, progress)
    stop = Stop(name, make_slug(name), "static", shares, writes, cap, figures)
    if options.kind != "static":
        gated = _gated(model, sae, stop, heard, mixtures, pairs, options, progress)
        stop = gated if options.kind == "gated" else _better(sae, stop, gated, heard, options, figures)
    if stop.kind == "gated" and not figures["parallel_pairs"]:
        figures["on"] = "fitted on pieces of the same pitches (no parallel recordings: weak)"
    figures |= separation(sae, stop, *_measured(heard, "test", options.seed))
    figures["kind"] = stop.kind
    figures["features"] = features_used(sae, stop, heard[0].unseen("test"))
    return stop


def _from_mixtures(
    model: RaveModel,
    sae: SAE,
    name: str,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    figures: dict[str, Any],
    progress: Progress | None,
) -> Stop:
    """A static stop where no recording holds the concept alone."""
    shares, measured = ranked_removal_weights(model, sae, name, heard, options.classifier, progress)
    writes, cap = _mean_direction(sae, heard, figures)
    stop = Stop(name, make_slug(name), "static", shares, writes, cap, figures)
    used = features_used(sae, stop, heard[0].unseen("test"))
    figures |= measured | {"kind": stop.kind, "features": used}
    return stop


def fit_static_removal(
    sae: SAE,
    mixed: list[Tensor],
    removed: list[Tensor],
    heard: tuple[EncodedRecordings, EncodedRecordings],
    sparsity: float,
) -> Tensor:
    """Mixtures, solos with and solos without, as one least-squares problem; each third weighs the same."""
    with_z, without_z = (torch.cat(part.learned(), 1) for part in heard)
    parts = [
        (torch.cat(mixed, 1), torch.cat(removed, 1)),
        (with_z, with_z),
        (without_z, torch.zeros_like(without_z)),
    ]
    features, targets = [], []
    for source, target in parts:
        stride = -(-source.shape[-1] // STATIC_FRAMES)
        source, target = source[:, ::stride], target[:, ::stride]
        weight = 1.0 / sae.normalise(source.T).square().sum().sqrt()
        features.append(_features(sae, source) * weight)
        targets.append(target.T / sae.scale * weight)
    return fit_removal_weights(torch.cat(features), torch.cat(targets), sae.W_dec.detach(), sparsity)


@torch.no_grad()
def features_used(sae: SAE, stop: Stop, latents: list[Tensor], least: float = 0.01) -> int:
    """How many features carry more than `least` of the mean level that the busiest one has, in what -1 takes away."""
    used = torch.zeros(sae.config.n_features)
    for z in latents:
        used += taken_features(sae, stop, z).mean(0)
    return int((used > least * used.max()).sum())


def _features(sae: SAE, z: Tensor) -> Tensor:
    """Latents `[latents, frames]` -> features `[frames, n_features]`."""
    with torch.no_grad():
        return sae.encode(sae.normalise(z.T))


def _detection(sae: SAE, with_concept: EncodedRecordings, without: EncodedRecordings) -> dict[str, Any]:
    """How well features chosen on the training recordings detect the concept on the others."""
    both = [*with_concept.latents, *without.latents]
    means = torch.stack([_features(sae, z).mean(0) for z in both])
    labels = torch.arange(len(means)) < len(with_concept.latents)
    held_out = torch.tensor([split != "train" for split in [*with_concept.splits, *without.splits]])
    return {
        "held_out_auroc": round(held_out_auroc(means, labels, ~held_out), 4),
        "held_out_recordings": int(held_out.sum()),
    }


def _mixtures(
    model: RaveModel,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    figures: dict[str, Any],
) -> tuple[list[Tensor], list[Tensor]]:
    """Mixtures of training recordings, as latents where they add up, else as sound."""
    error = measured_additivity(model, *(part.learned_paths()[:ADDITIVITY_PAIRS] for part in heard))
    figures["additivity_error"] = round(error, 4)
    generator = torch.Generator().manual_seed(options.seed)
    if error <= options.additive_below:
        figures["mixtures"] = "of latents: they add up"
        latents = (heard[0].learned(), heard[1].learned())
        return mixtures_of_latents(latents, options.mixtures, generator)
    figures["mixtures"] = "of sound: this model's latents hardly add up, so separation is limited"
    usable = tuple([part.paths[i] for i in part.indices("train")] or part.paths for part in heard)
    return mixtures_of_sound(model, (usable[0], usable[1]), options.sound_mixtures, generator)


def _static_writes(
    model: RaveModel,
    sae: SAE,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    figures: dict[str, Any],
    progress: Progress | None,
) -> tuple[Tensor, float, tuple[Tensor, Tensor] | None]:
    """Writes, their cap, and the parallel recordings or, for a gate, their stand-ins."""
    indices = parallel_pairs(*heard, options.like)
    figures["parallel_pairs"] = len(indices)
    figures["like"] = options.like
    if not indices:
        made = stand_in_pairs(model, *heard, options.like) if options.kind != "static" else None
        return *_mean_direction(sae, heard, figures), made
    figures["on"] = "fitted through the decoder on parallel recordings"
    pairs = paired_latents(*heard, indices)
    report = step_report(progress, "fitting what is brought in")
    stride = -(-len(pairs[0]) // STATIC_PAIRS)
    sources, targets = pairs[0][::stride], pairs[1][::stride]
    writes = fit_write_vectors(model, sae, sources, targets, options.on_steps, options.seed, report)
    return writes, fit_cap(sae, sources, writes), pairs


def _mean_direction(
    sae: SAE, heard: tuple[EncodedRecordings, EncodedRecordings], figures: dict[str, Any]
) -> tuple[Tensor, float]:
    """Writes and their cap where no recordings are parallel."""
    figures["on"] = "difference of means (no parallel recordings: weak)"
    with_z, without_z = (torch.cat(part.learned(), 1) for part in heard)
    writes = mean_difference_vectors(sae, sae.normalise(with_z.T), sae.normalise(without_z.T))
    return writes, fit_cap(sae, without_z.unsqueeze(0), writes)


def _gated(
    model: RaveModel,
    sae: SAE,
    static: Stop,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    mixtures: tuple[list[Tensor], list[Tensor]],
    pairs: tuple[Tensor, Tensor] | None,
    options: FindOptions,
    progress: Progress | None,
) -> Stop:
    """The same stop with gates; without parallel recordings its static writes bring the concept in."""
    source: MixtureSource
    if static.metrics["additivity_error"] <= options.additive_below:
        source = LatentMixtures(heard[0].learned(), heard[1].learned())
    else:
        source = EncodedMixtures(*mixtures)
    report = step_report(progress, "fitting what is taken away")
    spoken = features_of(sae, heard[0].learned())
    off = fit_off_gate(sae, source, spoken, options.gates, options.seed, report)
    on = None
    if pairs is not None:
        report = step_report(progress, "fitting what is brought in")
        spoken = features_of(sae, list(pairs[1]))
        on = fit_on_gate(model, sae, pairs, spoken, options.gates, options.seed, report)
    gates = Gates(off, on, expander_at(model.rates.sample_rate / model.rates.ratio))
    return replace(static, kind="gated", gates=gates, cap=GATED_CAP if on else static.cap)


def _better(
    sae: SAE,
    static: Stop,
    gated: Stop,
    heard: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    figures: dict[str, Any],
) -> Stop:
    """The stop with the smaller error on the validation recordings."""
    measured = _measured(heard, "validation", options.seed)
    errors = [error_of(separation(sae, stop, *measured)) for stop in (static, gated)]
    figures["validation_error"] = {"static": round(errors[0], 4), "gated": round(errors[1], 4)}
    return gated if errors[1] < errors[0] else static


def _measured(
    heard: tuple[EncodedRecordings, EncodedRecordings], split: Split, seed: int
) -> tuple[tuple[list[Tensor], list[Tensor]], list[Tensor]]:
    """Mixtures of unseen recordings with what should be taken from each, and the ones without."""
    unseen = (heard[0].unseen(split), heard[1].unseen(split))
    mixtures = mixtures_of_latents(unseen, MEASURED_MIXTURES, torch.Generator().manual_seed(seed + 1))
    return mixtures, unseen[1]
