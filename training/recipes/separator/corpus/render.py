"""Renders the training corpus of the shipped separator: mono clips of 12 s at 44.1 kHz.

    python -m training.recipes.separator.corpus.render OUT --material FOLDER

FOLDER is filled from public sources, which `training/recipes/separator/corpus/material.py` names. The command needs fluidsynth,
espeak-ng, and pyworld (`uv sync --group recipe`). Stopped, it goes on where it was, and OUT is then the same as rendered in
one go: each clip has its own random numbers, seeded by the seed and its place in the plan.

OUT holds `KIND.i16`, one flat file of 16-bit samples for each kind of clip, and `index.jsonl`, one line a clip in the plan's
order: item, kind, split, source, start and samples. `plan.json` has the whole plan.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from drawstop.progress import track
from training.recipes.corpus.corpus import to_int16
from training.recipes.plan_file import keep_plan
from training.recipes.separator.corpus.clip_plan import KINDS, TRAIN, Item, plan
from training.recipes.separator.corpus.concepts import GUITAR, INSTRUMENT, SINGING, SPEECH, SYNTHETIC
from training.recipes.separator.corpus.material import NPM_GUITARS, read_material
from training.recipes.separator.corpus.sounds.clip import Generator, Samples
from training.recipes.separator.corpus.sounds.colour import colour
from training.recipes.separator.corpus.sounds.midi_phrases import instrument
from training.recipes.separator.corpus.sounds.recorded_guitars import guitar
from training.recipes.separator.corpus.sounds.spoken import spoken
from training.recipes.separator.corpus.sounds.synthetic import synthetic

INDEX, PLAN = "index.jsonl", "plan.json"
SOFTEST_DB, LOUDEST_DB = -9.0, -0.5
"""Peaks of clips relative to full scale."""
SILENT_PEAK = 1e-4
BYTES_OF_A_SAMPLE = 2

Maker = Callable[[Path, Generator], Samples]


def render_corpus(
    out: Path, items: Sequence[Item], material: Path, seed: int = 0, processes: int = 1
) -> Path:
    """Render the items that `out` lacks, in their order; returns the index's path.

    Raises:
        DrawstopError: `out` holds another plan's clips, or the material lacks a note.
    """
    out.mkdir(parents=True, exist_ok=True)
    keep_plan(out / PLAN, {"format": 1, "seed": seed, "items": [asdict(item) for item in items]})
    missing = items[cut_back(out) :]
    clips = _rendered(missing, material, seed, processes)
    for item, clip in track(zip(missing, clips, strict=True), "rendering", len(missing)):
        append(out, item, clip)
    return out / INDEX


def render_item(item: Item, material: Path, seed: int) -> NDArray[np.int16]:
    """The samples of an item `[samples]`, coloured if it is for training, at a random peak."""
    rng = np.random.default_rng((seed, 2, item.number))
    sound = _MAKERS[item.kind](material / item.source, rng)
    sound = sound - sound.mean()
    if item.split == TRAIN:
        sound = colour(sound, rng)
    peak, level = float(np.abs(sound).max()), 10 ** (rng.uniform(SOFTEST_DB, LOUDEST_DB) / 20)
    return to_int16((sound * (level / peak if peak > SILENT_PEAK else 0.0)).astype(np.float32))


def cut_back(out: Path) -> int:
    """Number of clips that are whole; a stopped rendering's unfinished end is cut off from the index and the samples."""
    index = out / INDEX
    lines = index.read_text().splitlines(keepends=True) if index.is_file() else []
    kept: list[str] = []
    ends = dict.fromkeys(KINDS, 0)
    for line in lines:
        if not line.endswith("\n"):
            break
        clip = json.loads(line)
        end = clip["start"] + clip["samples"]
        if _bytes_of(out, clip["kind"]) < BYTES_OF_A_SAMPLE * end:
            break
        ends[clip["kind"]] = end
        kept.append(line)
    if kept != lines:
        with atomic_file(index) as temporary:
            temporary.write_text("".join(kept))
    for kind, end in ends.items():
        if _bytes_of(out, kind) > BYTES_OF_A_SAMPLE * end:
            os.truncate(samples_path(out, kind), BYTES_OF_A_SAMPLE * end)
    return len(kept)


def append(out: Path, item: Item, clip: NDArray[np.int16]) -> None:
    """Write a clip's samples, then its line: a stopped rendering leaves no line without its samples."""
    with samples_path(out, item.kind).open("ab") as file:
        start = file.tell() // BYTES_OF_A_SAMPLE
        file.write(clip.astype("<i2").tobytes())
    line = {"item": item.number, "kind": item.kind, "split": item.split, "source": item.source}
    with (out / INDEX).open("a") as index:
        index.write(json.dumps(line | {"start": start, "samples": len(clip)}) + "\n")


def samples_path(out: Path, kind: str) -> Path:
    """The file of the samples of a kind's clips, one after the other."""
    return out / f"{kind}.i16"


def require_programs() -> None:
    """Raises DrawstopError where a program or pyworld is missing."""
    missing = [name for name in ("fluidsynth", "espeak-ng") if shutil.which(name) is None]
    if missing:
        raise DrawstopError(
            f"can't render without {' and '.join(missing)}; on Debian: apt install {' '.join(missing)}"
        )
    if importlib.util.find_spec("pyworld") is None:
        raise DrawstopError("can't render singers without pyworld: uv sync --group recipe")


def _rendered(
    items: Sequence[Item], material: Path, seed: int, processes: int
) -> Iterator[NDArray[np.int16]]:
    render = partial(render_item, material=material, seed=seed)
    if processes == 1:
        yield from map(render, items)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(render, items)


def _bytes_of(out: Path, kind: str) -> int:
    path = samples_path(out, kind)
    return path.stat().st_size if path.is_file() else 0


def _sung(_: Path, rng: Generator) -> Samples:
    from training.recipes.separator.corpus.sounds.singers import sung

    return sung(rng)


_MAKERS: dict[str, Maker] = {
    INSTRUMENT: instrument,
    GUITAR: guitar,
    SINGING: _sung,
    SPEECH: lambda _, rng: spoken(rng),
    SYNTHETIC: lambda _, rng: synthetic(rng),
}


def main(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    material: Annotated[Path, typer.Option(help="The folder of soundfonts and guitars.")],
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="That render at a time; the files are the same.")] = 1,
) -> None:
    """Renders the whole corpus."""
    try:
        require_programs()
        found = read_material(material)
        if len(found.npm_guitars) < len(NPM_GUITARS):
            typer.echo(f"{len(found.npm_guitars)} of {len(NPM_GUITARS)} guitars of npm in {material / 'npm'}")
        items = plan(found, seed)
        index = render_corpus(out, items, material, seed, processes)
    except DrawstopError as error:
        typer.echo(f"render: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{len(items)} clips in {index.parent}")


if __name__ == "__main__":
    typer.run(main)
