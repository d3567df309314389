"""Speech by espeak-ng: random words by random voices."""

from __future__ import annotations

import soxr

from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.corpus.espeak import languages, say, speakers
from training.recipes.separator.corpus.sounds.clip import CLIP_SAMPLES, Generator, Samples
from training.recipes.separator.corpus.sounds.colour import add_treble

TEXT = (
    "she sees seven silver ships sail past the shore while fresh snow falls on the chalk cliffs father took a photo of "
    "the church which stood alone every evening the quick brown fox jumps over a lazy dog please switch off those "
    "flashing lights just before six yes exactly though I wish they had asked first music is what we hear between the "
    "noises zigzag thunder whispers stretch across the marsh two three four eight nine ten hush"
)
"""Words with many sibilants, which guitars and singers have least of."""
WORDS = tuple(TEXT.split())
WORDS_SPOKEN = 45
ENGLISH = ("en-gb", "en-us")
ANY_LANGUAGE_SHARE = 0.6
TREBLE_SHARE = 0.67


def spoken(rng: Generator) -> Samples:
    """Words by a random language, speaker, speed and pitch, up to a clip's length; most get a treble, which espeak lacks."""
    language = str(rng.choice(languages() if rng.random() < ANY_LANGUAGE_SHARE else ENGLISH))
    voice = f"{language}+{rng.choice(speakers())}"
    text = " ".join(str(word) for word in rng.choice(WORDS, WORDS_SPOKEN))
    sound, rate = say(text, voice, int(rng.integers(90, 300)), int(rng.integers(0, 100)))
    # a third of the voices become smaller or larger: pitch, formants and speed together
    stretch = float(rng.choice([1.0, 1.0, rng.uniform(0.85, 1.4)]))
    resampled: Samples = soxr.resample(sound, rate * stretch, SAMPLE_RATE)[:CLIP_SAMPLES]
    return add_treble(resampled, rng) if rng.random() < TREBLE_SHARE else resampled
