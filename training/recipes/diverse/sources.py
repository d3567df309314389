"""What each timbre plays: fluidsynth's instruments and drums, espeak-ng's speech, sung syllables, noises."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from drawstop.errors import DrawstopError
from training.recipes.corpus.corpus import SAMPLE_RATE, SLOT_SECONDS, midi_file, normalise, play_midi
from training.recipes.corpus.espeak import say
from training.recipes.corpus.phrases import Note, Phrase, random_phrases
from training.recipes.corpus.timbres import find_soundfont
from training.recipes.diverse.noises import make_noise
from training.recipes.diverse.timbres import Timbre

SECONDS = 4.0
LAST_ONSET = 3.7
SAMPLES = round(SECONDS * SAMPLE_RATE)
DRUM_CHANNEL = 9

Audio = NDArray[np.float32]

_KICK, _SNARE, _CLOSED, _OPEN, _CRASH, _TOMS = 36, 38, 42, 46, 49, (45, 47, 50)
_STEPS_A_BEAT = 4
_WORDS = (
    *(
        "river",
        "water",
        "morning",
        "garden",
        "window",
        "table",
        "paper",
        "music",
        "winter",
        "bread",
        "letter",
    ),
    *("number", "engine", "people", "island", "mountain", "harbour", "captain", "question", "answer"),
    *(
        "bring",
        "carry",
        "listen",
        "follow",
        "open",
        "slowly",
        "quickly",
        "never",
        "always",
        "again",
        "tomorrow",
    ),
    *(
        "green",
        "seven",
        "little",
        "yellow",
        "distant",
        "northern",
        "over",
        "under",
        "with",
        "before",
        "the",
        "we",
    ),
)
_WORDS_SPOKEN = 26
"""More words than fit in SECONDS: a voice that stops early would be recognised by its silence."""
_RATES = (140, 190)
"""Words a minute, slowest and fastest."""


def take(timbre: Timbre, phrases: Sequence[int], seed: int) -> list[Audio]:
    """A timbre's phrases, by number, each `[SAMPLES]` at the corpus's usual level.

    Raises:
        DrawstopError: fluidsynth, espeak-ng, pyworld or a soundfont is missing.
    """
    try:
        takes = _MAKERS[timbre.kind](timbre, phrases, seed)
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise DrawstopError(
            f"can't render {timbre.name}: {error}; it needs fluidsynth, espeak-ng, the soundfonts that LICENSES.md lists, "
            f"and pyworld (uv sync --group recipe)"
        ) from error
    return [normalise(_cut(each)) for each in takes]


def melody(number: int, seed: int, shift: int = 0) -> Phrase:
    """The phrase of a number, `shift` semitones up, without the notes that begin after LAST_ONSET seconds."""
    notes = random_phrases(number + 1, seed)[number].notes
    return Phrase(tuple(replace(n, pitch=n.pitch + shift) for n in notes if n.start < LAST_ONSET))


def beat(number: int, seed: int) -> Phrase:
    """A drum pattern: a kick and snare figure, hats in eighths or sixteenths, now and then a fill or a crash."""
    rng = random.Random(f"drums:{seed}:{number}")
    step = 60 / rng.randint(80, 150) / _STEPS_A_BEAT
    kicks = {0, *rng.sample(range(1, 16), rng.randint(1, 4))}
    snares = {4, 12, *rng.sample(range(16), rng.randint(0, 2))}
    hats, fill = rng.choice((1, 2, 2, 4)), rng.random() < 0.4
    notes = []
    for i in range(int(LAST_ONSET / step)):
        place, bar = i % 16, i // 16
        hit = [_KICK] * (place in kicks) + [_SNARE] * (place in snares)
        hit += [rng.choice((_CLOSED, _CLOSED, _CLOSED, _OPEN))] * (place % hats == 0)
        hit += [rng.choice(_TOMS)] * (fill and bar % 2 == 1 and place >= 12)
        hit += [_CRASH] * (fill and place == 0 and bar % 2 == 0)
        notes += [Note(pitch, rng.randint(60, 120), round(i * step, 4), 0.1) for pitch in hit]
    return Phrase(tuple(notes))


def sentence(number: int, seed: int) -> str:
    """A text to speak: words in a random order."""
    rng = random.Random(f"words:{seed}:{number}")
    return " ".join(rng.choice(_WORDS) for _ in range(_WORDS_SPOKEN))


def _played(timbre: Timbre, phrases: Sequence[int], seed: int) -> list[Audio]:
    """All phrases in one run of fluidsynth, which loads its soundfont once."""
    drums = timbre.kind == "drums"
    played = [beat(i, seed) if drums else melody(i, seed, timbre.shift) for i in phrases]
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "phrases.mid"
        midi_file(played, timbre.program, channel=DRUM_CHANNEL if drums else 0).save(midi)
        audio = play_midi(find_soundfont(timbre.source), midi, SAMPLE_RATE, reverb=False)
    slot = round(SLOT_SECONDS * SAMPLE_RATE)
    return [audio[i * slot : i * slot + SAMPLES] for i in range(len(played))]


def _sung(timbre: Timbre, phrases: Sequence[int], seed: int) -> list[Audio]:
    from training.recipes.corpus.singing import Singer

    singer = Singer(timbre.source, SAMPLE_RATE)
    return [singer.sing(melody(i, seed, timbre.shift), SECONDS) for i in phrases]


def _spoken(timbre: Timbre, phrases: Sequence[int], seed: int) -> list[Audio]:
    return [_say(timbre.source, sentence(i, seed), _rate(timbre, i)) for i in phrases]


def _rate(timbre: Timbre, phrase: int) -> int:
    return random.Random(f"{timbre.name}:{phrase}").randint(*_RATES)


def _say(speaker: str, text: str, words_a_minute: int) -> Audio:
    spoken, rate = say(text, speaker, words_a_minute)
    resampled: Audio = soxr.resample(spoken.astype(np.float32), rate, SAMPLE_RATE)
    return resampled


def _noisy(timbre: Timbre, phrases: Sequence[int], seed: int) -> list[Audio]:
    rngs = [np.random.default_rng([seed, i]) for i in phrases]
    return [make_noise(timbre.source, rng, SAMPLES, SAMPLE_RATE) for rng in rngs]


_MAKERS = {"instrument": _played, "drums": _played, "singing": _sung, "speech": _spoken, "noise": _noisy}


def _cut(audio: Audio) -> Audio:
    """SECONDS of a sound, silence after its end."""
    return np.pad(audio[:SAMPLES], (0, max(0, SAMPLES - len(audio))))
