"""The whole recipe: `python -m training.recipes.musicgen`. Both trainings resume where they were stopped."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from training.banks.bank_folders import BANKS_FILE, load_banks
from training.recipes.musicgen.measure.success import DRAWS, SECONDS, random_name
from training.recipes.musicgen.network.encodec_training import CHECKPOINT as ENCODEC_CHECKPOINT
from training.recipes.musicgen.network.encodec_training import STEPS as ENCODEC_STEPS
from training.recipes.musicgen.network.export import export_compression_model, export_language_model
from training.recipes.musicgen.network.lm_training import CHECKPOINT as LM_CHECKPOINT
from training.recipes.musicgen.network.lm_training import STEPS as LM_STEPS
from training.recipes.musicgen.sounds.corpus import CONCEPTS
from training.recipes.musicgen.sounds.recordings import EVERYTHING, FOLDER
from training.recipes.parts import run_part
from training.shipped import EXAMPLE_FOLDER

SAE_FEATURES, SAE_K, SAE_STEPS = 256, 8, 800


def make_musicgen(
    run: Annotated[Path, typer.Option(help="Where recordings, codes and checkpoints lie.")] = Path(
        "runs/musicgen"
    ),
    out: Annotated[Path, typer.Option(help="Where the shipped files go.")] = EXAMPLE_FOLDER,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    encodec_steps: Annotated[int, typer.Option(help="EnCodec's training steps.")] = ENCODEC_STEPS,
    lm_steps: Annotated[int, typer.Option(help="The language model's training steps.")] = LM_STEPS,
) -> None:
    """Renders the recordings, trains classifier, EnCodec and language model, exports, finds stops; measures all of it."""
    musicgen = out / "musicgen"
    run_part("musicgen.sounds.corpus", "--out", run / "corpus", "--seed", seed)
    run_part(
        "musicgen.measure.classifier_training",
        "--run",
        run,
        "--out",
        out / "musicgen_judge.safetensors",
        "--seed",
        seed,
    )
    run_part("musicgen.network.encodec_training", "--run", run, "--steps", encodec_steps, "--seed", seed)
    export_compression_model(run / ENCODEC_CHECKPOINT, musicgen)
    run_part("musicgen.network.codes", "--run", run, "--musicgen", musicgen, "--seed", seed)
    run_part("musicgen.network.lm_training", "--run", run, "--steps", lm_steps, "--seed", seed)
    export_language_model(run / LM_CHECKPOINT, musicgen)
    figures = out / "musicgen_figures.json"
    run_part("musicgen.measure.figures", "--run", run, "--demo", out, "--out", figures, "--seed", seed)
    run_part("musicgen.sounds.recordings", "--run", run, "--seed", seed)
    _find_stops(run, musicgen, seed)
    _sweep_layers(run, musicgen, out, seed)
    run_part(
        "musicgen.measure.success",
        "--run",
        run,
        "--demo",
        out,
        "--out",
        out / "musicgen_success.json",
        "--seed",
        seed,
    )


def _find_stops(run: Path, musicgen: Path, seed: int) -> None:
    """Banks of every layer, the stop of each concept, and random controls, by the commands that a user types; what is there is
    kept. The controls lie in banks of their own, so that only stops are shipped."""
    banks, random, recordings = musicgen / "banks", run / "random", run / FOLDER
    if not (banks / BANKS_FILE).exists():
        sizes = ("--features", SAE_FEATURES, "--k", SAE_K, "--steps", SAE_STEPS, "--seed", seed)
        _drawstop(
            "train", musicgen, recordings / EVERYTHING, "--site", "all", "--stream", *sizes, "--out", banks
        )
    if not random.exists():
        shutil.copytree(banks, random)
    for concept in CONCEPTS:
        _find(banks, recordings, musicgen, concept, concept, "auto", seed)
        for draw in DRAWS:
            _find(random, recordings, musicgen, concept, random_name(concept, draw), "random", seed + draw)


def _find(
    banks: Path, recordings: Path, musicgen: Path, concept: str, name: str, kind: str, seed: int
) -> None:
    if any(stop.name == name for bank in load_banks(banks) for stop in bank.stops):
        return
    folders = ("--with", recordings / concept / "with", "--without", recordings / concept / "without")
    other = next(each for each in CONCEPTS if each != concept)
    prompts = ("--prompt", concept, "--other-prompt", other, "--seconds", SECONDS, "--seed", seed)
    _drawstop("find", banks, name, *folders, "--model", musicgen, "--kind", kind, *prompts)


def _sweep_layers(run: Path, musicgen: Path, out: Path, seed: int) -> None:
    """`out`/musicgen_layers_CONCEPT.json: which layers carry each concept."""
    for concept in CONCEPTS:
        recordings = run / FOLDER / concept
        folders = ("--with", recordings / "with", "--without", recordings / "without")
        table = out / f"musicgen_layers_{concept}.json"
        _drawstop("layers", musicgen, musicgen / "banks", *folders, "--seed", seed, "--json", table)


def _drawstop(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "drawstop", *(str(argument) for argument in arguments)], check=True)


if __name__ == "__main__":
    typer.run(make_musicgen)
