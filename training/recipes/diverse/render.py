"""Renders the diverse set: `python -m training.recipes.diverse.render --out runs/diverse`.

Stopped, the same command goes on: takes and recordings that are there are kept, and none is ever half-written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file, write_json
from drawstop.progress import track
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.recipes.corpus.corpus import SAMPLE_RATE, to_int16
from training.recipes.corpus.recordings import fade_out, write_flac16
from training.recipes.diverse.noises import falling_noise
from training.recipes.diverse.plan import Part, PlannedRecording, plan
from training.recipes.diverse.sources import SAMPLES, SECONDS, take
from training.recipes.diverse.timbres import TIMBRES, Timbre
from training.recipes.plan_file import keep_plan

RECORDINGS, MANIFEST, PLAN, TAKES = "recordings", "manifest.json", "plan.json", "takes"
SHORTEST_ROOM, LONGEST_ROOM = 0.5, 2.0
"""Seconds in which a room's sound falls by 60 dB."""

Audio = NDArray[np.float32]
Take = NDArray[np.int16]


def render_set(out: Path, recordings: Sequence[PlannedRecording], seed: int = 0) -> Path:
    """Writes `out`/recordings and its manifest.json, and gives the manifest's path.

    Raises:
        DrawstopError: `out` holds another plan's recordings, or a program or soundfont is missing.
    """
    content = {"seed": seed, "recordings": [asdict(each) for each in recordings]}
    keep_plan(out / PLAN, content)
    folder, manifest = out / RECORDINGS, out / RECORDINGS / MANIFEST
    missing = [each for each in recordings if not (folder / each.file).is_file()]
    takes = _takes(out / TAKES, recordings, missing, seed)
    for each in track(missing, "mixing", len(missing)):
        write_flac16(folder / each.file, mix(each, takes), SAMPLE_RATE)
    write_json(manifest, manifest_of(recordings, seed))
    shutil.rmtree(out / TAKES, ignore_errors=True)
    return manifest


def mix(recording: PlannedRecording, takes: Mapping[tuple[str, int], Take]) -> Audio:
    """A recording's parts summed at their gains, in its room, faded out at the end; `[samples]`.

    Args:
        takes: each timbre's take of each phrase, `[samples]`.
    """
    audio = np.zeros(SAMPLES, dtype=np.float32)
    for part in recording.parts:
        gain = np.float32(10 ** (part.gain_db / 20) / 32767)
        audio += gain * takes[part.timbre, part.phrase].astype(np.float32)
    if recording.room is not None:
        audio = reverberate(audio, recording.room)
    return fade_out((audio * 10 ** (recording.gain_db / 20)).astype(np.float32), SAMPLE_RATE)


def reverberate(audio: Audio, room: int) -> Audio:
    """A sound in a room whose echoes are noise that dies away; the room's number is its seed."""
    rng = np.random.default_rng(room)
    seconds = rng.uniform(SHORTEST_ROOM, LONGEST_ROOM)
    echoes = falling_noise(rng, round(seconds * SAMPLE_RATE), SAMPLE_RATE, seconds)
    echoes *= rng.uniform(0.4, 1.0) / np.sqrt(np.sum(echoes**2))
    return (audio + fftconvolve(audio, echoes)[: len(audio)]).astype(np.float32)


def manifest_of(recordings: Sequence[PlannedRecording], seed: int) -> dict[str, Any]:
    """The set's content: counts of every label, split and kind, and each recording's timbres and phrases."""
    sources = {timbre.name: timbre.source for timbre in TIMBRES}
    return {
        "format": 1,
        "seed": seed,
        "sample_rate": SAMPLE_RATE,
        "seconds": SECONDS,
        "counts": counts_of(recordings),
        "recordings": [
            asdict(each) | {"sources": [sources[part.timbre] for part in each.parts]} for each in recordings
        ],
    }


def counts_of(recordings: Sequence[PlannedRecording]) -> dict[str, Any]:
    """Recordings in all, and by split, by label, alone and mixed, reverberant, and of unheard timbres."""
    return {
        "recordings": len(recordings),
        "splits": dict(Counter(each.split for each in recordings)),
        "labels": dict(Counter(label for each in recordings for label in each.labels)),
        "timbres": len({part.timbre for each in recordings for part in each.parts}),
        "mixtures": sum(len(each.parts) > 1 for each in recordings),
        "with_reverb": sum(each.room is not None for each in recordings),
        "of_unheard_timbres": sum(each.unheard for each in recordings),
    }


def read_set(out: Path) -> tuple[LabelledSet, list[PlannedRecording]]:
    """A rendered set and its plan, in one order.

    Raises:
        DrawstopError: no finished set there.
    """
    manifest = out / RECORDINGS / MANIFEST
    if not manifest.is_file():
        raise DrawstopError(
            f"expected a rendered set in {out}, found no {manifest}: "
            f"render it with python -m training.recipes.diverse.render --out {out}"
        )
    found = [_recording(entry) for entry in json.loads(manifest.read_text())["recordings"]]
    labelled = [
        LabelledRecording(
            out / RECORDINGS / each.file,
            frozenset(each.labels),
            group=each.file,
            split=each.split,
            timbre="+".join(part.timbre for part in each.parts),
        )
        for each in found
    ]
    return LabelledSet("diverse", "folders", tuple(labelled)), found


def _recording(entry: dict[str, Any]) -> PlannedRecording:
    fields = {name: value for name, value in entry.items() if name != "sources"}
    parts = tuple(Part(**part) for part in fields["parts"])
    return PlannedRecording(**fields | {"parts": parts, "labels": tuple(fields["labels"])})


def _takes(
    folder: Path, recordings: Sequence[PlannedRecording], missing: Sequence[PlannedRecording], seed: int
) -> dict[tuple[str, int], Take]:
    """What plays in the missing recordings, by timbre and phrase, rendered timbre by timbre: all that the whole set wants of
    one, kept in a file until the set is done."""
    wanted: dict[str, set[int]] = {}
    for part in (part for each in recordings for part in each.parts):
        wanted.setdefault(part.timbre, set()).add(part.phrase)
    needed = {part.timbre for each in missing for part in each.parts}
    timbres = [timbre for timbre in TIMBRES if timbre.name in needed]
    found = {}
    for timbre in track(timbres, "rendering", len(timbres)):
        phrases = sorted(wanted[timbre.name])
        for phrase, audio in zip(phrases, _kept(folder, timbre, phrases, seed), strict=True):
            found[timbre.name, phrase] = audio
    return found


def _kept(folder: Path, timbre: Timbre, phrases: list[int], seed: int) -> Take:
    """A timbre's takes `[phrases, samples]` from its file, which is named by all that decides what is in it."""
    digest = hashlib.sha256(repr((timbre, phrases, seed, SAMPLES)).encode()).hexdigest()[:16]
    path = folder / f"{timbre.name}-{digest}.npy"
    if not path.is_file():
        takes = np.stack([to_int16(each) for each in take(timbre, phrases, seed)])
        with atomic_file(path) as temporary:
            np.save(temporary, takes)
    kept: Take = np.load(path, mmap_mode="r")
    return kept


def main(
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("runs/diverse"),
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Renders the whole set."""
    recordings = plan(seed)
    manifest = render_set(out, recordings, seed)
    typer.echo(f"{len(recordings)} recordings in {manifest.parent}")


if __name__ == "__main__":
    typer.run(main)
