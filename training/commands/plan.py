"""The command `drawstop plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import (
    WITH,
    WITHOUT,
    DeviceOption,
    DtypeOption,
    KOption,
    LayersOption,
    ModelArgument,
    PiecesOption,
    SecondsOption,
    SiteOption,
    StepsOption,
    first_look,
)
from training.sae.config import SAEConfig

if TYPE_CHECKING:
    from training.find.musicgen.forecast import KnobForecast


def plan(
    model: ModelArgument,
    recordings: Annotated[
        Path | None,
        typer.Argument(help="A folder of recordings, or a few of them; only their headers are read."),
    ] = None,
    site: SiteOption = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Where it shall be written: is there room?")
    ] = Path("."),
    features: Annotated[
        int | None,
        typer.Option(
            help=f"Features in each dictionary; without: {SAEConfig.n_features}, of a knob as find."
        ),
    ] = None,
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
    with_folder: Annotated[Path | None, WITH] = None,
    without_folder: Annotated[Path | None, WITHOUT] = None,
    layers: LayersOption = 3,
    pieces: PiecesOption = 16,
    seconds: SecondsOption = 4.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the forecast as JSON too.")] = None,
    device: DeviceOption = "auto",
) -> None:
    """Say what disk, memory and hours a training takes, before anything of it begins: a trial of seconds, then arithmetic.

    Ends with code 2 where the disk wouldn't hold it. With --with and --without in place of RECORDINGS: what `drawstop find` takes
    from there to a knob on a MusicGen without a bank (--layers, --features, --pieces, --seconds as there).

    Example: drawstop plan facebook/musicgen-small recordings/ --site all --features 4096 --k 32 --hours 1000 --gpus 8

    Example: drawstop plan musicgen-small/ --with guitar/ --without other/ --pieces 0
    """
    from drawstop.errors import DrawstopError
    from drawstop.files import write_json
    from training.activations.shards import read_dtype
    from training.activations.streamed_frames import ModelFrames
    from training.banks.train.forecast import Machines, forecast, listed
    from training.banks.train.train import TrainOptions, held_frames, training_device
    from training.data.look.findings import Needs
    from training.models.open import open_layered
    from training.models.protocols import usual_sites

    if with_folder is not None and without_folder is not None and recordings is None:
        result = _knob(model, (with_folder, without_folder), layers, features, pieces, seconds, device)
        typer.echo(result.text())
        if json_file is not None:
            write_json(json_file, result.as_json())
        return
    if recordings is None or with_folder or without_folder:
        raise DrawstopError(
            "expected RECORDINGS, or both --with FOLDER and --without FOLDER, and not all of them"
        )
    machines = None if gpus is None else Machines(gpus, gpu_frames_per_s, gpu_steps_per_s)
    stored_as = read_dtype(dtype)
    first_look([recordings], Needs(samples=False))
    files = listed(recordings)
    opened = open_layered(model, device)
    frames = ModelFrames(opened, files, usual_sites(opened, site))
    held = held_frames(stream, buffer_frames)
    width = SAEConfig.n_features if features is None else features
    options = TrainOptions(SAEConfig(1, width, k, steps=steps), stream, held, training_device(frames))
    planned = forecast(frames, options, out, dtype=stored_as, workers=workers, sound_hours=hours)
    typer.echo(planned.text())
    elsewhere = {}
    if machines is not None:
        typer.echo(planned.text_on(machines))
        extraction, training = planned.hours_on(machines)
        elsewhere = {"elsewhere": {"gpus": gpus, "extraction_hours": extraction, "training_hours": training}}
    if json_file is not None:
        write_json(json_file, planned.as_json() | elsewhere)
    planned.require_room(out)


def _knob(
    model: Path,
    folders: tuple[Path, Path],
    layers: int,
    features: int | None,
    pieces: int,
    seconds: float,
    device: str,
) -> "KnobForecast":
    """The forecast of a knob on a MusicGen that has no bank."""
    from drawstop.audio.files import list_audio
    from drawstop.errors import DrawstopError
    from training.data.look.findings import Needs
    from training.find.musicgen.forecast import forecast_knob
    from training.find.musicgen.generated_pieces import PieceOptions
    from training.find.musicgen.quick_banks import QuickOptions
    from training.models.musicgen.layer_model import MusicGenLayers
    from training.models.open import is_musicgen, open_musicgen

    if not is_musicgen(model):
        raise DrawstopError(f"{model} is no MusicGen; plan a RAVE's bank by its RECORDINGS")
    first_look(folders, Needs(samples=False), [folders])
    paths = list_audio(folders[0]), list_audio(folders[1])
    quick = QuickOptions(layers) if features is None else QuickOptions(layers, features)
    opened = MusicGenLayers(open_musicgen(model, device))
    return forecast_knob(opened, paths, quick, PieceOptions(pieces=pieces, seconds=seconds))
