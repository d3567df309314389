"""The command `drawstop activations`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import (
    DeviceOption,
    DtypeOption,
    ModelArgument,
    RecordingsArgument,
    SiteOption,
    opened_frames,
)

if TYPE_CHECKING:
    from training.activations.workers import OpenModel


def activations(
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    site: SiteOption = None,
    dtype: DtypeOption = "float32",
    shard_frames: Annotated[
        int,
        typer.Option(
            help="Frames of a file, at most: what an interruption can lose. A longer recording has its own."
        ),
    ] = 65536,
    workers: Annotated[
        int,
        typer.Option(
            help="Processes; each opens the model, on one core or, in turns, on one of the accelerators."
        ),
    ] = 1,
    part: Annotated[
        str,
        typer.Option(
            help="I/N: this machine's share of N machines that write into one folder, or each its own."
        ),
    ] = "1/1",
    join: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder that another machine wrote its part into: taken over first. Several times for several."
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Write a model's frames of some recordings to disk, all sites in one pass: OUT, or OUT/SITE for each of several sites.

    Interrupted, the same command goes on; it also checks the files that are there, and writes damaged or missing ones anew.
    However many workers and machines there are, the files are the same.

    Example: drawstop activations rave.ts recordings/ --site latent --out frames/

    Example: drawstop activations facebook/musicgen-small recordings/ --site all --dtype bfloat16 --part 1/4 --out /shared/frames
    """
    from training.activations.extraction import ExtractOptions
    from training.activations.lock import Part
    from training.activations.shards import read_dtype
    from training.banks.train.train import write_frames

    options = ExtractOptions(read_dtype(dtype), shard_frames, Part.read(part), workers)
    frames = opened_frames(model, recordings, site, device)
    stores = write_frames(frames, out, options, model_openers(model, device), join or ())
    for store in stores:
        count, shards = len(frames.sources), len(store.index.shards)
        typer.echo(
            f"{store.path}: {len(store.frames)} frames of {store.width} numbers, {count} recordings, {shards} shards"
        )
    if not stores:
        typer.echo(
            f"{out}: part {options.part} is done; the store is whole when the other parts are there too: write them into this "
            f"folder, or take theirs over with --join"
        )


def model_openers(model: Path, device: str) -> "list[OpenModel]":
    """How the workers open a model: on each accelerator in turns where the device is one of several, else all alike."""
    from functools import partial

    import torch

    from training.models.open import is_musicgen, open_layered

    several = device in ("auto", "cuda") and is_musicgen(model) and torch.cuda.device_count() > 1
    devices = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if several else [device]
    return [partial(open_layered, model, name) for name in devices]
