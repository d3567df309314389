"""RAVE and bank to one instrument file: script, save beside, verify from disk as a host would call it,
rename."""

import io
from dataclasses import dataclass
from pathlib import Path

import torch

from drawstop import __version__
from drawstop.base.description import EXTRA_FILE, InstrumentDescription, StopDescription
from drawstop.base.errors import DrawstopError
from drawstop.base.files import atomic_file
from export.instrument import Instrument
from export.verify import Check, require, verify
from training.models.rave import RaveModel
from training.steering import Steering
from training.stops import StopBank, bank_fingerprint, load_bank


@dataclass(frozen=True)
class Baked:
    """What was written: the description inside the file, and the checks that it passed."""

    path: Path
    description: InstrumentDescription
    checks: list[Check]


def bake(model_path: Path, bank_folder: Path, out: Path) -> Baked:
    """Bakes an instrument. Raises DrawstopError, with nothing written, when a part is unusable or a check
    fails."""
    if out.suffix != ".ts" or len(out.stem) < 3:
        raise DrawstopError(
            f"expected an output name of three letters or more that ends in .ts (nn~ needs both), got "
            f"{out.name}"
        )
    model = RaveModel(model_path)
    bank = load_bank(bank_folder, model.fingerprint)
    description = describe(model, bank, bank_fingerprint(bank_folder), out.stem)
    scripted = script(model, bank)
    content = io.BytesIO()  # torch's own file writer hides why a disk can't be written
    torch.jit.save(scripted, content, _extra_files={EXTRA_FILE: description.to_json()})
    with atomic_file(out) as beside:
        beside.write_bytes(content.getbuffer())
        checks = verify(beside, model_path)
        require(checks)
    return Baked(out, description, checks)


def script(model: RaveModel, bank: StopBank) -> torch.jit.ScriptModule:
    """The instrument as TorchScript, with fresh caches."""
    if bank.site != "latent":
        raise DrawstopError(f"this bank steers {bank.site}: expected the site latent")
    rates = model.rates
    width = bank.sae.config.d_in
    if width != rates.latent_size:
        raise DrawstopError(
            f"the bank reads {width} numbers a frame, the model has {rates.latent_size} latents: use its "
            f"own bank"
        )
    model.reset()
    slugs = [stop.slug for stop in bank.stops]
    instrument = Instrument(model.core, Steering(bank.sae, bank), slugs, rates.sample_rate, rates.ratio)
    instrument.eval()
    for parameter in instrument.parameters():
        parameter.requires_grad_(False)
    scripted: torch.jit.ScriptModule = torch.jit.script(instrument)
    return scripted


def describe(model: RaveModel, bank: StopBank, fingerprint: str, name: str) -> InstrumentDescription:
    """The description that travels inside the file."""
    rates = model.rates
    stops = tuple(
        StopDescription(name=stop.name, slug=stop.slug, label=stop.name, kind=stop.kind)
        for stop in bank.stops
    )
    return InstrumentDescription(
        name=name,
        version=__version__,
        sample_rate=rates.sample_rate,
        channels_in=rates.channels,
        channels_out=rates.channels,
        ratio=rates.ratio,
        latent_size=rates.latent_size,
        delay_samples=rates.delay_samples,
        stops=stops,
        model_fingerprint=model.fingerprint,
        bank_fingerprint=fingerprint,
        provenance={key: str(value) for key, value in bank.provenance.items()},
    )
