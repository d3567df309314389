"""Singers: syllables of espeak-ng, sung with the WORLD vocoder by voices of any size, alone or up to four together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawstop.errors import DrawstopError
from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.corpus.espeak import speakers
from training.recipes.corpus.phrases import Note
from training.recipes.corpus.singing import (
    SYLLABLES,
    Syllable,
    analyse,
    dio,
    hertz,
    note_frames,
    sing_note,
    speak,
    vibrato,
)
from training.recipes.separator.corpus.sounds.clip import (
    FIRST_ONSET,
    Generator,
    Samples,
    add_at,
    silent_clip,
)
from training.recipes.separator.corpus.sounds.colour import add_treble
from training.recipes.separator.corpus.sounds.midi_phrases import LAST_END, LAST_ONSET, random_scale

MORE_SYLLABLES = (
    *("sa:", "ti:", "ku:", "hE:", "ra:", "fo:", "wi:", "bE:", "So:"),
    *("a:", "u:", "i:", "o:", "E:"),
)
ALL_SYLLABLES = SYLLABLES + MORE_SYLLABLES
SYLLABLES_OF_ONE = 6
COUNTS = (1, 1, 1, 1, 2, 3, 4)
"""Singers of a clip; each as likely as it often stands here."""
SECOND_PARTS = (0, 0, 12, -12, 4, 7)
"""Semitones from the tune at which those beside the first singer sing it."""
SMALLEST, LARGEST = 0.8, 1.3
"""Factors on espeak-ng's formants."""
BREATH = 0.08
DRIFT_CENTS = 1.2
"""Standard deviation of a pitch's random walk from frame to frame."""
SCOOP_SECONDS = 0.06
TREBLE_SHARE = 0.85
TRIES = 20


@dataclass(frozen=True)
class Voice:
    """A singer.

    Attributes:
        syllables: sung in turn.
        vibrato_hertz: its rate.
        vibrato_cents: its depth.
        scoop_cents: distance below its pitch at which a note begins.
    """

    syllables: tuple[Syllable, ...]
    vibrato_hertz: float
    vibrato_cents: float
    scoop_cents: float


def sung(rng: Generator) -> Samples:
    """A tune by one to four random voices; most clips get a treble, which espeak-ng lacks."""
    tune, clip = random_tune(rng), silent_clip()
    for singer in range(int(rng.choice(COUNTS))):
        voice = random_voice(rng)
        shift = int(rng.choice(SECOND_PARTS)) if singer else 0
        for number, note in enumerate(tune):
            syllable = voice.syllables[number % len(voice.syllables)]
            sound = sing(voice, syllable, note.pitch + shift, note.length, rng)
            late = float(rng.uniform(0, 0.04)) if singer else 0.0
            add_at(clip, sound * rng.uniform(0.5, 1.0), note.start + late)
    return add_treble(clip, rng) if rng.random() < TREBLE_SHARE else clip


def random_tune(rng: Generator) -> list[Note]:
    """A melody of a scale, within about an octave and a half, with rests."""
    step, centre = float(rng.uniform(0.25, 0.9)), int(rng.integers(45, 74))
    scale, pitch, now = random_scale(rng), centre, FIRST_ONSET
    notes = []
    while now < LAST_ONSET:
        pitch = int(np.clip(pitch + rng.integers(-5, 6), centre - 10, centre + 10))
        sung_pitch = scale.near(pitch, rng)
        beat = step * float(rng.choice([0.5, 1, 1, 1, 2, 3]))
        length = min(beat * float(rng.uniform(0.7, 1.05)), LAST_END - now)
        notes.append(Note(sung_pitch, 127, now, length))
        now += beat + (float(rng.uniform(0.1, 0.8)) if rng.random() < 0.15 else 0.0)
    return notes


def random_voice(rng: Generator) -> Voice:
    """A speaker of espeak-ng with other formants; whispering ones, which can't sing, are drawn again.

    Raises:
        DrawstopError: no vowel was found in many speakers' syllables.
    """
    for _ in range(TRIES):
        speaker = f"en-us+{rng.choice(speakers())}"
        formants = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        names = rng.choice(ALL_SYLLABLES, SYLLABLES_OF_ONE, replace=False)
        spoken = [analyse(speak(speaker, str(name), SAMPLE_RATE), SAMPLE_RATE, dio) for name in names]
        syllables = tuple(shift_formants(each, formants) for each in spoken if each is not None)
        if syllables:
            scoop = float(rng.choice([0.0, 0.0, rng.uniform(30, 150)]))
            return Voice(syllables, float(rng.uniform(4.5, 6.8)), float(rng.uniform(0, 60)), scoop)
    raise DrawstopError(
        f"found no vowel in the syllables of {TRIES} of espeak-ng's speakers: is espeak-ng whole?"
    )


def shift_formants(syllable: Syllable, factor: float) -> Syllable:
    """A syllable whose resonances lie at `factor` times their frequencies: above 1 the singer is smaller."""
    return Syllable(
        np.exp(_stretched(np.log(syllable.envelope), factor)),
        np.clip(_stretched(syllable.aperiodicity, factor), 0, 1),
        syllable.vowel_start,
        syllable.vowel_stop,
    )


def sing(voice: Voice, syllable: Syllable, pitch: int, length: float, rng: Generator) -> Samples:
    """A note `[samples]` with vibrato, a scoop from below and a little drift, more or less breathy."""
    time = note_frames(length)
    phase = float(rng.uniform(0, 2 * np.pi))
    drift = np.cumsum(rng.normal(0, DRIFT_CENTS, len(time)))
    scoop = voice.scoop_cents * np.exp(-time / SCOOP_SECONDS)
    cents = vibrato(time, voice.vibrato_hertz, voice.vibrato_cents, phase) + drift - scoop
    return sing_note(syllable, hertz(pitch, cents), SAMPLE_RATE, float(rng.uniform(0, BREATH)))


def _stretched(values: Samples, factor: float) -> Samples:
    """Rows over frequency `[frames, bins]`, read at 1/factor of each bin's frequency."""
    bins = np.clip(np.arange(values.shape[1]) / factor, 0, values.shape[1] - 1)
    low = np.floor(bins).astype(int)
    high = np.minimum(low + 1, values.shape[1] - 1)
    share = bins - low
    stretched: Samples = (1 - share) * values[:, low] + share * values[:, high]
    return stretched
