"""The command `drawstop import`."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands.options import DeviceOption, ModelArgument, RecordingsArgument


def import_sae(
    sae: Annotated[
        Path,
        typer.Argument(
            help="A SAELens folder, a sparsify folder, or dictionary_learning's ae.pt with its config.json: the folder, or a "
            "file in it."
        ),
    ],
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The bank's folder to write.")],
    site: Annotated[
        str | None,
        typer.Option(
            help="The place in the model whose frames it was trained on: latent, encoder.N, decoder.N of a RAVE, layers.N of a "
            "MusicGen; what its file says, or the latent, where nothing is said."
        ),
    ] = None,
    times: Annotated[
        float | None,
        typer.Option(
            help="What the frames were multiplied by in its training, where that isn't in its weights already."
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Make a bank of an SAE that another library trained on a model's frames: stops are then found with its features (find,
    classify, evaluate, bake). They keep the numbers that their library gives.

    Recordings show whether it belongs to the model and the site: it is refused where it doesn't explain their frames, with the
    reason where one shows. Architectures: ReLU, TopK, BatchTopK, Matryoshka, JumpReLU, gated.

    Example: drawstop import my-sae/ rave.ts recordings/ --out bank/
    """
    from drawstop.errors import DrawstopError
    from drawstop.progress import steps_bar
    from training.activations.streamed_frames import ModelFrames
    from training.banks.bank import StopBank
    from training.banks.bank_folders import is_ours, save_banks
    from training.banks.train.train import metrics_line
    from training.commands.options import first_look
    from training.data.look.findings import Needs
    from training.data.recordings import scan
    from training.models.open import open_layered
    from training.sae.files.fit import described, fitted, site_of
    from training.sae.files.read import read_foreign

    if times is not None and not times > 0:
        raise DrawstopError(f"expected --times above 0, got {times}")
    if not is_ours(out):
        raise DrawstopError(f"{out} holds files that aren't ours to replace; give another folder")
    foreign = read_foreign(sae)
    opened = open_layered(model, device)
    chosen = site_of(foreign, opened.sites(), site)
    first_look([recordings], Needs(channels=opened.channels))
    frames = ModelFrames(opened, scan(recordings), [chosen])
    with steps_bar() as progress:
        own = fitted(sae, frames, times, lambda done, total: progress("encoding", done, total))
    provenance = {
        "model": model.name,
        "recordings": len(frames.sources),
        "imported": described(sae, times),
    }
    bank = StopBank(own, (), opened.fingerprint, chosen, provenance)
    save_banks(out, [bank])
    typer.echo(f"{out}: {foreign.library} {foreign.architecture} at {chosen}, {metrics_line(bank)}")
