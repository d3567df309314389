"""The picture of a performance: what went in, what came out, the knobs, and what the classifier detects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from torch import Tensor

from drawstop.audio.files import read_audio
from drawstop.files import atomic_file
from export.demo.measurements import WAVS
from realtime.engine.control_event import ControlEvent
from training.classifiers.network import ConceptClassifier
from training.metrics.mel import HIGHEST_HZ, LOWEST_HZ, mel_filters

matplotlib.use("Agg")

from matplotlib.figure import Figure

N_FFT, HOP, BANDS = 4096, 441, 128
RANGE_DB = 70.0
TICKS_HZ = (100, 300, 1000, 3000, 10000)
COLOURS = ("#d95f0e", "#1f78b4", "#33a02c", "#8856a7")
TITLES = {"input": "input", "neutral": "instrument, knobs at 0", "performance": "instrument, knobs moving"}
SMOOTHING = 11  # frames of the classifier: a quarter of a second


def draw(
    folder: Path, events: Sequence[ControlEvent], classifier: ConceptClassifier, slugs: Sequence[str]
) -> None:
    """Draws performance.png from the written sounds in a folder, 1200 pixels wide."""
    sounds = {}
    for name in WAVS:
        audio, rate = read_audio(folder / f"{name}.wav", channels=1)
        sounds[name] = torch.from_numpy(audio[0])
    seconds = len(sounds["input"]) / rate
    with matplotlib.rc_context({"font.size": 11, "axes.titlesize": 11.5, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(12, 10.5), dpi=100, layout="constrained")
        axes = figure.subplots(5, 1, sharex=True, gridspec_kw={"height_ratios": [3, 3, 3, 1.3, 1.6]})
        loudest = max(float(_spectrogram(sound, rate).max()) for sound in sounds.values())
        for axis, (name, sound) in zip(axes, sounds.items(), strict=False):
            _draw_spectrogram(axis, sound, rate, seconds, loudest)
            axis.set_title(f"{name}.wav: {TITLES[name]}")
        _draw_knobs(axes[3], events, slugs, rate, seconds)
        _draw_probabilities(axes[4], sounds, classifier, seconds)
        axes[4].set_xlim(0, seconds)
        axes[4].set_xlabel("seconds")
        with atomic_file(folder / "performance.png") as beside:
            figure.savefig(beside, metadata={"Software": None})


def _spectrogram(audio: Tensor, rate: int) -> Tensor:
    """Mel spectrogram in dB. `[samples]` -> `[bands, frames]`."""
    window = torch.hann_window(N_FFT)
    power = (
        torch.stft(audio, N_FFT, HOP, window=window, return_complex=True, pad_mode="constant").abs().square()
    )
    return 10 * torch.log10(mel_filters(rate, N_FFT, BANDS) @ power + 1e-9)


def _draw_spectrogram(axis: Any, audio: Tensor, rate: int, seconds: float, loudest: float) -> None:
    axis.imshow(
        _spectrogram(audio, rate).numpy(),
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=loudest - RANGE_DB,
        vmax=loudest,
        extent=(0, seconds, 0, 1),
        interpolation="bilinear",
    )
    low, high = (_mel(hz) for hz in (LOWEST_HZ, HIGHEST_HZ))
    axis.set_yticks([(_mel(hz) - low) / (high - low) for hz in TICKS_HZ])
    axis.set_yticklabels([f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz" for hz in TICKS_HZ])


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _draw_knobs(
    axis: Any, events: Sequence[ControlEvent], slugs: Sequence[str], rate: int, seconds: float
) -> None:
    for slug, colour in zip(slugs, COLOURS, strict=False):
        moves = [(event.sample / rate, event.value) for event in events if event.slug == slug]
        times, values = zip((0.0, 0.0), *moves, strict=True)
        axis.step(
            [*times, max(seconds, times[-1])],
            [*values, values[-1]],
            where="post",
            color=colour,
            lw=2.2,
            label=slug,
        )
    axis.set_title("the stops (MIDI): −1 taken away, 0 as played, +1 brought in")
    axis.set_ylim(-1.15, 1.15)
    axis.set_yticks([-1, 0, 1])
    _tidy(axis)


def _draw_probabilities(
    axis: Any, sounds: dict[str, Tensor], classifier: ConceptClassifier, seconds: float
) -> None:
    with torch.no_grad():
        for name, style in (("neutral", {"lw": 1.1, "ls": ":"}), ("performance", {"lw": 2.2})):
            predictions = _smoothed(classifier.frame_logits(sounds[name][None])[0]).sigmoid()
            times = np.arange(predictions.shape[-1]) * classifier.frame_hop / classifier.sample_rate
            for concept, colour, line in zip(classifier.concepts, COLOURS, predictions, strict=False):
                label = concept if name == "performance" else f"{concept}, neutral.wav"
                axis.plot(times, line.numpy(), color=colour, label=label, **style)
    axis.set_title("what an independent classifier detects (probability)")
    axis.set_ylim(-0.05, 1.05)
    axis.set_yticks([0, 0.5, 1])
    _tidy(axis)


def _smoothed(logits: Tensor) -> Tensor:
    """A moving mean over time. `[concepts, frames]` -> the same shape."""
    mean: Tensor = torch.nn.functional.avg_pool1d(
        logits[None], SMOOTHING, stride=1, padding=SMOOTHING // 2, count_include_pad=False
    )[0]
    return mean


def _tidy(axis: Any) -> None:
    axis.grid(axis="y", alpha=0.3)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, frameon=False, fontsize=10, borderpad=0
    )
