"""Finding a concept on a RAVE: from recordings with and without it to a calibrated stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
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
    encode_both,
    parallel_pairs,
    refuse_overlap,
)
from training.find.rave.gate_fit import GateOptions, features_of, fit_off_gate, fit_on_gate
from training.find.rave.mixtures import (
    EncodedMixtures,
    LatentMixtures,
    MixtureSource,
    TrainingMixtures,
    mixtures_of_latents,
    training_mixtures,
)
from training.find.rave.ranked_removal import ranked_removal_weights
from training.find.rave.separation import error_of, features_used, separation
from training.find.rave.static_addition import StaticAddition, fit_static_addition, mean_difference
from training.find.rave.static_removal import fit_static_removal

if TYPE_CHECKING:
    from training.banks.bank import StopBank
    from training.models.rave.model import RaveModel
    from training.sae.model import SAE

Kind = Literal["auto", "static", "gated"]

GATED_CAP = 3.0
"""Largest norm of what a gate brings in, as a multiple of the frame's: four times what the fitted ones reach on average."""

MEASURED_MIXTURES = 24

TOO_FEW_HELD_OUT = (
    "held_out_auroc: too few recordings to hold out some of both kinds; four of each are the least"
)


@dataclass(frozen=True)
class FindOptions:
    """How a stop is fitted."""

    seed: int = 0
    """Seed of mixtures, crops, variations and splits."""
    kind: Kind = "auto"
    """`auto`: gated or static, whichever takes more of the concept and less of the rest on validation recordings."""
    like: str = "*"
    """Pattern of the file names that +1 should sound like, among the recordings with the concept."""
    variations: int = 1
    """Variations in place (equaliser, room) of each training recording."""
    transpositions: int = 1
    """Variations of each training recording that play other notes, with other formants; for -1 only."""
    mixtures: int = 96
    """Mixtures made from the recordings for the static removal weights."""
    sound_mixtures: int = 24
    """Mixtures where they must be made of sound and encoded one by one."""
    sparsity: float = 1e-3
    """Larger: fewer features, a larger error (the L1 penalty of `fit_removal_weights`)."""
    on_steps: int = 150
    """Steps of the static write vectors' fit through the decoder, where parallel recordings exist."""
    gates: GateOptions = field(default_factory=GateOptions)
    """How the gates are fitted."""
    mixed: bool = False
    """The recordings with the concept hold other sounds too: there are no solos."""
    classifier: ClassifierOptions = CONCEPT_OPTIONS
    """How the classifier is trained that ranks features where there are only mixtures."""
    additive_below: float = 0.1
    """Additivity error under which mixtures are made of latents; else of sound."""


@dataclass(frozen=True)
class FindResult:
    """What was measured while a stop was found, stored with it by `as_json`; None where it doesn't apply."""

    recordings_with: int
    recordings_without: int
    learned_recordings: int
    """Training recordings of both kinds."""
    held_out_recordings: int
    """Validation and test recordings of both kinds."""
    held_out_auroc: float | None = None
    """How well features chosen on training recordings detect the concept in the others; .5 is chance."""
    not_measured: str | None = None
    """Why there is no `held_out_auroc`, in words."""
    additivity_error: float | None = None
    mixtures: str | None = None
    """What the mixtures were made of."""
    parallel_pairs: int | None = None
    """Pairs of recordings that play the same with and without the concept, and were learned from."""
    parallel_pairs_held_out: int | None = None
    """Such pairs that were held out."""
    like: str | None = None
    on: str = ""
    """How +1 was fitted."""
    off: str | None = None
    """How -1 was fitted, where not on mixtures."""
    classifier_logit_drop: float | None = None
    """How far a classifier's logit of the concept falls at -1.

    Only where every recording with the concept is a mixture.
    """
    validation_error: dict[str, float] | None = None
    """Errors of the static and of the gated stop, where the better one was chosen."""
    taken_in_mixtures: float | None = None
    taken_alone: float | None = None
    others_touched: float | None = None
    """Shares of energy on test recordings, see `separation`."""
    kind: str = ""
    features: int = 0

    def as_json(self) -> dict[str, Any]:
        """The fields that apply, for `stops.json`; there `classifier_logit_drop` is named `ear_logit_lower`."""
        stored = {"classifier_logit_drop": "ear_logit_lower"}
        return {stored.get(name, name): value for name, value in asdict(self).items() if value is not None}


def kind_of(text: str) -> Kind:
    """A kind of stop by its name. Raises DrawstopError naming those there are."""
    for kind in get_args(Kind):
        if text == kind:
            return kind
    raise DrawstopError(f"expected a kind of stop among {', '.join(get_args(Kind))}, got {text!r}")


def find_stops(
    model: RaveModel,
    banks: Sequence[StopBank],
    name: str,
    with_paths: list[Path],
    without_paths: list[Path],
    options: FindOptions,
    progress: Progress | None = None,
) -> dict[str, Stop]:
    """`find_stop` for the only bank of `banks`; the stop by its site, as the function for a MusicGen returns them."""
    (bank,) = banks
    return {bank.site: find_stop(model, bank.sae, name, with_paths, without_paths, options, progress)}


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
    `training.data.phrases.phrase_of`); else on pieces of the same pitches (gated) or by the difference of means (static), and
    the result says so. Splits go by the files' hashes: training recordings fit, validation recordings choose the kind, test
    recordings only measure the result.

    Raises:
        DrawstopError: fewer than two recordings of a kind, the same recording in both, or a gated stop where there are
            only mixtures.
    """
    options = options or FindOptions()
    if options.mixed and options.kind == "gated":
        raise DrawstopError(
            "a gated stop needs recordings of the concept alone; with mixed ones leave the kind to auto"
        )
    refuse_overlap(with_paths, without_paths)
    varied = (options.seed, options.variations, options.transpositions)
    recordings = encode_both(model, (with_paths, without_paths), *varied, progress)
    return fit_stop(model, sae, name, recordings, options, progress)


def fit_stop(
    model: RaveModel,
    sae: SAE,
    name: str,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    progress: Progress | None = None,
) -> Stop:
    """`find_stop` on encoded recordings with and without the concept."""
    before = _detection(sae, *recordings)
    if options.mixed:
        return _from_mixtures(model, sae, name, recordings, options, before, progress)
    mixtures = training_mixtures(
        model, recordings, options.mixtures, options.sound_mixtures, options.additive_below, options.seed
    )
    weights = fit_static_removal(sae, mixtures.mixed, mixtures.removed, recordings, options.sparsity)
    addition = fit_static_addition(
        model,
        sae,
        recordings,
        options.like,
        options.on_steps,
        options.seed,
        pieces=options.kind != "static",
        progress=progress,
    )
    stop = Stop(name, make_slug(name), "static", weights, addition.vectors, addition.cap)
    errors = None
    if options.kind != "static":
        gated = _gated(model, sae, stop, recordings, mixtures, addition, options, progress)
        if options.kind == "auto":
            errors = _validation_errors(sae, stop, gated, recordings, options.seed)
        stop = gated if errors is None or errors["gated"] < errors["static"] else stop
    on = addition.how
    if stop.kind == "gated" and not addition.parallel_pairs:
        on = "fitted on pieces of the same pitches (no parallel recordings: weak)"
    separated = separation(sae, stop, *_measured(recordings, "test", options.seed))
    result = replace(
        before,
        additivity_error=mixtures.additivity_error,
        mixtures=mixtures.how,
        parallel_pairs=addition.parallel_pairs,
        parallel_pairs_held_out=len(parallel_pairs(*recordings, options.like, splits=("validation", "test"))),
        like=options.like,
        on=on,
        validation_error=errors and {kind: round(error, 4) for kind, error in errors.items()},
        taken_in_mixtures=separated["taken_in_mixtures"],
        taken_alone=separated["taken_alone"],
        others_touched=separated["others_touched"],
        kind=stop.kind,
        features=features_used(sae, stop, recordings[0].unseen("test")),
    )
    return replace(stop, metrics=result.as_json())


def _from_mixtures(
    model: RaveModel,
    sae: SAE,
    name: str,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    options: FindOptions,
    before: FindResult,
    progress: Progress | None,
) -> Stop:
    """A static stop where no recording holds the concept alone."""
    weights, measured = ranked_removal_weights(model, sae, name, recordings, options.classifier, progress)
    addition = mean_difference(sae, recordings)
    stop = Stop(name, make_slug(name), "static", weights, addition.vectors, addition.cap)
    used = features_used(sae, stop, recordings[0].unseen("test"))
    result = replace(before, on=addition.how, **measured, kind=stop.kind, features=used)
    return replace(stop, metrics=result.as_json())


def _detection(sae: SAE, with_concept: EncodedRecordings, without: EncodedRecordings) -> FindResult:
    """A result with how well features chosen on the training recordings detect the concept on the others."""
    both = [*with_concept.latents, *without.latents]
    with torch.no_grad():
        means = torch.stack([sae.encode(sae.normalise(z.T)).mean(0) for z in both])
    labels = torch.arange(len(means)) < len(with_concept.latents)
    held_out = torch.tensor([split != "train" for split in [*with_concept.splits, *without.splits]])
    auroc = held_out_auroc(means, labels, ~held_out)
    measured = math.isfinite(auroc)
    return FindResult(
        len(with_concept.paths),
        len(without.paths),
        learned_recordings=int((~held_out).sum()),
        held_out_recordings=int(held_out.sum()),
        held_out_auroc=round(auroc, 4) if measured else None,
        not_measured=None if measured else TOO_FEW_HELD_OUT,
    )


def _gated(
    model: RaveModel,
    sae: SAE,
    static: Stop,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    mixtures: TrainingMixtures,
    addition: StaticAddition,
    options: FindOptions,
    progress: Progress | None,
) -> Stop:
    """The same stop with gates; without pairs of recordings its static write vectors bring the concept in."""
    source: MixtureSource
    if mixtures.additivity_error <= options.additive_below:
        source = LatentMixtures(recordings[0].learned(), recordings[1].learned())
    else:
        source = EncodedMixtures(mixtures.mixed, mixtures.removed)
    report = step_report(progress, "fitting what is taken away")
    features = features_of(sae, recordings[0].learned())
    off = fit_off_gate(sae, source, features, options.gates, options.seed, report)
    on = None
    if addition.pairs is not None:
        report = step_report(progress, "fitting when it is brought in")
        features = features_of(sae, list(addition.pairs[1]))
        on = fit_on_gate(model, sae, addition.pairs, features, options.gates, options.seed, report)
    gates = Gates(off, on, expander_at(model.rates.sample_rate / model.rates.ratio))
    return replace(static, kind="gated", gates=gates, cap=GATED_CAP if on else static.cap)


def _validation_errors(
    sae: SAE,
    static: Stop,
    gated: Stop,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    seed: int,
) -> dict[str, float]:
    """The errors of both stops on the validation recordings."""
    measured = _measured(recordings, "validation", seed)
    return {stop.kind: error_of(separation(sae, stop, *measured)) for stop in (static, gated)}


def _measured(
    recordings: tuple[EncodedRecordings, EncodedRecordings], split: Split, seed: int
) -> tuple[tuple[list[Tensor], list[Tensor]], list[Tensor]]:
    """Mixtures of unseen recordings with what should be taken from each, and the ones without."""
    unseen = (recordings[0].unseen(split), recordings[1].unseen(split))
    mixtures = mixtures_of_latents(unseen, MEASURED_MIXTURES, torch.Generator().manual_seed(seed + 1))
    return mixtures, unseen[1]
