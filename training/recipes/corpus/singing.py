"""Singers for the corpus: espeak-ng speaks syllables, the WORLD vocoder sings them on a phrase's notes."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyworld
import soundfile
import soxr
from numpy.typing import NDArray

from training.recipes.corpus.phrases import Note, Phrase

SYLLABLES = ("la:", "na:", "mi:", "lu:", "dO:", "ma:", "nu:", "ja:", "li:", "vO:")
"""espeak-ng phonemes of the syllables sung, one after the other."""

FRAME_SECONDS = 0.005
FRAME_MILLISECONDS = 1000 * FRAME_SECONDS
VIBRATO_HERTZ = 5.5
VIBRATO_CENTS = 25.0
RELEASE_SECONDS = 0.08

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Syllable:
    """WORLD analysis of a spoken syllable: envelope and aperiodicity [frames, bins], vowel frames."""

    envelope: Samples
    aperiodicity: Samples
    vowel_start: int
    vowel_stop: int


class Singer:
    """One espeak-ng voice that sings at `sample_rate`; FileNotFoundError where espeak-ng is missing."""

    def __init__(self, speaker: str, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        spoken = (_speak(speaker, name, sample_rate) for name in SYLLABLES)
        self.syllables = tuple(_analyse(syllable, sample_rate) for syllable in spoken)

    def sing(self, phrase: Phrase, seconds: float) -> NDArray[np.float32]:
        """The phrase, `seconds` long, mono [samples]; the notes of a chord are sung on the same syllable."""
        out = np.zeros(round(seconds * self.sample_rate))
        starts = sorted({note.start for note in phrase.notes})
        for note in phrase.notes:
            syllable = self.syllables[(starts.index(note.start) + note.pitch // 12) % len(self.syllables)]
            sound = self._sing_note(syllable, note)
            first = round(note.start * self.sample_rate)
            sound = sound[: len(out) - first]
            out[first : first + len(sound)] += sound * (note.velocity / 127) ** 1.5
        return out.astype(np.float32)

    def _sing_note(self, syllable: Syllable, note: Note) -> Samples:
        frames = max(8, round((note.length + RELEASE_SECONDS) / FRAME_SECONDS))
        onset = min(syllable.vowel_start, frames // 2)
        source = np.concatenate(
            [
                np.arange(syllable.vowel_start - onset, syllable.vowel_start, dtype=np.float64),
                np.linspace(syllable.vowel_start, syllable.vowel_stop - 1, frames - onset),
            ]
        )
        low = np.floor(source).astype(int)
        high = np.minimum(low + 1, syllable.vowel_stop - 1)
        share = (source - low)[:, None]
        loud = np.log(syllable.envelope)
        envelope = np.ascontiguousarray(np.exp((1 - share) * loud[low] + share * loud[high]))
        aperiodicity = (1 - share) * syllable.aperiodicity[low] + share * syllable.aperiodicity[high]
        time = np.arange(frames) * FRAME_SECONDS
        depth = VIBRATO_CENTS * np.clip((time - 0.15) / 0.3, 0, 1)
        cents = depth * np.sin(2 * np.pi * VIBRATO_HERTZ * time)
        f0 = 440.0 * 2.0 ** ((note.pitch - 69) / 12 + cents / 1200)
        sound: Samples = pyworld.synthesize(f0, envelope, aperiodicity, self.sample_rate, FRAME_MILLISECONDS)
        fade_in, fade_out = round(0.02 * self.sample_rate), round(RELEASE_SECONDS * self.sample_rate)
        sound[:fade_in] *= np.linspace(0, 1, fade_in)
        sound[-fade_out:] *= np.linspace(1, 0, fade_out)
        return sound


def _speak(speaker: str, phonemes: str, sample_rate: int) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "syllable.wav"
        command = ["espeak-ng", "-v", speaker, "-s", "120", "-w", str(path), f"[[{phonemes}]]"]
        subprocess.run(command, check=True)
        spoken, rate = soundfile.read(path, dtype="float64")
    return np.ascontiguousarray(soxr.resample(spoken, rate, sample_rate), dtype=np.float64)


def _analyse(spoken: Samples, sample_rate: int) -> Syllable:
    f0, times = pyworld.harvest(spoken, sample_rate, 60.0, 500.0, FRAME_MILLISECONDS)
    envelope = pyworld.cheaptrick(spoken, f0, times, sample_rate)
    aperiodicity = pyworld.d4c(spoken, f0, times, sample_rate)
    power = envelope.sum(axis=1)
    loud = np.flatnonzero((power > 0.3 * power.max()) & (f0 > 0))
    start, stop = int(loud[0]), int(loud[-1]) + 1
    start += (stop - start) // 5
    stop -= (stop - start) // 4
    first = int(np.flatnonzero(power > 0.003 * power.max())[0])
    envelope[start:stop] *= (power[start:stop].mean() / power[start:stop])[:, None]
    envelope = np.maximum(envelope / power[start:stop].mean(), 1e-12)
    return Syllable(envelope[first:], aperiodicity[first:], start - first, max(stop, start + 2) - first)
