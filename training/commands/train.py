"""The command `drawstop train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import (
    DeviceOption,
    FeaturesOption,
    KOption,
    ModelArgument,
    RecordingsArgument,
    SiteOption,
    StepsOption,
    opened_frames,
)
from training.sae.config import SAEConfig

if TYPE_CHECKING:
    from training.activations.streamed_frames import ModelFrames


def train(
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The bank's folder to write.")],
    site: SiteOption = None,
    features: FeaturesOption = SAEConfig.n_features,
    k: KOption = SAEConfig.k,
    architecture: Annotated[
        str,
        typer.Option(
            help="How features are chosen: topk (a frame's k largest, the only one whose features scale with the sound), "
            "batchtopk, matryoshka, jumprelu (thresholds that let k through on average), or topk-jumprelu (a topk with "
            "thresholds)."
        ),
    ] = SAEConfig.architecture,
    steps: StepsOption = SAEConfig.steps,
    learning_rate: Annotated[
        float,
        typer.Option(help="Adam's highest; after a short rise, and before it falls over the second half."),
    ] = SAEConfig.learning_rate,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same bits.")] = 0,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Compute frames as they are needed; nothing but checkpoints on disk."),
    ] = False,
    frames_from: Annotated[
        str | None,
        typer.Option(
            "--frames",
            help="Frames that drawstop activations wrote of this model, these sites and these recordings: its --out, or an "
            "fsspec URL (s3://bucket/frames). Nothing is computed anew.",
        ),
    ] = None,
    buffer_frames: Annotated[
        int | None,
        typer.Option(
            help="Frames held in memory and shuffled together, in whole batches; each takes 4 bytes per number and site. A "
            "stream's is 65536 where nothing is said."
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            help="Processes of this machine that train together: each its share of the sites, bit for bit as one process would; "
            "or, of fewer sites than processes, its share of every batch, which rounds sums otherwise. For several machines "
            "start this command by torchrun, or on GPUs by accelerate launch."
        ),
    ] = 1,
    precision: Annotated[
        str,
        typer.Option(
            help="What training computes in: float32, float64, or bf16 (its products only, for cards that are fast at it)."
        ),
    ] = SAEConfig.precision,
    frames_at_once: Annotated[
        int | None,
        typer.Option(
            help="Frames of a step that a process computes together: fewer take less memory and longer, and give the same SAE."
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Train a sparse autoencoder on a model's frames: a bank, without stops yet. Several sites are trained side by side, in one
    pass: BANK/SITE for each.

    What it will cost is said first. Interrupted, the same command goes on from BANK.checkpoint; without --stream the frames
    lie in BANK.frames meanwhile.

    Example: drawstop train rave.ts recordings/ --out bank/ --features 512 --k 16 --steps 5000

    Example: drawstop train facebook/musicgen-small recordings/ --site all --stream --out banks/ --features 4096 --k 32

    Example: torchrun --nproc-per-node 8 -m drawstop train facebook/musicgen-small recordings/ --site all --out banks/
    """
    from drawstop.errors import DrawstopError
    from drawstop.progress import steps_bar
    from training.banks.train.train import (
        TrainOptions,
        held_frames,
        metrics_line,
        site_paths,
        train_banks,
        training_device,
    )
    from training.sae.config import read_architecture, read_precision
    from training.sae.distributed import end, process_group
    from training.sae.launcher import FAILURE

    sae = SAEConfig(
        d_in=1,
        n_features=features,
        k=k,
        architecture=read_architecture(architecture),
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
        precision=read_precision(precision),
    )
    frames = opened_frames(model, recordings, site, device, samples=frames_from is None)
    held = held_frames(stream, buffer_frames)
    options = TrainOptions(sae, stream, held, training_device(frames), processes, frames_at_once, frames_from)
    group = process_group(options.device)
    try:
        with steps_bar() as progress:
            banks = train_banks(
                frames,
                out,
                options,
                model.name,
                lambda step, loss: progress("training", step, steps),
                lambda cost: typer.echo(cost.text()),
                group,
            )
    except DrawstopError as error:
        if group.size == 1:
            raise
        typer.echo(f"drawstop: {error}", err=True)
        end(FAILURE)
    group.leave()
    counts = _split_counts(frames)
    for bank in banks if group.is_first else []:
        path = site_paths([each.site for each in banks], out)[bank.site]
        typer.echo(f"{path}: {metrics_line(bank)}; {counts}")


def _split_counts(frames: "ModelFrames") -> str:
    """The number of recordings, in all and of each split, in words."""
    learned = sum(each.split == "train" for each in frames.recordings)
    checked = sum(each.split == "validation" for each in frames.recordings)
    total = len(frames.recordings)
    return f"of {total} recordings {learned} learned from, {checked} for validation, {total - learned - checked} left for a test"
