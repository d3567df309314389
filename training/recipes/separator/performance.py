"""What the demo plays: python -m training.recipes.separator.performance OUT --corpus FOLDER ...

A held-out recorded guitar and a held-out singer as two stems, and a MIDI file that takes each away, gives it back, and brings the
voice in.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mido
import numpy as np

from drawstop.files import atomic_file
from training.recipes.corpus.recordings import fade_out, write_flac16
from training.recipes.separator.corpus.mixtures import Audio, Corpus
from training.recipes.separator.train import SAMPLE_RATE

SECONDS = 12.0
LEVEL = 0.05
"""Root mean square of each stem, where its peak allows."""
TICKS_PER_BEAT, TICKS_PER_SECOND = 480, 960
GUITAR_CC, VOICE_CC = 20, 21
GUITAR_REST, VOICE_REST, AWAY, BROUGHT = 127, 64, 0, 127
"""Control changes: the guitar's knob runs from -1 to 0, the voice's from -1 to 1."""
RAMP_SECONDS, RAMP_STEPS = 0.1, 10
MOVES = (
    (2.0, VOICE_CC, VOICE_REST, AWAY),
    (4.5, VOICE_CC, AWAY, VOICE_REST),
    (5.5, GUITAR_CC, GUITAR_REST, AWAY),
    (8.0, GUITAR_CC, AWAY, GUITAR_REST),
    (9.0, VOICE_CC, VOICE_REST, BROUGHT),
    (11.5, VOICE_CC, BROUGHT, VOICE_REST),
)
"""Start in seconds, controller, value before and after."""


def stem(corpus: Corpus, label: str, source: str) -> Audio:
    """The one of a source's clips that is the most even in level."""
    clips = [clip for clip in corpus.clips[label] if clip.source == source]
    sounds = [corpus.read(clip, 0, round(SECONDS * SAMPLE_RATE)) for clip in clips]
    steady = [
        float(np.min(np.sqrt(np.mean(sound.reshape(12, -1) ** 2, 1))) / np.sqrt(np.mean(sound**2)))
        for sound in sounds
    ]
    sound = sounds[int(np.argsort(steady)[-1])]
    return fade_out(sound * np.float32(LEVEL / np.sqrt(np.mean(sound**2))), SAMPLE_RATE)


def knobs() -> mido.MidiFile:
    """The movements of both stops, a Standard MIDI File of type 0 at 120 beats a minute."""
    events = [(0, GUITAR_CC, GUITAR_REST), (0, VOICE_CC, VOICE_REST)]
    for start, controller, before, after in MOVES:
        for step in range(1, RAMP_STEPS + 1):
            tick = round((start + RAMP_SECONDS * step / RAMP_STEPS) * TICKS_PER_SECOND)
            events.append((tick, controller, round(before + (after - before) * step / RAMP_STEPS)))
    track, now = mido.MidiTrack(), 0
    for tick, controller, value in sorted(events):
        track.append(mido.Message("control_change", control=controller, value=value, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=round(SECONDS * TICKS_PER_SECOND) - now))
    return mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track])


def main() -> None:
    """Command line: OUT."""
    parser = argparse.ArgumentParser(description="Write what the demo plays.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    corpus = Corpus(arguments.corpus, ("guitars", "singers"))
    write_flac16(arguments.out / "guitar.flac", stem(corpus, "guitar", "green"), SAMPLE_RATE)
    write_flac16(arguments.out / "voice.flac", stem(corpus, "singing", "espeak-ng"), SAMPLE_RATE)
    with atomic_file(arguments.out / "knobs.mid") as temporary:
        knobs().save(temporary)


if __name__ == "__main__":
    main()
