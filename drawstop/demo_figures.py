"""What the stops do, measured on recordings that nothing was made from, by a judge that was trained apart."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.base.audio_files import list_audio, read_audio
from drawstop.base.errors import DrawstopError
from training.controls import random_control
from training.judge import FRAME_HOP, Judge
from training.models.rave import RaveModel
from training.steering import Steering
from training.stops import StopBank

BOTH = "both"
WAVS = ("input", "neutral", "performance")
CONTROL_SEED = 1000
N_FFT = 2048
FLOOR_DB = -60.0  # below a clip's loudest bin a difference in level isn't heard

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
    latents = torch.cat([model.encode(batch) for batch in _batches(audio, model)])
    return Clips([path.parent.name for path in paths], latents)


def measure(
    model: RaveModel,
    bank: StopBank,
    judge: Judge,
    clips: Clips,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Figures:
    """Per stop: how often the judge hears it at -1, 0 and +1, beside the same edit with random features.

    -1 is measured on clips with the concept (alone and in mixtures), +1 on clips without it, 0 on both.

    Raises:
        DrawstopError: the judge doesn't know a stop's name, or hears at another rate than the model's.
    """
    _refuse_deaf(model, bank, judge)
    control = tuple(random_control(stop, CONTROL_SEED + seed + i) for i, stop in enumerate(bank.stops))
    edits = {
        "stop": Steering(bank.sae, bank),
        "random": Steering(bank.sae, StopBank(bank.sae, control, bank.model_fingerprint)),
    }
    steps = 2 + 4 * len(bank.stops)
    done = 0

    def play(edit: str, indices: list[int], values: dict[str, float]) -> Tensor:
        nonlocal done
        knobs = torch.tensor([values.get(stop.slug, 0.0) for stop in bank.stops])
        played = _play(model, edits[edit], clips.latents[indices], knobs)
        done += 1
        if progress:
            progress(done, steps)
        return played

    neutral = play("stop", list(range(len(clips.labels))), {})
    figures: Figures = {}
    for stop in bank.stops:
        ear = judge.concepts.index(stop.name)
        having = clips.where(stop.name, BOTH)
        lacking = [index for index in range(len(clips.labels)) if index not in having]
        figures[stop.slug] = {
            "heard_at_0": {
                "with": _share(judge, neutral[having], ear),
                "without": _share(judge, neutral[lacking], ear),
            },
            "clips": {"with": len(having), "without": len(lacking)},
        }
        for key, indices, value in (("at_minus_1", having, -1.0), ("at_plus_1", lacking, 1.0)):
            for edit in edits:
                played = play(edit, indices, {stop.slug: value})
                seen = _compare(judge, played, neutral[indices], ear)
                if key == "at_minus_1":
                    alone = [at for at, index in enumerate(indices) if clips.labels[index] != BOTH]
                    mixed = [at for at, index in enumerate(indices) if clips.labels[index] == BOTH]
                    seen["alone"] = _compare(judge, played[alone], neutral[indices][alone], ear)
                    seen["in_mixtures"] = _compare(judge, played[mixed], neutral[indices][mixed], ear)
                figures[stop.slug].setdefault(key, {})[edit] = seen
    if {"guitar", "voice"} <= {stop.slug for stop in bank.stops}:
        solos = clips.where("guitar")
        played = play("stop", solos, {"guitar": -1.0, "voice": 1.0})
        figures["toggle"] = {"clips": len(solos)} | {
            name: {"at_0": _share(judge, neutral[solos], ear), "toggled": _share(judge, played, ear)}
            for ear, name in enumerate(judge.concepts)
        }
    return figures


@torch.no_grad()
def hear(judge: Judge, audio: Tensor) -> Figures:
    """What the judge hears in a whole sound: clip and per-second probabilities. audio `[samples]`."""
    clip = judge.clip_logits(audio[None])[0].sigmoid()
    frames = judge.frame_logits(audio[None])[0]
    starts = torch.arange(frames.shape[1]) * FRAME_HOP
    frame_seconds = starts // judge.sample_rate
    count = int(frame_seconds[starts < max(len(audio), 1)].max()) + 1  # the last may be a part of a second
    parts = [frames[:, frame_seconds == second].mean(1) for second in range(count)]
    seconds = torch.stack(parts, 1).sigmoid()
    return {
        name: {"clip": _round(clip[ear]), "per_second": [_round(value) for value in seconds[ear]]}
        for ear, name in enumerate(judge.concepts)
    }


def heard_in_files(judge: Judge, folder: Path) -> Figures:
    """What the judge hears in the written sounds, read back from the disk."""
    return {
        name: hear(judge, torch.from_numpy(read_audio(folder / f"{name}.wav", channels=1)[0][0]))
        for name in WAVS
    }


@torch.no_grad()
def _play(model: RaveModel, steering: Steering, latents: Tensor, knobs: Tensor) -> Tensor:
    """Latents `[clips, latents, frames]` and one value per stop -> mono audio `[clips, samples]`."""
    played = []
    for batch in _batches(latents, model):
        values = knobs[None, :, None].expand(len(batch), -1, batch.shape[-1])
        played.append(model.decode(steering(batch, values)).mean(1))
    return torch.cat(played) if played else latents.new_zeros(0, latents.shape[-1] * model.rates.ratio)


@torch.no_grad()
def _compare(judge: Judge, played: Tensor, neutral: Tensor, ear: int) -> Figures:
    """How often the concept is heard, and what the edit did to level and spectrum."""
    if not len(played):
        return {"clips": 0, "heard": None, "level_db": None, "spectral_db": None}
    level = 10 * torch.log10((played.square().mean(-1) + 1e-10) / (neutral.square().mean(-1) + 1e-10))
    return {
        "clips": len(played),
        "heard": _share(judge, played, ear),
        "level_db": _round(level.mean()),
        "spectral_db": _round(log_spectral_distance(played, neutral).mean()),
    }


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


def _share(judge: Judge, audio: Tensor, ear: int) -> float | None:
    """Share of clips in which the concept is heard; None without clips. audio `[clips, samples]`."""
    if not len(audio):
        return None
    return _round(judge.heard(audio)[:, ear].float().mean())


def _refuse_deaf(model: RaveModel, bank: StopBank, judge: Judge) -> None:
    unknown = [stop.name for stop in bank.stops if stop.name not in judge.concepts]
    if unknown:
        raise DrawstopError(
            f"the judge hears {', '.join(judge.concepts)}, but not {unknown[0]}: train it again"
        )
    if judge.sample_rate != model.rates.sample_rate:
        raise DrawstopError(
            f"the judge hears at {judge.sample_rate} Hz, the model plays at {model.rates.sample_rate}: train it again"
        )


def _batches(clips: Tensor, model: RaveModel) -> list[Tensor]:
    """As many clips at once as the model has caches for."""
    return [clips[start : start + model.voices()] for start in range(0, len(clips), model.voices())]


def _round(value: Tensor) -> float:
    return round(float(value), 4)
