"""The command `drawstop classify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.commands.options import MusicGenDeviceOption, first_look, look_at_labelled

if TYPE_CHECKING:
    from training.evaluation.classify import Examples


def classify(
    bank: Annotated[Path, typer.Argument(help="A bank, or a MusicGen's banks.")],
    audio: Annotated[list[Path], typer.Argument(help="Sound files, or folders of some.")],
    model: Annotated[Path, typer.Option(help="The RAVE or the MusicGen that the bank was trained on.")],
    examples: Annotated[
        Path | None,
        typer.Option(
            help="Labelled recordings: a sub-folder for each label (a+b: two labels; neither, other or without: none). Probes "
            "learn them and answer, instead of the stops."
        ),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(
            help="The layer that the probes read, in banks of several layers; the first with a stop otherwise."
        ),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the answers as JSON.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw them: a row for each concept, over time (.png, .svg or .pdf).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the probes' cross-validation.")] = 0,
    device: MusicGenDeviceOption = "auto",
) -> None:
    """Say which stops sound in recordings, and when: per recording and per second.

    Without --examples it is the share of the sound that each stop's features carry, as the instrument's listen gives it: a
    level, no judgement. With --examples it is how likely each label is, by probes on the SAE's features, and how good these
    probes are about examples that they didn't learn from.

    Example: drawstop classify bank/ take.wav --model rave.ts --picture take.png

    Example: drawstop classify bank/ takes/ --model rave.ts --examples labelled/ --json takes.json
    """
    from rich.console import Console

    from drawstop.audio.files import sounds_of
    from drawstop.files import write_json
    from drawstop.progress import steps_bar, track
    from training.banks.bank_folders import bank_at, load_banks
    from training.commands.plots.classification import draw, table
    from training.data.look.findings import Needs
    from training.data.read_labelled import read_labelled
    from training.evaluation.classify import MEANINGS, PROBABILITY, SHARE, Examples, shares_in
    from training.evaluation.experiments.classification.over_time import WINDOW_SECONDS
    from training.models.open import open_layered

    paths = sounds_of(audio)
    if folders := [each for each in audio if each.is_dir()]:
        first_look(folders, Needs(levels_matter=False))
    if examples is not None:
        look_at_labelled(examples)
    opened = open_layered(model, device)
    banks = load_banks(bank, opened.fingerprint)
    probes: Examples | None = None
    if examples is not None:
        with steps_bar() as progress:
            probes = Examples(opened, bank_at(banks, site), read_labelled(examples), seed, progress=progress)
    measure = SHARE if probes is None else PROBABILITY
    ask = (lambda path: shares_in(opened, banks, path)) if probes is None else probes.likely_in
    found = [ask(path) for path in track(paths, "listening", len(paths))]
    if json_file is not None:
        said: dict[str, Any] = {
            "measure": measure,
            "meaning": MEANINGS[measure],
            "seconds_per_answer": WINDOW_SECONDS,
            "recordings": [each.to_json() for each in found],
        }
        write_json(json_file, said | ({"examples": _described(probes)} if probes else {}))
    if picture is not None:
        draw(picture, found, measure, WINDOW_SECONDS)
    console = Console()
    console.print(table(found, measure))
    console.print(f"{measure}: {MEANINGS[measure]}", highlight=False)
    for line in _probe_lines(probes) if probes else ():
        console.print(line, highlight=False)


def _described(probes: "Examples") -> dict[str, Any]:
    from dataclasses import asdict

    counts = probes.data.counts()
    labels = {
        name: asdict(own) | {"with": counts[name], "without": len(probes.encoded) - counts[name]}
        for name, own in probes.scores.items()
    }
    return {
        "site": probes.bank.site,
        "recordings": len(probes.encoded),
        "seed": probes.seed,
        "labels": labels,
    }


def _probe_lines(probes: "Examples") -> list[str]:
    """A line for each label: how good its probe is."""
    counts, lines = probes.data.counts(), []
    for name, own in probes.scores.items():
        a = own.auroc
        bounds = "" if a.low is None else f", 95 % from {a.low:.2f} to {a.high:.2f}"
        lines.append(
            f"{name}: cross-validated AUROC {a.mean or 0:.2f}{bounds}; {counts[name]} examples with it, "
            f"{len(probes.encoded) - counts[name]} without"
        )
    return lines
