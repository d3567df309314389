"""Forecast of a knob found on a MusicGen's layers without a bank: how much there is to compute, and short trials of each kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from drawstop.units import hours, size
from training.activations.streamed_frames import ModelFrames
from training.banks.train.cost import Cost, MeasuredRates, cost_of, frames_rate, steps_rate
from training.banks.train.forecast import peak_bytes
from training.classifiers.concept_classifier import train_concept_classifier
from training.data.phrases import deal_files
from training.data.recordings import SPLITS, TRAIN_SHARE, Recording
from training.find.musicgen.clip_statistics import clips_in
from training.find.musicgen.find import RANDOM_DRAWS
from training.find.musicgen.generated_pieces import Codec, PieceOptions
from training.find.musicgen.layer_choice import (
    MEASURED,
    VALUES,
    feature_counts,
    layer_counts,
    strengths_of,
)
from training.find.musicgen.prediction_effect import CLIPS, PredictionEffect
from training.find.musicgen.quick_banks import QuickOptions
from training.find.musicgen.stop_spec import LayerKind
from training.models.musicgen.layer_model import MusicGenLayers
from training.models.musicgen.sampling import Sampling
from training.sae.config import SAEConfig

SWEEPS = 2
"""Passes over all recordings, each with a backward pass for some: raw layers, then those with a bank."""
TRIAL_SECONDS = 3.0
PIECE_TRIAL_SECONDS = 0.5
"""Length of the pieces that are generated to measure it."""
CLASSIFIER_TRIAL_STEPS = (2, 8)


@dataclass(frozen=True)
class Work:
    """How much there is to compute, apart from reading the layers and training autoencoders.

    Attributes:
        gradients: clips that a backward pass is made for.
        likelihoods: clips that pass the language model to measure an edit.
        pieces: pieces that are generated.
    """

    gradients: int
    likelihoods: int
    pieces: int


@dataclass(frozen=True)
class KnobForecast:
    """What a knob takes on this machine, in seconds and bytes.

    Attributes:
        reading_s: two passes of all recordings.
        gradients_s, likelihoods_s, pieces_s: see `Work`.
        classifier_s: training the classifier for the pieces; 0 without pieces.
        training: cost of the autoencoders; None without them.
        memory_bytes: the most that this process took in the trials, plus the autoencoders in training.
    """

    recordings: int
    sound_s: float
    layers: int
    banks: int
    work: Work
    reading_s: float
    gradients_s: float
    likelihoods_s: float
    pieces_s: float
    classifier_s: float
    training: Cost | None
    memory_bytes: int

    @property
    def training_s(self) -> float:
        """Frames and steps of the autoencoders."""
        return 3600 * (self.training.model_hours + self.training.training_hours) if self.training else 0.0

    @property
    def seconds(self) -> float:
        """All of it."""
        parts = (self.reading_s, self.gradients_s, self.training_s, self.likelihoods_s)
        return sum(parts) + self.pieces_s + self.classifier_s

    def text(self) -> str:
        """The forecast in a few lines."""
        parts = {
            f"comparing {self.layers} layers": self.reading_s + self.gradients_s,
            f"autoencoders of {self.banks}": self.training_s,
            "trying stops by predictions": self.likelihoods_s,
        }
        if self.work.pieces:
            parts[f"{self.work.pieces} pieces"] = self.pieces_s
            parts["their classifier"] = self.classifier_s
        each = ", ".join(f"{name} {hours(seconds / 3600)}" for name, seconds in parts.items())
        without = self.seconds - self.pieces_s - self.classifier_s
        remark = f"; without pieces (--pieces 0) {hours(without / 3600)}" if self.work.pieces else ""
        return "\n".join(
            [
                f"data: {self.recordings} recordings, {self.sound_s / 60:.1f} minutes of sound",
                f"memory: about {size(self.memory_bytes)}",
                f"time here: about {hours(self.seconds / 3600)}: {each}{remark}",
            ]
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, and the sum."""
        return asdict(self) | {"seconds": self.seconds}


def work_of(clips: dict[str, int], banks: int, kinds: Sequence[LayerKind], pieces: int) -> Work:
    """Counts what `find_stops` computes after `make_quick_banks`.

    Args:
        clips: recordings that measure an effect, of both kinds together, by split.
        banks: layers that have one.
        pieces: number of pieces generated for each trial.
    """
    measured = min(MEASURED, banks)
    specs = sum(measured * len(feature_counts(kind)) * len(VALUES) for kind in kinds)
    tried = sum(
        len(strengths_of(kind, side)) * len(layer_counts(measured))
        for kind in kinds
        for side in range(len(VALUES))
    )
    shown = len(VALUES) * (1 + RANDOM_DRAWS)
    choosing = 1 + specs + (0 if pieces else tried)
    unsteered = len(VALUES) * len(kinds)
    return Work(
        gradients=SWEEPS * clips["train"],
        likelihoods=choosing * clips["validation"] + (1 + shown) * clips["test"],
        pieces=pieces * (tried + unsteered + shown + len(VALUES)),
    )


def forecast_knob(
    model: MusicGenLayers,
    paths: tuple[list[Path], list[Path]],
    quick: QuickOptions,
    pieces: PieceOptions,
    trial_s: float = TRIAL_SECONDS,
) -> KnobForecast:
    """Measures each kind of work for some seconds, and computes the forecast.

    Args:
        paths: recordings with and without the concept.

    Raises:
        DrawstopError: recordings that the model can't read.
    """
    recordings = [Recording(path, "", "", "train") for kind in paths for path in kind]
    sites = list(model.sites())
    frames = ModelFrames(model, recordings, sites)
    total, banks = frames.recordings[-1].stop, min(quick.layers, len(sites))
    frames_per_s = frames_rate(frames, trial_s)
    some = (paths[0][:1], paths[1][:1])
    effect = PredictionEffect(model.musicgen, some)
    gradient_s = _seconds(lambda: effect.gradients(sites)) / 2
    encoded_s = _seconds(lambda: effect.tokens) / 2
    likelihood_s = _seconds(lambda: effect.unsteered) / 2
    training, weights = None, 0
    if quick.features:
        width = max(frames.widths.values())
        config = SAEConfig(width, quick.features, quick.k, steps=quick.steps)
        rates = MeasuredRates(frames_per_s, steps_rate(width, config, model.musicgen.device, trial_s))
        trained = [range(max(1, round(TRAIN_SHARE * total)))]
        training = cost_of(trained, total, [width] * banks, config, rates, stream=True, buffer_frames=None)
        weights = training.weights_bytes + training.buffer_bytes
    kinds: tuple[LayerKind, ...] = ("static", "direction") if quick.features else ("direction",)
    clips = clip_counts(paths, quick.seed)
    work = work_of(clips, banks, kinds, pieces.pieces)
    encoded = clips["validation"] + clips["test"]
    return KnobForecast(
        recordings=len(recordings),
        sound_s=total / frames.frame_rate,
        layers=len(sites),
        banks=banks,
        work=work,
        reading_s=SWEEPS * total / frames_per_s,
        gradients_s=work.gradients * gradient_s,
        likelihoods_s=work.likelihoods * likelihood_s + encoded * encoded_s,
        pieces_s=_pieces_s(model, pieces) * work.pieces / max(1, pieces.pieces),
        classifier_s=_classifier_s(model, some, pieces),
        training=training,
        memory_bytes=peak_bytes() + weights,
    )


def clip_counts(paths: tuple[Sequence[Path], Sequence[Path]], seed: int) -> dict[str, int]:
    """How many recordings of both kinds measure an effect, by split: at most `CLIPS` of a kind, all where a kind has none."""
    labels = torch.tensor([True] * len(paths[0]) + [False] * len(paths[1]))
    dealt = [split for kind in deal_files(paths, seed) for split in kind]
    chosen = {split: clips_in(labels, dealt, split) for split in SPLITS}
    return {
        split: sum(min(CLIPS, int((own & kind).sum())) for kind in (labels, ~labels))
        for split, own in chosen.items()
    }


def _pieces_s(model: MusicGenLayers, pieces: PieceOptions) -> float:
    """Seconds that one trial's pieces take, by a shorter one."""
    if not pieces.pieces:
        return 0.0
    sampling = Sampling(seconds=PIECE_TRIAL_SECONDS, cfg_coef=pieces.cfg_coef)
    taken = _seconds(lambda: model.musicgen.generate([None] * pieces.pieces, sampling))
    return taken * pieces.seconds / PIECE_TRIAL_SECONDS


def _classifier_s(
    model: MusicGenLayers, some: tuple[Sequence[Path], Sequence[Path]], pieces: PieceOptions
) -> float:
    """Seconds of the classifier's training, by two short ones: their difference are steps, the rest are reconstructions."""
    if not pieces.pieces:
        return 0.0
    options, codec = pieces.classifier, Codec(model.musicgen)
    few = replace(options, reconstructions=options.batch)

    def training_s(steps: int) -> float:
        of_steps = replace(few, steps=steps)
        return _seconds(
            lambda: train_concept_classifier(codec, "concept", list(some[0]), list(some[1]), of_steps)
        )

    short, long = map(training_s, CLASSIFIER_TRIAL_STEPS)
    first, second = CLASSIFIER_TRIAL_STEPS
    step_s = max(0.0, long - short) / (second - first)
    reconstruction_s = max(0.0, short - first * step_s) / few.reconstructions
    return options.steps * step_s + options.reconstructions * reconstruction_s


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
