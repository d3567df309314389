"""Loading a RAVE's TorchScript file, and refusing, with the reason, what can't be steered."""

from pathlib import Path

import torch

from drawstop.errors import DrawstopError
from training.models.rave.core import RaveCore

VARIATIONAL = "VariationalScriptedRAVE"
WASSERSTEIN = "WasserteinScriptedRAVE"  # acids-rave's own spelling
STEERABLE = {VARIATIONAL: "variational", WASSERSTEIN: "wasserstein"}


def load_script(path: Path) -> torch.jit.ScriptModule:
    """Loads a TorchScript file, in float32 where its weights are halves. Raises DrawstopError for a missing, truncated or foreign
    file."""
    if not path.is_file():
        raise DrawstopError(f"expected a RAVE .ts file, found no file at {path}: check the path")
    try:
        script = torch.jit.load(str(path), map_location="cpu")
    except (RuntimeError, ValueError) as error:
        raise DrawstopError(
            f"{path} is no readable TorchScript file (truncated or corrupt): export or download it again"
        ) from error
    script.eval()
    if any(each.is_floating_point() and each.dtype != torch.float32 for each in script.parameters()):
        script.float()
    return script


def script_core(script: torch.jit.ScriptModule, path: Path) -> RaveCore:
    """The steerable core of a loaded RAVE. Raises DrawstopError, with the reason, for what can't be steered
    at the latent."""
    kind = str(getattr(script, "original_name", ""))
    children = {name for name, _ in script.named_children()}
    if not {"encoder", "decoder"} <= children or not hasattr(script, "encode_params"):
        raise DrawstopError(
            f"{path} is no RAVE (it has no encoder, decoder and encode_params): expected one exported by "
            f"acids-rave"
        )
    if kind not in STEERABLE:
        known = " and ".join(sorted(STEERABLE.values()))
        raise DrawstopError(
            f"{path} is a {kind}: its latents can't be edited by addition; {known} RAVEs can be steered"
        )
    if "pqmf" not in children or getattr(script, "input_mode", "pqmf") != "pqmf":
        raise DrawstopError(
            f"{path} has no PQMF input: expected a RAVE that reads and writes multiband sound"
        )
    if getattr(script, "resampler", None) is not None:
        raise DrawstopError(f"{path} was exported with a resampler: export it at its own rate (without --sr)")
    if int(script.encode_params[0]) != int(script.decode_params[2]):
        option = "--stereo" if getattr(script, "stereo", False) is True else "--channels"
        raise DrawstopError(
            f"{path} was exported with other output channels than inputs: export it without {option}"
        )
    variational = kind == VARIATIONAL
    if variational:
        noise_dimensions = int(script.latent_pca.shape[0]) - int(script.encode_params[2])
    else:
        noise_dimensions = int(getattr(script.encoder, "noise_augmentation", 0))
    try:
        return RaveCore(script, variational, noise_dimensions)
    except (AttributeError, ValueError) as error:
        raise DrawstopError(
            f"{path} has an encoder or a decoder of a kind that isn't known here ({error}): expected one of acids-rave's"
        ) from error


def read_rates(script: torch.jit.ScriptModule, path: Path) -> tuple[int, int, int]:
    """Sample rate in Hz, channels, samples per latent frame."""
    channels, _, _, ratio = (int(value) for value in script.encode_params)
    sample_rate = int(getattr(script, "sr", 0) or 0)
    if sample_rate <= 0:
        raise DrawstopError(f"{path} doesn't state its sample rate: export it with acids-rave 2.3 or later")
    return sample_rate, channels, ratio
