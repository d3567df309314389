"""Random phrases for General MIDI programs and the drum kit, played by fluidsynth."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.recipes.corpus.corpus import SAMPLE_RATE, midi_file, play_midi
from training.recipes.corpus.phrases import Bend, Note, Phrase
from training.recipes.separator.corpus.concepts import DRUMS
from training.recipes.separator.corpus.sounds.clip import (
    CLIP_SAMPLES,
    CLIP_SECONDS,
    FIRST_ONSET,
    Generator,
    Samples,
)

LAST_ONSET, LAST_END = CLIP_SECONDS - 0.5, CLIP_SECONDS - 0.1
DRUM_CHANNEL = 9
EFFECTS_SHARE = 0.3
"""Share of the clips that fluidsynth plays with its reverberation and chorus."""
BEND_SHARE = 0.05
HIT_SHARE = 0.25
"""Share of a beat's drums that sound."""
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Scale:
    """A key, as a pitch class, and the semitones of its scale above it."""

    key: int
    steps: tuple[int, ...]

    def near(self, pitch: int, rng: Generator) -> int:
        """A random pitch of the scale within an octave of a MIDI pitch."""
        return pitch - (pitch - self.key) % 12 + int(rng.choice(self.steps))


@dataclass(frozen=True)
class Style:
    """A way to play: how often it is drawn, the mean time between onsets in seconds, and whether it has chords."""

    share: float
    step_seconds: float
    chords: bool = False


STYLES = {
    "melody": Style(0.3, 0.3),
    "chords": Style(0.25, 0.8, chords=True),
    "arpeggio": Style(0.2, 0.15),
    "long tones": Style(0.15, 1.8, chords=True),
    "fast repetitions": Style(0.1, 0.1),
}


def instrument(soundfont: Path, rng: Generator) -> Samples:
    """A random phrase of the General MIDI program that the soundfont's file is named by; 128 is the drum kit."""
    program = int(soundfont.stem)
    drums = program == DRUMS
    phrase = drum_phrase(rng) if drums else melodic_phrase(program, rng)
    effects = rng.random() < EFFECTS_SHARE
    channel = DRUM_CHANNEL if drums else 0
    file = midi_file([phrase], 0 if drums else program, channel=channel, slot_seconds=CLIP_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "phrase.mid"
        file.save(midi)
        played = play_midi(
            soundfont, midi, SAMPLE_RATE, reverb=effects, chorus=effects, sample_format="float"
        )
    return played[:CLIP_SAMPLES].astype(np.float64)


def random_scale(rng: Generator) -> Scale:
    """A natural minor or a major scale in any key."""
    steps = MINOR if rng.random() < 0.5 else MAJOR
    return Scale(int(rng.integers(12)), steps)


def range_of(program: int) -> tuple[int, int]:
    """The lowest and the highest pitch that a program plays here: basses, guitars, others."""
    if 32 <= program < 40 or program == 87:
        return 28, 60
    return (40, 84) if 24 <= program < 32 else (36, 96)


def melodic_phrase(program: int, rng: Generator) -> Phrase:
    """Notes of one program in a random style, scale and register of its range, with a bend now and then."""
    low, high = range_of(program)
    styles = list(STYLES.values())
    style = styles[int(rng.choice(len(styles), p=[each.share for each in styles]))]
    step = style.step_seconds * float(rng.uniform(0.7, 1.6))
    centre, loudness = int(rng.integers(low + 6, high - 6)), int(rng.integers(50, 118))
    scale = random_scale(rng)
    notes: list[Note] = []
    bends: list[Bend] = []
    now = FIRST_ONSET
    while now < LAST_ONSET:
        voices = int(rng.integers(2, 5)) if style.chords and rng.random() < 0.8 else 1
        length = step * float(rng.uniform(0.3, 1.4))
        for _ in range(voices):
            pitch = int(np.clip(scale.near(centre + int(rng.normal(0, 6)), rng), low, high))
            velocity = int(np.clip(loudness + rng.normal(0, 15), 15, 127))
            begin = now + float(rng.uniform(0, 0.03)) * (voices > 1)
            notes.append(Note(pitch, velocity, begin, min(length, LAST_END - begin)))
        if rng.random() < BEND_SHARE:
            bends += [Bend(now, int(rng.integers(-8000, 8000))), Bend(min(now + step / 2, LAST_END), 0)]
        now += step * float(rng.choice([0.5, 1, 1, 1, 2]))
    return Phrase(_by_start(notes), tuple(bends))


def drum_phrase(rng: Generator) -> Phrase:
    """Random hits on a grid by four to nine of the kit's sounds: many cymbals, much percussion."""
    beat = float(rng.uniform(0.09, 0.22))
    kit = rng.choice(np.arange(35, 82), int(rng.integers(4, 10)), replace=False)
    notes = [
        Note(int(drum), int(rng.integers(30, 127)), float(now), beat)
        for now in np.arange(FIRST_ONSET, CLIP_SECONDS - 0.4, beat)
        for drum in kit
        if rng.random() < HIT_SHARE
    ]
    return Phrase(_by_start(notes))


def _by_start(notes: list[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: note.start))
