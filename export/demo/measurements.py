"""What the stops do, measured on recordings that nothing was made from, by a classifier that was trained apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.audio_files import list_audio, read_audio
from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.banks.control_edits import BankEdit, RandomEdit
from training.classifiers.classifier import Classifier, predict
from training.classifiers.musicnn import Musicnn
from training.classifiers.network import ConceptClassifier
from training.metrics.predictions import Predictions
from training.models.rave.batches import encode_clips, play_clips
from training.models.rave.model import RaveModel

BOTH = "both"
WAVS = ("input", "neutral", "performance")
CONTROL_SEED = 1000
TOGGLED = ("guitar", "voice")
NAMES = ("judge", "tagger")
"""The classifiers in figures.json: our own network, and the published one."""
N_FFT = 2048
FLOOR_DB = -60.0  # below a clip's loudest bin a difference in level isn't audible

Figures = dict[str, Any]


@dataclass(frozen=True)
class Clips:
    """Held-out recordings: labels, and latents `[clips, latents, frames]`."""

    labels: list[str]
    latents: Tensor

    def where(self, *labels: str) -> list[int]:
        """The indices of the clips with one of these labels."""
        return [index for index, label in enumerate(self.labels) if label in labels]


def load_clips(model: RaveModel, folder: Path) -> Clips:
    """The recordings of a folder with a sub-folder per label, encoded; shorter ones end in silence."""
    paths = list_audio(folder)
    sounds = [
        torch.from_numpy(read_audio(path, model.rates.sample_rate, model.rates.channels)[0]) for path in paths
    ]
    longest = max(sound.shape[-1] for sound in sounds)
    audio = torch.stack([torch.nn.functional.pad(sound, (0, longest - sound.shape[-1])) for sound in sounds])
    latents = encode_clips(model, audio)
    return Clips([path.parent.name for path in paths], latents)


def detection_shares(predictions: Mapping[str, Predictions], concept: str, clips: list[int]) -> Figures:
    """In which share of these clips each classifier detects the concept; None without clips."""
    if not clips:
        return {name: None for name in NAMES}
    return {name: _round(each.of(concept)[0][clips].float().mean()) for name, each in predictions.items()}


@dataclass(frozen=True)
class Changed:
    """What an edit made of clips: what is detected, and how far level and spectrum moved, in dB, `[clips]`."""

    predictions: Mapping[str, Predictions]
    level: Tensor
    spectrum: Tensor

    def figures(self, concept: str, clips: list[int]) -> Figures:
        """Of these clips."""
        level, spectrum = (
            _round(moved[clips].mean()) if clips else None for moved in (self.level, self.spectrum)
        )
        detected = detection_shares(self.predictions, concept, clips)
        return {"clips": len(clips), "heard": detected, "level_db": level, "spectral_db": spectrum}


def measure(
    model: RaveModel,
    bank: StopBank,
    classifiers: Sequence[Classifier],
    clips: Clips,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Figures:
    """Per stop: how often each classifier detects it at -1, 0 and +1, beside the same edit with random features.

    -1 is measured on clips with the concept (alone and in mixtures), +1 on clips without it, 0 on both.
    """
    edits = {"stop": BankEdit(bank), "random": RandomEdit(bank, CONTROL_SEED + seed)}
    steps = 2 + 4 * len(bank.stops)
    done = 0

    def play(edit: str, indices: list[int], values: dict[str, float]) -> Tensor:
        nonlocal done
        knobs = [values.get(stop.slug, 0.0) for stop in bank.stops]
        played = play_clips(model, edits[edit](clips.latents[indices], knobs))
        done += 1
        if progress:
            progress(done, steps)
        return played

    neutral = play("stop", list(range(len(clips.labels))), {})
    at_rest = predict(classifiers, neutral, model.rates.sample_rate)
    figures: Figures = {}
    for stop in bank.stops:
        having = clips.where(stop.name, BOTH)
        lacking = [index for index in range(len(clips.labels)) if index not in having]
        figures[stop.slug] = {
            "heard_at_0": {
                "with": detection_shares(at_rest, stop.name, having),
                "without": detection_shares(at_rest, stop.name, lacking),
            },
            "clips": {"with": len(having), "without": len(lacking)},
        }
        for key, indices, value in (("at_minus_1", having, -1.0), ("at_plus_1", lacking, 1.0)):
            for edit in ("stop", "random"):
                played = play(edit, indices, {stop.slug: value})
                changed = _changed(classifiers, played, neutral[indices], model.rates.sample_rate)
                seen = changed.figures(stop.name, list(range(len(indices))))
                if key == "at_minus_1":
                    alone = [at for at, index in enumerate(indices) if clips.labels[index] != BOTH]
                    mixed = [at for at, index in enumerate(indices) if clips.labels[index] == BOTH]
                    seen["alone"] = changed.figures(stop.name, alone)
                    seen["in_mixtures"] = changed.figures(stop.name, mixed)
                figures[stop.slug].setdefault(key, {})[edit] = seen
    if set(TOGGLED) <= {stop.slug for stop in bank.stops}:
        solos = clips.where("guitar")
        played = play("stop", solos, {"guitar": -1.0, "voice": 1.0})
        toggled = predict(classifiers, played, model.rates.sample_rate)
        every = list(range(len(solos)))
        figures["toggle"] = {"clips": len(solos)} | {
            name: {
                "at_0": detection_shares(at_rest, name, solos),
                "toggled": detection_shares(toggled, name, every),
            }
            for name in TOGGLED
        }
    return figures


@torch.no_grad()
def probabilities(classifier: ConceptClassifier, audio: Tensor) -> Figures:
    """What the classifier detects in a whole sound: clip and per-second probabilities. audio `[samples]`."""
    clip = classifier.clip_logits(audio[None])[0].sigmoid()
    frames = classifier.frame_logits(audio[None])[0]
    starts = torch.arange(frames.shape[1]) * classifier.frame_hop
    frame_seconds = starts // classifier.sample_rate
    count = int(frame_seconds[starts < max(len(audio), 1)].max()) + 1  # the last may be a part of a second
    parts = [frames[:, frame_seconds == second].mean(1) for second in range(count)]
    seconds = torch.stack(parts, 1).sigmoid()
    return {
        name: {"clip": _round(clip[row]), "per_second": [_round(value) for value in seconds[row]]}
        for row, name in enumerate(classifier.concepts)
    }


def probabilities_in_files(classifier: ConceptClassifier, folder: Path) -> Figures:
    """What the classifier detects in the written sounds, read back from the disk."""
    return {
        name: probabilities(
            classifier, torch.from_numpy(read_audio(folder / f"{name}.wav", channels=1)[0][0])
        )
        for name in WAVS
    }


@torch.no_grad()
def _changed(classifiers: Sequence[Classifier], played: Tensor, neutral: Tensor, sample_rate: int) -> Changed:
    """What an edit did to clips; both `[clips, samples]`."""
    if not len(played):
        return Changed({}, torch.zeros(0), torch.zeros(0))
    level = 10 * torch.log10((played.square().mean(-1) + 1e-10) / (neutral.square().mean(-1) + 1e-10))
    return Changed(predict(classifiers, played, sample_rate), level, log_spectral_distance(played, neutral))


def log_spectral_distance(first: Tensor, second: Tensor) -> Tensor:
    """RMS difference of two sounds' spectrograms in dB, with a floor. `[clips, samples]` twice -> `[clips]`."""
    window = torch.hann_window(N_FFT)
    one, two = (
        torch.stft(sound, N_FFT, N_FFT // 4, window=window, return_complex=True, pad_mode="constant").abs()
        for sound in (first, second)
    )
    floor = two.amax((1, 2), keepdim=True).clamp(min=1e-6) * 10 ** (FLOOR_DB / 20)
    difference = 20 * torch.log10(one.clamp(min=floor) / two.clamp(min=floor))
    return difference.square().mean((1, 2)).sqrt()


def refuse_other_concepts(
    model: RaveModel, bank: StopBank, network: ConceptClassifier, musicnn: Musicnn
) -> None:
    """Raises DrawstopError for a stop that a classifier doesn't know, or a network of another rate than the model's."""
    known = set(network.concepts) & set(musicnn.concepts)
    unknown = [stop.name for stop in bank.stops if stop.name not in known]
    if unknown:
        raise DrawstopError(
            f"the classifiers know {', '.join(sorted(known))}, but not {unknown[0]}: train them again"
        )
    if network.sample_rate != model.rates.sample_rate:
        raise DrawstopError(
            f"the classifier works at {network.sample_rate} Hz, the model plays at {model.rates.sample_rate}: train it again"
        )


def _round(value: Tensor) -> float:
    return round(float(value), 4)
