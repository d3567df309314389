"""Renders the demo corpus: every timbre plays the same phrases, stored as int16 [phrases, samples].

python -m training.recipes.corpus.corpus --out runs/demo/corpus
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from training.recipes.corpus.phrases import PHRASE_SECONDS, Phrase, random_phrases
from training.recipes.corpus.timbres import ESPEAK, TIMBRES, Timbre, find_soundfont

SAMPLE_RATE = 44100
TRAIN_PHRASES = 96
VALIDATION_PHRASES = 8
TEST_PHRASES = 32
SLOT_SECONDS = 7.0
"""Each phrase starts this long after the one before it, so that no release sounds into the next phrase."""

TARGET_RMS = 0.08
PEAK = 0.9
_TICKS_PER_SECOND = 960

Audio = NDArray[np.float32]


def split_of_phrase(index: int) -> str:
    """train, validation or test: by phrase, so that training has no held-out phrase of any timbre."""
    if index < TRAIN_PHRASES:
        return "train"
    return "validation" if index < TRAIN_PHRASES + VALIDATION_PHRASES else "test"


def has_reverb(index: int) -> bool:
    """Every fourth phrase is rendered with reverberation."""
    return index % 4 == 3


def render_corpus(
    out: Path,
    *,
    seed: int = 0,
    processes: int = 2,
    sample_rate: int = SAMPLE_RATE,
    timbres: Sequence[Timbre] = TIMBRES,
) -> Path:
    """Render all of `timbres` that `out` lacks and write `out`/index.json; returns the index's path.

    Raises FileNotFoundError for a missing soundfont or program (fluidsynth, espeak-ng).
    """
    out.mkdir(parents=True, exist_ok=True)
    missing = [timbre for timbre in timbres if not array_path(out, timbre.name).exists()]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.starmap(render_timbre, [(timbre, out, seed, sample_rate) for timbre in missing], chunksize=1)
    phrases = random_phrases(TRAIN_PHRASES + VALIDATION_PHRASES + TEST_PHRASES, seed)
    index = {
        "format": 1,
        "seed": seed,
        "sample_rate": sample_rate,
        "timbres": [asdict(timbre) | {"file": array_path(out, timbre.name).name} for timbre in timbres],
        "phrases": [
            {
                "split": split_of_phrase(i),
                "reverb": has_reverb(i),
                "notes": [asdict(note) for note in phrase.notes],
            }
            for i, phrase in enumerate(phrases)
        ],
    }
    path = out / "index.json"
    path.write_text(json.dumps(index, indent=1, sort_keys=True))
    return path


def array_path(folder: Path, name: str) -> Path:
    """The file of a timbre's clips: int16 [phrases, samples]."""
    return folder / f"{name}.npy"


def render_timbre(timbre: Timbre, out: Path, seed: int, sample_rate: int = SAMPLE_RATE) -> None:
    """Render and store one timbre; a killed rendering leaves no file behind."""
    phrases = random_phrases(TRAIN_PHRASES + VALIDATION_PHRASES + TEST_PHRASES, seed)
    render = _sing if timbre.soundfont == ESPEAK else _play
    clips = render(timbre, phrases, sample_rate)
    data = np.stack([to_int16(normalise(clip)) for clip in clips])
    temporary = out / f".{timbre.name}.{os.getpid()}.npy"
    np.save(temporary, data)
    temporary.replace(array_path(out, timbre.name))


def normalise(clip: Audio) -> Audio:
    """A clip at TARGET_RMS, or lower where its peak would pass PEAK; ValueError for a silent one."""
    rms = float(np.sqrt(np.mean(clip.astype(np.float64) ** 2)))
    if rms < 1e-6:
        raise ValueError("a rendered clip is silent: the soundfont lacks this program")
    return clip * np.float32(min(TARGET_RMS / rms, PEAK / float(np.abs(clip).max())))


def to_int16(clip: Audio) -> NDArray[np.int16]:
    """Samples of -1..1 as 16 bit integers."""
    return np.round(clip * 32767).astype(np.int16)


def _play(timbre: Timbre, phrases: list[Phrase], sample_rate: int) -> list[Audio]:
    with tempfile.TemporaryDirectory() as folder:
        midi_path = Path(folder) / "phrases.mid"
        midi_file(phrases, timbre.program, timbre.bank).save(midi_path)
        dry, wet = (
            play_midi(find_soundfont(timbre.soundfont), midi_path, sample_rate, reverb=reverb)
            for reverb in (False, True)
        )
    length, slot = round(PHRASE_SECONDS * sample_rate), round(SLOT_SECONDS * sample_rate)
    return [(wet if has_reverb(i) else dry)[i * slot : i * slot + length] for i in range(len(phrases))]


def midi_file(
    phrases: Sequence[Phrase],
    program: int,
    bank: int = 0,
    channel: int = 0,
    slot_seconds: float = SLOT_SECONDS,
) -> mido.MidiFile:
    """The phrases one after the other, each in a slot of its own; channel 9 are the drums."""
    events: list[tuple[int, int, mido.Message]] = []
    for i, phrase in enumerate(phrases):
        for bend in phrase.bends:
            tick = round((i * slot_seconds + bend.start) * _TICKS_PER_SECOND)
            events.append((tick, 0, mido.Message("pitchwheel", channel=channel, pitch=bend.position)))
        for note in phrase.notes:
            start = i * slot_seconds + note.start
            on, off = (round(t * _TICKS_PER_SECOND) for t in (start, start + note.length))
            played = {"channel": channel, "note": note.pitch}
            events.append((on, 1, mido.Message("note_on", velocity=note.velocity, **played)))
            events.append((off, 0, mido.Message("note_off", **played)))
    events.sort(key=lambda event: event[:2])
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_SECOND // 2)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.Message("control_change", channel=channel, control=0, value=bank))
    track.append(mido.Message("program_change", channel=channel, program=program))
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    end = round(len(phrases) * slot_seconds * _TICKS_PER_SECOND)
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    file.tracks.append(track)
    return file


def play_midi(
    soundfont: Path,
    midi_path: Path,
    sample_rate: int,
    *,
    reverb: bool,
    chorus: bool = False,
    sample_format: str = "s16",
) -> Audio:
    """A MIDI file played by fluidsynth, mono `[samples]`; in 16 bits it may clip, as `float` it can't.

    Raises FileNotFoundError where fluidsynth is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        wav_path = Path(folder) / "out.wav"
        lean = "-o synth.dynamic-sample-loading=1"  # a compressed soundfont unpacks only what plays: the same bits, sooner
        effects = f"-R {int(reverb)} -C {int(chorus)}"
        options = f"-ni -q {lean} -r {sample_rate} {effects} -g 0.7 -O {sample_format} -F".split()
        command = ["fluidsynth", *options, str(wav_path), str(soundfont), str(midi_path)]
        subprocess.run(command, check=True, capture_output=True)  # it warns of every channel without a preset
        stereo, _ = soundfile.read(wav_path, dtype="float32", always_2d=True)
    mono: Audio = stereo.mean(axis=1)
    return mono


def _sing(timbre: Timbre, phrases: list[Phrase], sample_rate: int) -> list[Audio]:
    from training.recipes.corpus.singing import Singer

    singer = Singer(timbre.speaker, sample_rate)
    time = np.arange(round(1.2 * sample_rate)) / sample_rate
    room = np.random.default_rng(0).standard_normal(len(time)) * np.exp(-time * 5.0)
    room *= 0.5 / np.sqrt(np.sum(room**2))
    clips = []
    for i, phrase in enumerate(phrases):
        clip = singer.sing(phrase, PHRASE_SECONDS)
        if has_reverb(i):
            clip = (clip + fftconvolve(clip, room)[: len(clip)]).astype(np.float32)
        clips.append(clip)
    return clips


def main() -> None:
    """Command line: render the corpus."""
    parser = argparse.ArgumentParser(description="Render the demo corpus.")
    parser.add_argument("--out", type=Path, default=Path("runs/demo/corpus"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    render_corpus(arguments.out, seed=arguments.seed, processes=arguments.processes)


if __name__ == "__main__":
    main()
