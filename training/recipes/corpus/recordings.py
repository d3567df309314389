"""Writes the example recordings and the performance from the rendered corpus.

python -m training.recipes.corpus.recordings --corpus runs/demo/corpus --out training/demo
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from drawstop.files import atomic_file, write_json
from training.recipes.corpus.corpus import TRAIN_PHRASES, VALIDATION_PHRASES
from training.recipes.corpus.timbres import TARGETS

SECONDS = 3.0
FIRST_HELD_OUT_PHRASE = TRAIN_PHRASES + VALIDATION_PHRASES
FADE_SECONDS = 0.03
PEAK = 0.95
PERFORMANCE_TIMBRE = "fluid-steel"
PERFORMANCE_PHRASES = (FIRST_HELD_OUT_PHRASE, FIRST_HELD_OUT_PHRASE + 1)
TICKS_PER_BEAT = 480
TICKS_PER_SECOND = 2 * TICKS_PER_BEAT  # 120 bpm
GUITAR_CC, VOICE_CC = 20, 21
NEUTRAL = 64
RAMP_SECONDS = 0.1
RAMP_STEPS = 10
MOVES: tuple[tuple[float, int, int, int], ...] = (
    (3.0, GUITAR_CC, NEUTRAL, 0),
    (3.0, VOICE_CC, NEUTRAL, 127),
    (6.5, GUITAR_CC, 0, NEUTRAL),
    (6.5, VOICE_CC, 127, NEUTRAL),
    (9.0, GUITAR_CC, NEUTRAL, 0),
    (10.5, GUITAR_CC, 0, NEUTRAL),
)
"""Seconds, controller, from, to: each a ramp of RAMP_SECONDS."""
PERFORMANCE_SECONDS = 12.0

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """One file of the set: the sum of its parts' first seconds."""

    file: str
    phrases: tuple[int, ...]
    timbres: tuple[str, ...]
    held_out_timbre: bool


def plan(names: dict[tuple[str, bool], list[str]], seed: int) -> list[Clip]:
    """The clips of the set. `names`: timbres by (concept, held out); `seed` turns the cycles of timbres.

    Solos to learn from are named `PP@timbre`, the same number is the same phrase; every other one is of the timbre
    that the stop's +1 should sound like.
    """
    rng = np.random.default_rng(seed)
    cycles = {key: [value[i] for i in rng.permutation(len(value))] for key, value in sorted(names.items())}

    def timbre(concept: str, held_out: bool, number: int) -> str:
        cycle = cycles[concept, held_out]
        return cycle[number % len(cycle)]

    def clip(file: str, held_out: bool, number: int, *parts: tuple[str, int]) -> Clip:
        timbres = tuple(timbre(concept, held_out, number) for concept, _ in parts)
        return Clip(f"{file}.flac", tuple(phrase for _, phrase in parts), timbres, held_out)

    clips = []
    for name, target in TARGETS.items():
        for i in range(10):
            own = target if i % 2 == 0 else timbre(name, False, i // 2)
            clips.append(Clip(f"train/{name}/{i:02d}@{own}.flac", (i,), (own,), False))
    for i in range(5):
        clips.append(clip(f"train/both/{10 + i:02d}", False, i, ("guitar", 10 + i), ("voice", 15 + i)))
    clips += [clip(f"train/neither/{20 + i:02d}", False, i, ("other", 20 + i)) for i in range(6)]
    first = FIRST_HELD_OUT_PHRASE
    for i in range(8):
        unheard = i >= 4
        clips.append(clip(f"held_out/guitar/{i:02d}", unheard, i, ("guitar", first + i)))
        clips.append(clip(f"held_out/voice/{i:02d}", unheard, i, ("voice", first + i)))
        second = first + 8
        parts = ("guitar", second + i), ("voice", second + (i + 3) % 8)
        clips.append(clip(f"held_out/both/{10 + i:02d}", unheard, i, *parts))
    clips += [clip(f"held_out/neither/{20 + i:02d}", i >= 2, i, ("other", first + 4 + i)) for i in range(4)]
    return sorted(clips, key=lambda clip: clip.file)


def write_recordings(corpus: Path, out: Path, seed: int = 0) -> list[Clip]:
    """Write `out`/recordings with its manifest, `out`/performance.flac and .mid."""
    index = json.loads((corpus / "index.json").read_text())
    rate = int(index["sample_rate"])
    arrays = {t["name"]: np.load(corpus / t["file"], mmap_mode="r") for t in index["timbres"]}
    names: dict[tuple[str, bool], list[str]] = {}
    for timbre in index["timbres"]:
        names.setdefault((timbre["concept"], bool(timbre["held_out"])), []).append(timbre["name"])
    clips = plan(names, seed)
    for clip in clips:
        parts = [
            arrays[timbre][phrase, : round(SECONDS * rate)].astype(np.float32) / 32767
            for timbre, phrase in zip(clip.timbres, clip.phrases, strict=True)
        ]
        write_flac16(out / "recordings" / clip.file, fade_out(np.sum(parts, axis=0), rate), rate)
    manifest = {
        "format": 1,
        "seed": seed,
        "sample_rate": rate,
        "seconds": SECONDS,
        "clips": [asdict(clip) for clip in clips],
        "performance": {"phrases": list(PERFORMANCE_PHRASES), "timbre": PERFORMANCE_TIMBRE},
    }
    write_json(out / "recordings" / "manifest.json", manifest)
    played = np.concatenate([arrays[PERFORMANCE_TIMBRE][i] for i in PERFORMANCE_PHRASES])
    write_flac16(out / "performance.flac", played.astype(np.float32) / 32767, rate)
    with atomic_file(out / "performance.mid") as temporary:
        performance_midi().save(temporary)
    return clips


def fade_out(clip: Audio, rate: int) -> Audio:
    """A short linear fade at the end; turned down where the peak would pass PEAK. `[samples]` -> the same."""
    faded = clip.copy()
    samples = round(FADE_SECONDS * rate)
    faded[-samples:] *= np.linspace(1, 0, samples, dtype=np.float32)
    return faded * np.float32(min(1.0, PEAK / max(float(np.abs(faded).max()), 1e-9)))


def write_flac16(path: Path, clip: Audio, rate: int) -> None:
    """Write `[samples]` as a 16-bit mono FLAC, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        samples = np.round(clip * 32767).astype(np.int16)
        soundfile.write(temporary, samples, rate, subtype="PCM_16", format="FLAC", compression_level=1.0)


def performance_midi() -> mido.MidiFile:
    """The stops' moves over the performance: a Standard MIDI File of type 0 at 120 bpm."""
    events = [(0, controller, NEUTRAL) for controller in (GUITAR_CC, VOICE_CC)]
    for start, controller, before, after in MOVES:
        for step in range(1, RAMP_STEPS + 1):
            tick = round((start + RAMP_SECONDS * (step - 1) / (RAMP_STEPS - 1)) * TICKS_PER_SECOND)
            events.append((tick, controller, round(before + (after - before) * step / RAMP_STEPS)))
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(120)))
    now = 0
    for tick, controller, value in sorted(events, key=lambda event: event[:2]):
        track.append(mido.Message("control_change", control=controller, value=value, time=tick - now))
        now = tick
    end = round(PERFORMANCE_SECONDS * TICKS_PER_SECOND)
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return file


def main() -> None:
    """Command line: write the example recordings."""
    parser = argparse.ArgumentParser(description="Write the example recordings.")
    parser.add_argument("--corpus", type=Path, default=Path("runs/demo/corpus"))
    parser.add_argument("--out", type=Path, default=Path("training/demo"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    clips = write_recordings(options.corpus, options.out, options.seed)
    print(f"{len(clips)} recordings in {options.out / 'recordings'}")


if __name__ == "__main__":
    main()
