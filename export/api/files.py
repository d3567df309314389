"""What is read and written whole: models, banks, instruments, recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drawstop.audio.files import check_output, read_audio, write_audio
from drawstop.types import Audio
from export.api.instrument import BLOCK, Instrument
from export.inspect.describe_path import describe_path
from export.instrument.bake import Baked
from export.instrument.bake import bake as bake_instrument
from export.instrument.verify import Check
from export.instrument.verify import verify as verify_instrument
from training.banks.open_bank import AnyBank, open_bank
from training.models.open import open_rave
from training.models.rave.export_run import export_run
from training.models.rave.model import RaveModel
from training.shipped import SHIPPED_BANK, SHIPPED_RAVE


def load_model(path: Path | str | None = None, site: str = "latent") -> RaveModel:
    """Open a RAVE: frames of recordings (`encode`), sound from frames (`decode`), every layer's frames (`frames`).

    Args:
        path: its exported .ts, or its training run's folder (with the extra `rave`). None: the shipped model.
        site: where its frames are: `latent`, or a layer, `encoder.N` or `decoder.N`.

    Raises:
        DrawstopError: no RAVE there, one of a kind that can't be steered, or a site that it hasn't.

    >>> import drawstop, torch
    >>> model = drawstop.load_model()
    >>> frames = model.encode(torch.zeros(1, 1, 44100))
    >>> frames.shape, model.decode(frames).shape
    (torch.Size([1, 128, 345]), torch.Size([1, 1, 44160]))
    """
    return open_rave(SHIPPED_RAVE if path is None else Path(path), site)


def load_bank(folder: Path | str | None = None) -> AnyBank:
    """Open a bank: an SAE (`bank.sae`) or a separator (`bank.separator`), and `bank.stops` with what was measured of each.

    Args:
        folder: as `train`, `find` or `make` wrote it. None: the shipped bank.

    Raises:
        DrawstopError: no bank there, or a damaged one.

    >>> import drawstop
    >>> [stop.name for stop in drawstop.load_bank().stops]
    ['guitar', 'voice']
    """
    return open_bank(SHIPPED_BANK if folder is None else Path(folder))


def inspect(path: Path | str) -> dict[str, Any]:
    """Say what a file or a folder is, as `drawstop inspect --json` does; `kind` is its kind.

    Args:
        path: an instrument, a RAVE, a Neutone model, a bank, frames, a recording, or a folder of recordings.

    Raises:
        DrawstopError: nothing there, or nothing that is known.

    >>> import drawstop
    >>> facts = drawstop.inspect(drawstop.shipped.SHIPPED_RAVE)
    >>> facts["kind"], facts["sample_rate"], facts["latent_ratio"]
    ('RAVE', 44100, 128)
    """
    return describe_path(Path(path))


def bake(model: Path | str, banks: Sequence[Path | str], out: Path | str) -> Baked:
    """Put banks inside a RAVE, verify the result as nn~ would call it, and write it as one file; as `drawstop bake`.

    Args:
        model: a RAVE's exported .ts, or its training run's folder (with the extra `rave`).
        banks: their folders, each with a stop or more; stops come in this order.
        out: the instrument to write, X.ts.

    Returns: the file's description, and the checks that it passed.

    Raises:
        DrawstopError: a part is unusable or a check fails; nothing is written then.

    >>> import drawstop
    >>> drawstop.bake(drawstop.shipped.SHIPPED_RAVE, ["no-bank"], "organ.ts")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    drawstop.errors.DrawstopError: expected a bank (a folder with stops.json), found none at no-bank: ...
    """
    path = Path(model)
    return bake_instrument(export_run(path) if path.is_dir() else path, list(map(Path, banks)), Path(out))


def verify(instrument: Path | str, model: Path | str | None = None) -> list[Check]:
    """Call an instrument as nn~ would, and compare what it gives; as `drawstop verify`.

    Args:
        instrument: X.ts.
        model: the RAVE that it was made from: at rest the instrument must give that one's bits.

    Returns: name, result and observation of each check; a failed one raises nothing.

    Raises:
        DrawstopError: no instrument at the path.

    >>> import drawstop
    >>> drawstop.verify("nothing.ts")
    Traceback (most recent call last):
    ...
    drawstop.errors.DrawstopError: no instrument at nothing.ts: bake one with drawstop bake MODEL BANK -o X.ts
    """
    return verify_instrument(Path(instrument), None if model is None else Path(model))


def render(
    instrument: Instrument | Path | str,
    recording: Path | str,
    out: Path | str | None = None,
    stops: Mapping[str, float] | None = None,
    *,
    block: int = BLOCK,
    seed: int = 0,
) -> tuple[Audio, int]:
    """Play a sound file through an instrument, with the delay taken out; as `drawstop render`.

    Args:
        instrument: loaded, whose knobs stay as set, or its file.
        recording: any format and rate; resampled to the instrument's.
        out: the file to write, .wav or .flac. None writes none.
        stops: values by slug, set before.
        block: for an instrument's file: samples per block, a multiple of its ratio.
        seed: for an instrument's file: the seed of its noise.

    Returns: audio `[channels_out, samples]`, and its rate in Hz.

    Raises:
        DrawstopError: no such file, no sound, an unknown stop, a value out of range, or an output that can't be written.

    >>> import drawstop
    >>> organ = drawstop.Instrument.of(drawstop.load_model(), [drawstop.load_bank()])
    >>> audio, rate = drawstop.render(organ, drawstop.shipped.PERFORMANCE / "voice.flac", stops={"voice": -1})
    >>> audio.shape[0], rate, round(audio.shape[1] / rate)
    (1, 44100, 12)
    """
    if out is not None:
        check_output(Path(out), Path(recording))
    if not isinstance(instrument, Instrument):
        instrument = Instrument(instrument, block=block, seed=seed)
    audio, rate = read_audio(Path(recording), instrument.sample_rate, instrument.channels[0])
    instrument.set(**(stops or {}))
    played = instrument.render(audio)
    if out is not None:
        write_audio(Path(out), played, rate)
    return played, rate
