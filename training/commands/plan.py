"""The command `drawstop plan`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.options import (
    DeviceOption,
    DtypeOption,
    KOption,
    ModelArgument,
    SiteOption,
    StepsOption,
    first_look,
)
from training.sae.config import SAEConfig


def plan(
    model: ModelArgument,
    recordings: Annotated[
        Path, typer.Argument(help="A folder of recordings, or a few of them; only their headers are read.")
    ],
    site: SiteOption = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where it shall be written: is there room?")
    ] = Path("."),
    features: Annotated[int, typer.Option(help="Features in each dictionary.")] = SAEConfig.n_features,
    k: KOption = SAEConfig.k,
    steps: StepsOption = SAEConfig.steps,
    stream: Annotated[bool, typer.Option("--stream", help="Frames aren't stored.")] = False,
    buffer_frames: Annotated[
        int | None, typer.Option(help="Frames held in memory and shuffled together.")
    ] = None,
    dtype: DtypeOption = "float32",
    workers: Annotated[int, typer.Option(help="Processes that compute frames on this machine.")] = 1,
    hours: Annotated[
        float | None,
        typer.Option(help="Plan for so many hours of sound like this, instead of what is there."),
    ] = None,
    gpus: Annotated[
        int | None, typer.Option(help="Say the hours on so many GPUs too: by arithmetic.")
    ] = None,
    gpu_frames_per_s: Annotated[
        float | None,
        typer.Option(help="Frames of all sites that one GPU computes in a second; else as here."),
    ] = None,
    gpu_steps_per_s: Annotated[
        float | None, typer.Option(help="Training steps of one site in a second on one GPU; else as here.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the forecast as JSON too.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Say what disk, memory and hours a training takes, before anything of it begins: a trial of seconds, then arithmetic.

    Ends with code 2 where the disk wouldn't hold it.

    Example: drawstop plan facebook/musicgen-small recordings/ --site all --features 4096 --k 32 --hours 1000 --gpus 8
    """
    from drawstop.files import write_json
    from training.activations.shards import read_dtype
    from training.activations.streamed_frames import ModelFrames
    from training.banks.forecast import Machines, forecast, listed
    from training.banks.train import TrainOptions, held_frames, training_device
    from training.data.look.findings import Needs
    from training.models.open import open_layered
    from training.models.protocols import usual_sites

    machines = None if gpus is None else Machines(gpus, gpu_frames_per_s, gpu_steps_per_s)
    stored_as = read_dtype(dtype)
    first_look([recordings], Needs(samples=False))
    files = listed(recordings)
    opened = open_layered(model, device)
    frames = ModelFrames(opened, files, usual_sites(opened, site))
    held = held_frames(stream, buffer_frames)
    options = TrainOptions(SAEConfig(1, features, k, steps=steps), stream, held, training_device(frames))
    result = forecast(frames, options, out, dtype=stored_as, workers=workers, sound_hours=hours)
    typer.echo(result.text())
    elsewhere = {}
    if machines is not None:
        typer.echo(result.text_on(machines))
        extraction, training = result.hours_on(machines)
        elsewhere = {"elsewhere": {"gpus": gpus, "extraction_hours": extraction, "training_hours": training}}
    if json_file is not None:
        write_json(json_file, result.as_json() | elsewhere)
    result.require_room(out)
