"""RAVE and bank to one instrument file: script, save beside, verify from disk as nn~ would call it, rename."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from drawstop.instrument_description import (
    EXTRA_FILE,
    InstrumentDescription,
    MethodDescription,
    StopDescription,
)
from export.instrument.module import InstrumentModule
from export.instrument.site_edit import BankEdit
from export.instrument.verify import Check, require, verify
from training.banks.bank import bank_fingerprint
from training.banks.open_bank import AnyBank, edit_of, frame_width, open_bank
from training.banks.stop import make_slug
from training.models.rave.model import RaveModel
from training.models.rave.site import LATENT


@dataclass(frozen=True)
class Baked:
    """What was written: the description inside the file, and the checks that it passed."""

    path: Path
    description: InstrumentDescription
    checks: list[Check]


def bake(model_path: Path, bank_folders: Sequence[Path], out: Path) -> Baked:
    """Bake an instrument of one or more banks; their stops come in the banks' order.

    Raises:
        DrawstopError: a part is unusable or a check fails; nothing is written then.
    """
    if out.suffix != ".ts" or len(out.stem) < 3:
        raise DrawstopError(
            f"expected an output name of three letters or more that ends in .ts (nn~ needs both), got "
            f"{out.name}"
        )
    model = RaveModel(model_path)
    if not model.is_streaming():
        raise DrawstopError(
            f"{model.path} was exported without --streaming and would click at every block: export it with --streaming"
        )
    banks = [open_bank(folder, model.fingerprint) for folder in bank_folders]
    description = describe(model, banks, out.stem, "+".join(map(bank_fingerprint, bank_folders)))
    scripted = script(model, banks)
    content = io.BytesIO()  # torch's own file writer hides why a disk can't be written
    torch.jit.save(scripted, content, _extra_files={EXTRA_FILE: description.to_json()})
    with atomic_file(out) as beside:
        beside.write_bytes(content.getbuffer())
        checks = verify(beside, model_path)
        require(checks)
    return Baked(out, description, checks)


def script(model: RaveModel, banks: Sequence[AnyBank]) -> torch.jit.ScriptModule:
    """The instrument as TorchScript, with fresh caches."""
    model.reset()
    instrument = make_instrument(model, banks)
    instrument.eval()
    for parameter in instrument.parameters():
        parameter.requires_grad_(False)
    with _constants_in_order():
        scripted: torch.jit.ScriptModule = torch.jit.script(instrument)
    return scripted


class _SortedSet(set[Any]):
    """A set of words that are gone through in the alphabet's order."""

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(super().__iter__()))


@contextmanager
def _constants_in_order() -> Iterator[None]:
    """Make TorchScript write constants in the same order in every process.

    It goes through a set of names, whose order Python draws anew for each process: the same bank would give another file
    each time.
    """
    compiler: Any = torch.jit._recursive
    compiler.set = _SortedSet
    try:
        yield
    finally:
        del compiler.set


def make_instrument(model: RaveModel, banks: Sequence[AnyBank]) -> InstrumentModule:
    """The instrument as a Python module, not scripted yet."""
    sites = model.sites()
    edits: dict[str, list[BankEdit]] = {}
    slugs = instrument_slugs(banks)
    first = 0
    for bank in banks:
        if bank.site not in sites:
            raise DrawstopError(
                f"this bank steers {bank.site}, which the model doesn't have: use its own bank"
            )
        if frame_width(bank) != sites[bank.site].width:
            raise DrawstopError(
                f"the bank reads {frame_width(bank)} numbers a frame, the model has {sites[bank.site].width} at "
                f"{bank.site}: use its own bank"
            )
        stop_indices = list(range(first, first + len(bank.stops)))
        first += len(bank.stops)
        edits.setdefault(bank.site, []).append(BankEdit(edit_of(bank, model.voices()), stop_indices))
    rates = sites[LATENT]
    limits = [stop.limits for bank in banks for stop in bank.stops]
    return InstrumentModule(model.core, edits, slugs, limits, rates.sample_rate, rates.ratio)


def instrument_slugs(banks: Sequence[AnyBank]) -> list[str]:
    """A slug per stop, no two alike: a second bank's `guitar` becomes `guitar_2`."""
    taken: list[str] = []
    for bank in banks:
        for stop in bank.stops:
            taken.append(make_slug(stop.slug, set(taken)))
    return taken


def describe(
    model: RaveModel, banks: Sequence[AnyBank], name: str, fingerprint: str
) -> InstrumentDescription:
    """The description that goes into the file. `fingerprint`: the banks'."""
    instrument = make_instrument(model, banks)
    rates = model.sites()[LATENT]
    stops_with_sites = [(stop, bank.site) for bank in banks for stop in bank.stops]
    stops = tuple(
        StopDescription(stop.name, slug, stop.name, *stop.limits, kind=stop.kind, site=site)
        for slug, (stop, site) in zip(instrument.stop_slugs, stops_with_sites, strict=True)
    )
    delays = rates.delays
    lag = {"encode": delays.encode, "listen": delays.encode, "decode": delays.decode, "steer": 0}
    return InstrumentDescription(
        name=name,
        version=__version__,
        sample_rate=rates.sample_rate,
        channels_in=rates.channels,
        channels_out=rates.channels,
        ratio=rates.ratio,
        latent_size=rates.width,
        delay_samples=delays.whole,
        stops=stops,
        methods=tuple(
            method_description(instrument, method, lag.get(method, delays.whole))
            for method in instrument.get_methods()
        ),
        model_fingerprint=model.fingerprint,
        bank_fingerprint=fingerprint,
        provenance=_provenance(banks),
    )


def method_description(instrument: InstrumentModule, name: str, delay_samples: int) -> MethodDescription:
    """The description of one method, from what the instrument registers for nn~."""
    parameters = getattr(instrument, f"{name}_params")
    labels = (tuple(getattr(instrument, f"{name}_{side}_labels")) for side in ("input", "output"))
    inlets, outlets = labels
    return MethodDescription(name, inlets, int(parameters[1]), outlets, int(parameters[3]), delay_samples)


def _provenance(banks: Sequence[AnyBank]) -> dict[str, str]:
    """Where the banks come from; of several, each under its number and site."""
    if len(banks) == 1:
        return {key: str(value) for key, value in banks[0].provenance.items()}
    return {
        f"{number} ({bank.site}) {key}": str(value)
        for number, bank in enumerate(banks, 1)
        for key, value in bank.provenance.items()
    }
