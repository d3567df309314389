"""Banks of random stops, for any RAVE."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.banks.bank import StopBank


def write_random_bank(model: Path, folder: Path, site: str = "latent") -> Path:
    """A bank of two random stops for a site of any RAVE, the first of them gated; gives its folder."""
    from training.banks.bank import save_bank
    from training.models.rave.model import RaveModel

    rave = RaveModel(model, site)
    save_bank(folder, random_stops(rave.rates.width, rave.fingerprint, site))
    return folder


def random_stops(
    width: int, fingerprint: str, site: str, kinds: tuple[str, str] = ("gated", "random")
) -> "StopBank":
    """A bank of two random stops, guitar and voice."""
    import torch

    from training.banks.bank import StopBank
    from training.banks.gate import Gate, GateConfig
    from training.banks.gate_expander import Expander
    from training.banks.stop import Gates, Stop, make_slug
    from training.sae.config import SAEConfig
    from training.sae.model import SAE

    sae = SAE(SAEConfig(d_in=width, n_features=64, k=8, centre=False, bias=False))
    random = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    off, on = (Gate(GateConfig(width, 24, channels=16), torch.arange(5, 29)) for _ in range(2))
    gates = Gates(off, on, Expander(6, (0.1, 1.0), (-1.0, 0.0)))
    stops = tuple(
        Stop(
            name,
            make_slug(name),
            kind,
            torch.rand(64, generator=random),
            0.1 * torch.randn(64, width, generator=random),
            1.0,
            gates=gates if kind == "gated" else None,
        )
        for name, kind in zip(("guitar", "voice"), kinds, strict=True)
    )
    return StopBank(sae, stops, fingerprint, site)
