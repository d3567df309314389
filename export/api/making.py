"""From recordings to a bank, a stop, an instrument: the functions behind `drawstop train`, `find` and `make`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from export.make.options import MakeOptions, read_request
from export.make.steps import make_instrument
from training.activations.streamed_frames import ModelFrames
from training.banks.bank import StopBank
from training.banks.train.train import TrainOptions, held_frames, train_banks, training_device
from training.data.look.findings import Needs
from training.data.look.look import look_at
from training.data.recordings import scan
from training.find.concept import ConceptOptions, Found, find_concept, name_features
from training.models.open import open_layered
from training.models.protocols import usual_sites
from training.sae.config import SAEConfig
from training.shipped import SHIPPED_RAVE

Tell = Callable[[str], None]


def train(
    model: Path | str,
    recordings: Path | str,
    out: Path | str,
    config: SAEConfig | None = None,
    *,
    sites: Sequence[str] = (),
    stream: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> list[StopBank]:
    """Train a sparse autoencoder on the frames of each of some sites, as `drawstop train`; resumable.

    Args:
        model: a RAVE (.ts or run), or a MusicGen (folder or name on the hub).
        recordings: a folder; any format and rate.
        out: the bank's folder to write; of several sites a folder of banks.
        config: features, k, architecture, steps, seed and the like; its `d_in` follows from the frames.
        sites: `latent`, `encoder.N`, `decoder.N` or `layers.N`, or `all`. None given: a RAVE's latent, all of a MusicGen.
        stream: compute frames as they are needed instead of storing them.
        device: where a MusicGen and its SAEs are computed.
        progress: called with the name of the work, the steps done, and how many there are.
        tell: called with each line of what a look at the recordings shows.

    Returns: a bank without stops for each site.

    Raises:
        DrawstopError: recordings that would spoil the result, a site that isn't there, or a folder that isn't ours.

    >>> import shutil, tempfile, drawstop
    >>> from training.sae.config import SAEConfig
    >>> guitars, out = drawstop.shipped.EXAMPLE_RECORDINGS / "train" / "guitar", tempfile.mkdtemp()
    >>> config = SAEConfig(d_in=1, n_features=64, k=4, steps=20)
    >>> [bank] = drawstop.train(drawstop.shipped.EXAMPLE_RAVE, guitars, out, config)
    >>> bank.site, bank.sae.config.n_features, bank.sae.metrics.steps
    ('latent', 64, 20)
    >>> shutil.rmtree(out)
    """
    opened = open_layered(Path(model), device)
    look = look_at([Path(recordings)], Needs(channels=opened.channels), progress=progress)
    look.report_then_refuse(tell or _ignore_line)
    frames = ModelFrames(opened, scan(Path(recordings)), usual_sites(opened, sites))
    config = config or SAEConfig(d_in=1)
    options = TrainOptions(config, stream, held_frames(stream, None), training_device(frames))

    def on_step(step: int, loss: float) -> None:
        if progress is not None:
            progress("training", step, config.steps)

    return train_banks(frames, Path(out), options, Path(model).name, on_step)


def find(
    bank: Path | str,
    name: str,
    having: Path | str | None = None,
    lacking: Path | str | None = None,
    model: Path | str | None = None,
    *,
    features: Sequence[int] = (),
    options: ConceptOptions | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> Found:
    """Find a concept from recordings with and without it, and add it to a bank as a stop; as `drawstop find`.

    Args:
        bank: a bank's folder, or a folder of a MusicGen's banks; it is written anew with the stop in it.
        name: what to call the stop.
        having: a folder of recordings with the concept.
        lacking: one without it.
        model: the model that the bank is of. None: the shipped one.
        features: instead of recordings and model: features of the bank's SAE to put on one knob, by their numbers.
        options: seed, kind and the like.
        progress: called with the name of the work, the steps done, and how many there are.
        tell: called with each line of what a look at the recordings shows.

    Returns: the stop by its site, with what was measured of it in `metrics`.

    Raises:
        DrawstopError: a bank of another model, or recordings that would spoil the result, all of them at once.

    >>> import shutil, tempfile, drawstop
    >>> bank = shutil.copytree(drawstop.shipped.EXAMPLE_BANK, tempfile.mkdtemp(), dirs_exist_ok=True)
    >>> [stop] = drawstop.find(bank, "pluck", features=[412]).values()
    >>> stop.kind, [stop.name for stop in drawstop.load_bank(bank).stops]
    ('static', ['guitar', 'voice', 'pluck'])
    >>> shutil.rmtree(bank)
    """
    if features:
        if having is not None or lacking is not None:
            raise DrawstopError("expected features or recordings, got both")
        return name_features(Path(bank), name, features)
    if having is None or lacking is None:
        raise DrawstopError(
            "expected two folders of recordings, with the concept and without it, or features"
        )
    return find_concept(
        Path(bank),
        name,
        (Path(having), Path(lacking)),
        SHIPPED_RAVE if model is None else Path(model),
        options or ConceptOptions(),
        progress or _silent,
        tell or _ignore_line,
    )


def make(
    stops: Mapping[str, tuple[Path | str, Path | str]],
    out: Path | str,
    model: Path | str | None = None,
    *,
    options: MakeOptions | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """From folders of recordings to an instrument, its patches, and a verdict on every stop; as `drawstop make`. Resumable.

    Args:
        stops: name to two folders: recordings with the concept, and without it; four of each are the least.
        out: the folder to write into: bank/, instrument.ts, patches/, figures.json and clips/.
        model: a RAVE's .ts or its training run's folder. None: the shipped model.
        options: seed, kind, sizes of fits.
        progress: called with the name of the work, the steps done, and how many there are.
        tell: called with each line of what a look at the recordings shows.

    Returns: the content of figures.json: under `stops` each one's `measured` figures, beside random controls, and `verdict`.

    Raises:
        DrawstopError: recordings, a model or a folder that can't be used; nothing is written then.

    >>> import drawstop
    >>> drawstop.make({"bass": ("no-bass", "no-bass")}, "my-bass")
    Traceback (most recent call last):
    ...
    drawstop.errors.DrawstopError: no such folder: no-bass
    """
    asked = [(name, Path(having), Path(lacking)) for name, (having, lacking) in stops.items()]
    chosen = None if model is None else Path(model)
    request = read_request(chosen, asked, Path(out), options or MakeOptions(), progress, tell)
    return make_instrument(request, progress or _silent)


def _ignore_line(line: str) -> None:
    """Drop the line."""


def _silent(what: str, done: int, total: int) -> None:
    """Show no progress."""
