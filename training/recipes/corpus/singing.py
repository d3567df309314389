"""Singers for the corpus: espeak-ng speaks syllables, the WORLD vocoder sings them on a phrase's notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyworld
import soxr
from numpy.typing import NDArray

from training.recipes.corpus.espeak import say
from training.recipes.corpus.phrases import Note, Phrase

SYLLABLES = ("la:", "na:", "mi:", "lu:", "dO:", "ma:", "nu:", "ja:", "li:", "vO:")
"""espeak-ng phonemes of the syllables sung, one after the other."""

FRAME_SECONDS = 0.005
FRAME_MILLISECONDS = 1000 * FRAME_SECONDS
VIBRATO_HERTZ = 5.5
VIBRATO_CENTS = 25.0
RELEASE_SECONDS = 0.08
WORDS_A_MINUTE = 120
LOWEST_HERTZ, HIGHEST_HERTZ = 60.0, 500.0
"""Range in which the pitch of espeak-ng's speech is searched."""
SHORTEST_VOWEL = 8
"""Shortest vowel in frames."""

Samples = NDArray[np.float64]
PitchTracker = Callable[[Samples, int], tuple[Samples, Samples]]
"""Speech and its sample rate -> pitch in hertz, 0 where there is none, and the times of its frames in seconds."""


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
        spoken = (analyse(speak(speaker, name, sample_rate), sample_rate) for name in SYLLABLES)
        self.syllables = tuple(syllable for syllable in spoken if syllable is not None)

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
        time = note_frames(note.length)
        cents = vibrato(time, VIBRATO_HERTZ, VIBRATO_CENTS)
        return sing_note(syllable, hertz(note.pitch, cents), self.sample_rate)


def note_frames(length: float) -> Samples:
    """Times of a note's WORLD frames in seconds from its start; `length` in seconds, its release comes after it."""
    return np.arange(max(8, round((length + RELEASE_SECONDS) / FRAME_SECONDS))) * FRAME_SECONDS


def vibrato(time: Samples, rate_hertz: float, depth_cents: float, phase: float = 0.0) -> Samples:
    """Cents off the pitch at each time: a vibrato that sets in after 0.15 s, and is whole after 0.45 s."""
    depth: Samples = depth_cents * np.clip((time - 0.15) / 0.3, 0, 1)
    return depth * np.sin(2 * np.pi * rate_hertz * time + phase)


def hertz(pitch: float, cents: Samples) -> Samples:
    """A MIDI pitch and cents off it as frequencies."""
    found: Samples = 440.0 * 2.0 ** ((pitch - 69) / 12 + cents / 1200)
    return found


def sing_note(syllable: Syllable, f0: Samples, sample_rate: int, breath: float = 0.0) -> Samples:
    """A note `[samples]`: the consonant as it was spoken, the vowel stretched over the rest.

    Args:
        f0: hertz at each frame of `note_frames`.
        breath: added to the aperiodicity.
    """
    frames = len(f0)
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
    aperiodicity = np.clip(aperiodicity + breath, 0, 1)
    sound: Samples = pyworld.synthesize(f0, envelope, aperiodicity, sample_rate, FRAME_MILLISECONDS)
    fade_in, fade_out = round(0.02 * sample_rate), round(RELEASE_SECONDS * sample_rate)
    sound[:fade_in] *= np.linspace(0, 1, fade_in)
    sound[-fade_out:] *= np.linspace(1, 0, fade_out)
    return sound


def speak(speaker: str, phonemes: str, sample_rate: int) -> Samples:
    """A spoken syllable `[samples]`."""
    spoken, rate = say(f"[[{phonemes}]]", speaker, WORDS_A_MINUTE)
    return np.ascontiguousarray(soxr.resample(spoken, rate, sample_rate), dtype=np.float64)


def harvest(spoken: Samples, sample_rate: int) -> tuple[Samples, Samples]:
    """WORLD's careful `PitchTracker`."""
    f0, times = pyworld.harvest(spoken, sample_rate, LOWEST_HERTZ, HIGHEST_HERTZ, FRAME_MILLISECONDS)
    return f0, times


def dio(spoken: Samples, sample_rate: int) -> tuple[Samples, Samples]:
    """WORLD's `PitchTracker` that takes a fifth of the time."""
    f0, times = pyworld.dio(spoken, sample_rate, LOWEST_HERTZ, HIGHEST_HERTZ, frame_period=FRAME_MILLISECONDS)
    return pyworld.stonemask(spoken, f0, times, sample_rate), times


def analyse(spoken: Samples, sample_rate: int, tracker: PitchTracker = harvest) -> Syllable | None:
    """A syllable's analysis, its vowel at one level; None where no vowel is found, as in a whisper."""
    f0, times = tracker(spoken, sample_rate)
    envelope = pyworld.cheaptrick(spoken, f0, times, sample_rate)
    aperiodicity = pyworld.d4c(spoken, f0, times, sample_rate)
    power = envelope.sum(axis=1)
    loud = np.flatnonzero((power > 0.3 * power.max()) & (f0 > 0))
    if len(loud) < SHORTEST_VOWEL:
        return None
    start, stop = int(loud[0]), int(loud[-1]) + 1
    start += (stop - start) // 5
    stop -= (stop - start) // 4
    first = int(np.flatnonzero(power > 0.003 * power.max())[0])
    envelope[start:stop] *= (power[start:stop].mean() / power[start:stop])[:, None]
    envelope = np.maximum(envelope / power[start:stop].mean(), 1e-12)
    return Syllable(envelope[first:], aperiodicity[first:], start - first, max(stop, start + 2) - first)
