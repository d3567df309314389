"""The commands `drawstop activations`, `drawstop train` and `drawstop find`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.activations import ActivationStore
    from training.models.rave import RaveModel
    from training.recordings import Recording

SITE = "latent"

ModelArgument = Annotated[
    Path, typer.Argument(help="A RAVE: its exported .ts, or its training run's folder.")
]
RecordingsArgument = Annotated[Path, typer.Argument(help="A folder of recordings; any format and rate.")]
SiteOption = Annotated[str, typer.Option(help="The place in the model whose frames are used.")]


def activations(
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    site: SiteOption = SITE,
) -> None:
    """Write a model's frames of some recordings to disk.

    Example: drawstop activations rave.ts recordings/ --site latent --out frames/
    """
    from training.recordings import scan

    found = scan(recordings)
    store = _write_frames(open_model(model, site), found, out)
    typer.echo(f"{out}: {len(store.frames)} frames of {store.width} numbers, {len(found)} recordings")


def train(
    model: ModelArgument,
    recordings: RecordingsArgument,
    out: Annotated[Path, typer.Option("-o", "--out", help="The bank's folder to write.")],
    site: SiteOption = SITE,
    features: Annotated[int, typer.Option(help="Features in the dictionary.")] = 512,
    k: Annotated[int, typer.Option(help="Features that may be active in one frame.")] = 16,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 5000,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same bits.")] = 0,
) -> None:
    """Train a sparse autoencoder on a model's frames: a bank, without stops yet.

    Interrupted, the same command goes on from BANK.checkpoint; the frames lie in BANK.frames meanwhile.

    Example: drawstop train rave.ts recordings/ --out bank/ --features 512 --k 16 --steps 5000
    """
    import shutil

    from drawstop.base.errors import DrawstopError
    from drawstop.base.progress import steps_bar
    from training.recordings import scan
    from training.sae.config import SAEConfig
    from training.sae.train import train as train_sae
    from training.stops import STOPS_FILE, StopBank, save_bank

    if out.exists() and not out.is_dir():
        raise DrawstopError(f"can't write the bank {out}: a file of that name exists; give another name")
    if out.is_dir() and any(out.iterdir()) and not (out / STOPS_FILE).is_file():
        raise DrawstopError(f"{out} holds files that aren't ours to replace; give another folder")
    found = scan(recordings)
    opened = open_model(model, site)
    # A frame of silence is all zeros in a bias-free RAVE: no mean and no bias keep it so through the SAE.
    config = SAEConfig(
        d_in=opened.rates.width,
        n_features=features,
        k=k,
        steps=steps,
        seed=seed,
        centre=False,
        bias=False,
        checkpoint_every=min(500, steps),
    )
    frames, checkpoint = Path(f"{out}.frames"), Path(f"{out}.checkpoint")
    store = _kept_frames(opened, found, frames) or _write_frames(opened, found, frames)
    with steps_bar() as progress:
        sae = train_sae(
            store,
            config,
            checkpoint=checkpoint,
            progress=lambda step, loss: progress("training", step, steps),
        )
    provenance = {"model": model.name, "recordings": len(found), "frames": len(store.frames), "seed": seed}
    save_bank(out, StopBank(sae, (), opened.fingerprint, site, provenance))
    checkpoint.unlink(missing_ok=True)
    shutil.rmtree(frames, ignore_errors=True)
    figures = sae.figures
    assert figures is not None
    validation = figures.validation_fraction_of_variance_explained
    held_out = (
        "no validation recordings" if validation is None else f"{validation:.3f} on held-out recordings"
    )
    typer.echo(
        f"{out}: variance explained {figures.fraction_of_variance_explained:.3f} ({held_out}), "
        f"L0 {figures.l0:.1f}, dead {figures.dead_features} of {features}"
    )


def find(
    bank: Annotated[
        Path, typer.Argument(help="A bank, as drawstop train wrote it; the stop is added to it.")
    ],
    name: Annotated[str, typer.Argument(help="What to call the stop.")],
    with_folder: Annotated[Path, typer.Option("--with", help="A folder of recordings with the concept.")],
    without_folder: Annotated[Path, typer.Option("--without", help="A folder of recordings without it.")],
    model: Annotated[Path, typer.Option(help="The RAVE that the bank was trained on.")],
    kind: Annotated[
        str,
        typer.Option(
            help="gated: a small network that hears who plays; static: constants; auto: the better one."
        ),
    ] = "auto",
    like: Annotated[
        str,
        typer.Option(help="Which recordings with the concept +1 should sound like, as a file name pattern."),
    ] = "*",
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed",
            help="The recordings with the concept hold other sounds too: features are ranked, not fitted.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same stop.")] = 0,
) -> None:
    """Find a concept from recordings with and without it, and add it to the bank as a stop.

    To bring the concept in (+1) it needs recordings that play the same thing with and without it: the same file name in
    both folders, or the same name up to an @, as in solo@guitar.wav and solo@voice.wav.

    Example: drawstop find bank/ guitar --with guitar/ --without other/ --model rave.ts
    """
    from drawstop.base.audio_files import list_audio
    from drawstop.base.errors import DrawstopError
    from drawstop.base.progress import steps_bar
    from training.stops import load_bank, save_bank

    with_paths, without_paths = list_audio(with_folder), list_audio(without_folder)
    if {path.resolve() for path in with_paths} & {path.resolve() for path in without_paths}:
        raise DrawstopError(
            f"{with_folder} and {without_folder} share recordings; a concept needs both kinds, in two folders"
        )
    from training.find import FindOptions, find_stop, kind_of

    options = FindOptions(seed=seed, kind=kind_of(kind), like=like, mixed=mixed)
    opened = open_model(model, load_bank(bank).site)
    loaded = load_bank(bank, opened.fingerprint)
    with steps_bar() as progress:
        stop = find_stop(opened, loaded.sae, name, with_paths, without_paths, options, progress=progress)
    save_bank(bank, loaded.with_stop(stop))
    typer.echo(f"{bank}: the stop {stop.slug} ({stop.name})")
    for key, value in sorted(stop.figures.items()):
        typer.echo(f"  {key}: {f'{value:.3f}' if isinstance(value, float) else value}")


def open_model(path: Path, site: str = SITE) -> "RaveModel":
    """A RAVE at one of its sites, from its `.ts`, or from a run's folder, which acids-rave exports first."""
    from training.models.rave import RaveModel

    if path.is_dir():
        from training.models.rave_run import export_run

        path = export_run(path)
    return RaveModel(path, site)


def _write_frames(model: "RaveModel", found: "list[Recording]", out: Path) -> "ActivationStore":
    from collections.abc import Iterator

    from drawstop.base.progress import track
    from training.activations import Frames, write_store
    from training.recordings import load

    def items() -> "Iterator[tuple[Recording, Frames]]":
        for recording in track(found, "reading frames", len(found)):
            audio = load(recording, model.rates.sample_rate, model.rates.channels)
            yield recording, model.encode(audio[None])[0].T.contiguous().numpy()

    return write_store(out, str(model.site), model.fingerprint, items())


def _kept_frames(model: "RaveModel", found: "list[Recording]", folder: Path) -> "ActivationStore | None":
    """The frames of an interrupted training, where they are of this model and these recordings."""
    from training.activations import INDEX_FILE, ActivationStore

    if not (folder / INDEX_FILE).is_file():
        return None
    store = ActivationStore.open(folder)
    same = [stored.hash for stored in store.recordings] == [recording.hash for recording in found]
    return store if same and (store.fingerprint, store.site) == (model.fingerprint, str(model.site)) else None
