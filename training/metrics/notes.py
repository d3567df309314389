"""Which notes sound, several at once, and how many of them still sound after an edit.

The tracker is basic-pitch (Bittner et al. 2022, "A lightweight instrument-agnostic model for polyphonic note
transcription and multipitch estimation"), whose wheel holds its weights; they run in onnxruntime. Metrics are those of
music transcription: frame by frame as in Poliner & Ellis 2007 (`mir_eval.multipitch`), note by note with
`mir_eval.transcription` (Raffel et al. 2014).
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from torch import Tensor

from drawstop.front.extras import how_to_add
from training.data.clips import loud_enough

TRACKER = "basic-pitch"
MISSING = (
    f"Notes weren't tracked: {TRACKER} isn't here; the extra that brings it: {how_to_add('basic_pitch')}."
)
FRAME_SECONDS = 0.02
KEYS = 128
"""MIDI keys."""
ONSET_THRESHOLD, FRAME_THRESHOLD, SHORTEST_FRAMES = 0.5, 0.3, 11
"""basic_pitch.inference.predict's own: probabilities, and 127.7 ms in frames of 256 samples at 22.05 kHz."""
OVERLAPPING_FRAMES = 30
"""Overlapping frames of basic-pitch's 2 s windows, as basic_pitch.inference.run_inference sets it."""
WINDOWS_AT_ONCE = 8

Roll = NDArray[np.bool_]
"""Which keys sound in which frames, `[frames, KEYS]`."""


@dataclass(frozen=True)
class Notes:
    """The notes of one sound.

    Attributes:
        intervals: onset and end in seconds, `[notes, 2]`.
        keys: MIDI note numbers, `[notes]`.
        seconds: how long the sound is.
    """

    intervals: NDArray[np.float64]
    keys: NDArray[np.int64]
    seconds: float

    def roll(self) -> Roll:
        """Which keys sound when, in frames of FRAME_SECONDS."""
        sounding = np.zeros((round(self.seconds / FRAME_SECONDS), KEYS), dtype=bool)
        for (start, end), key in zip(self.intervals / FRAME_SECONDS, self.keys, strict=True):
            sounding[round(start) : max(round(end), round(start) + 1), key] = True
        return sounding


def installed() -> bool:
    """Whether the tracker and the metrics' library are installed."""
    return all(importlib.util.find_spec(name) for name in ("basic_pitch", "onnxruntime", "mir_eval"))


def track_notes(audio: Tensor, sample_rate: int) -> list[Notes]:
    """The notes of each sound, `[items, samples]`: about 30 ms of a core for a second of sound.

    A note in a stretch below SILENCE_DBFS is left out: the tracker brings every window to one level, however quiet.
    """
    if not len(audio):
        return []
    with _unadvised():
        from basic_pitch.constants import AUDIO_N_SAMPLES, AUDIO_SAMPLE_RATE, FFT_HOP
        from basic_pitch.inference import unwrap_output, window_audio_file

    predictions = soxr.resample(audio.numpy().T.astype(np.float32), sample_rate, AUDIO_SAMPLE_RATE).T
    overlap = OVERLAPPING_FRAMES * FFT_HOP
    padded = np.pad(predictions.reshape(len(audio), -1), ((0, 0), (overlap // 2, 0)))
    windows = np.stack(
        [[window for window, _ in window_audio_file(sound, AUDIO_N_SAMPLES - overlap)] for sound in padded]
    )
    found = _predict(windows.reshape(-1, *windows.shape[2:]))
    count = windows.shape[1]
    return [
        _notes(
            {
                name: unwrap_output(
                    each[i * count : (i + 1) * count], predictions.shape[1], OVERLAPPING_FRAMES
                )
                for name, each in found.items()
            },
            audio[i],
            sample_rate,
        )
        for i in range(len(audio))
    ]


def share_sounding(wanted: Roll, predictions: Roll) -> float:
    """The share of the wanted keys, frame by frame, that sound: `mir_eval.multipitch`'s recall; NaN without any."""
    return float((wanted & predictions).sum() / wanted.sum()) if wanted.any() else float("nan")


def notes_f(before: Notes, after: Notes) -> float:
    """F-measure of notes: the same key, an onset at most 50 ms away; NaN where nothing sounded before."""
    if not len(before.keys) or not len(after.keys):
        return 0.0 if len(before.keys) else float("nan")
    from mir_eval.transcription import precision_recall_f1_overlap

    return float(
        precision_recall_f1_overlap(
            before.intervals, _hertz(before.keys), after.intervals, _hertz(after.keys), offset_ratio=None
        )[2]
    )


def _predict(windows: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """The network's probabilities, `[windows, frames, bins]` by name."""
    parts = [
        _model().predict(windows[i : i + WINDOWS_AT_ONCE]) for i in range(0, len(windows), WINDOWS_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _notes(output: dict[str, NDArray[np.float32]], audio: Tensor, sample_rate: int) -> Notes:
    from basic_pitch.note_creation import model_frames_to_time, output_to_notes_polyphonic

    seconds = len(audio) / sample_rate
    events = (
        output_to_notes_polyphonic(
            output["note"],
            output["onset"],
            onset_thresh=ONSET_THRESHOLD,
            frame_thresh=FRAME_THRESHOLD,
            min_note_len=SHORTEST_FRAMES,
            infer_onsets=True,
            max_freq=None,
            min_freq=None,
        )
        if bool(loud_enough(audio))
        else []
    )
    times = model_frames_to_time(len(output["note"]))
    found = [
        (times[start], min(times[end], seconds), key)
        for start, end, key, _ in sorted(events)
        if bool(loud_enough(audio[int(times[start] * sample_rate) : int(times[end] * sample_rate)]))
    ]
    return Notes(
        np.array([each[:2] for each in found], dtype=np.float64).reshape(-1, 2),
        np.array([each[2] for each in found], dtype=np.int64),
        seconds,
    )


def _hertz(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    hertz: NDArray[np.float64] = 440.0 * 2.0 ** ((keys - 69) / 12)
    return hertz


@cache
def _model() -> Any:
    with _unadvised():
        from basic_pitch import FilenameSuffix, build_icassp_2022_model_path
        from basic_pitch.inference import Model

        return Model(build_icassp_2022_model_path(FilenameSuffix.onnx))


@contextlib.contextmanager
def _unadvised() -> Iterator[None]:
    """basic_pitch, imported, advises on the root logger to install TensorFlow and others, and sets that logger up for it."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    root.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries that it loads
            yield
    finally:
        root.removeFilter(_nothing)
        root.removeHandler(handler)


def _nothing(record: logging.LogRecord) -> bool:
    return False
