"""Instruments of the table's RAVEs, with two random stops at the latent, on a layer of the encoder and on one of the decoder."""

import copy
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.models.random_banks import write_random_bank

if TYPE_CHECKING:
    import torch

    from export.instrument.module import InstrumentModule

SITES = ("latent", "encoder.3", "decoder.4")


@dataclass(frozen=True)
class RaveInstrument:
    """A RAVE's file, banks for `SITES`, and the instrument's file."""

    rave: Path
    banks: tuple[Path, ...]
    file: Path

    def module(self) -> "InstrumentModule":
        """The instrument as a module of Python."""
        from export.instrument.bake import make_instrument
        from training.banks.bank import load_bank
        from training.models.rave.model import RaveModel

        return make_instrument(RaveModel(self.rave), [load_bank(bank) for bank in self.banks]).eval()

    def loaded(self) -> "torch.jit.ScriptModule":
        """The instrument's file as it was read: a copy, which takes a third of the time."""
        return copy.deepcopy(_read(self.file))


@functools.cache
def _read(file: Path) -> "torch.jit.ScriptModule":
    import torch

    return torch.jit.load(str(file)).eval()


def write_rave_instrument(rave: Path, folder: Path) -> RaveInstrument:
    """Write banks and an instrument of this RAVE to a folder."""
    import torch

    from export.instrument.bake import script
    from training.banks.bank import load_bank
    from training.models.rave.model import RaveModel

    banks = tuple(write_random_bank(rave, folder / site, site) for site in SITES)
    file = folder / "organ.ts"
    torch.jit.save(script(RaveModel(rave), [load_bank(bank) for bank in banks]), str(file))
    return RaveInstrument(rave, banks, file)
