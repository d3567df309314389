"""A RAVE's training run opened with acids-rave's own modules, to be trained further and written as a run again.

acids-rave builds a model from `config.gin` and fills it from a lightning checkpoint, by name. So does this; what
comes back is a folder that acids-rave's export reads like any other run.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from training.models.rave.export_run import CONFIG, RunFiles
from training.models.resumable_training import read_state, write_state

CHECKPOINT = Path("version_0", "checkpoints", "best.ckpt")
"""The checkpoint's path in a run, as lightning has it: acids-rave's export reads the run's name from it."""

_TRAINED = ("encoder.", "decoder.", "latent_pca", "latent_mean", "fidelity")
_COPIED = ("epoch", "global_step", "pytorch-lightning_version", "state_dict")
_PROBE_SAMPLES = 2**15
_KINDS = {"VariationalEncoder": "variational", "WasserteinEncoder": "wasserstein"}


class TrainableRave(nn.Module):
    """A run's RAVE without streaming caches: gradients reach its encoder and decoder, and nothing else.

    It stays in mode eval: a v1 encoder's batch norms then keep the statistics that the export will use.
    Shape: audio `[batch, channels, samples]`, bands `[batch, channels x bands, samples / bands]`, latents
    `[batch, latents, frames]`.
    """

    def __init__(self, rave: Any, kind: str, stored: dict[str, Any]) -> None:
        super().__init__()
        self.rave, self.variational, self.stored = rave, kind == "variational", stored
        self.sample_rate, self.channels = int(rave.sr), int(rave.n_channels)
        # An encoder whose second phase has begun detaches its latents: no gradient would reach it.
        rave.encoder.set_warmed_up(False)
        rave.requires_grad_(False)
        for parameter in self.trained_parameters():
            parameter.requires_grad_(True)
        self.eval()
        with torch.no_grad():
            mean, _ = self.posterior(self.bands(torch.zeros(1, self.channels, _PROBE_SAMPLES)))
        self.ratio, self.latent_size = _PROBE_SAMPLES // mean.shape[-1], int(mean.shape[1])

    def trained_parameters(self) -> list[nn.Parameter]:
        """The encoder's and the decoder's parameters."""
        return [*self.rave.encoder.parameters(), *self.rave.decoder.parameters()]

    def bands(self, audio: Tensor) -> Tensor:
        """The PQMF bands of audio."""
        bands: Tensor = self.rave.pqmf(audio.reshape(-1, 1, audio.shape[-1]))
        return bands.reshape(audio.shape[0], -1, bands.shape[-1])

    def audio(self, bands: Tensor) -> Tensor:
        """The audio of PQMF bands; `audio(bands(x))` is `x`, later by the PQMF's delay."""
        sound: Tensor = self.rave.pqmf.inverse(
            bands.reshape(bands.shape[0] * self.channels, -1, bands.shape[-1])
        )
        return sound.reshape(bands.shape[0], self.channels, -1)

    def posterior(self, bands: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the latents; a Wasserstein RAVE's have no spread."""
        z: Tensor = self.rave.encoder(bands)
        if not self.variational:
            return z, torch.zeros_like(z)
        mean, scale = z.chunk(2, 1)
        return mean, nn.functional.softplus(scale) + 1e-4  # VariationalEncoder.reparametrize

    def decode(self, z: Tensor, frames: int) -> Tensor:
        """The first `frames` frames of latents' bands; noise fills the dimensions that a Wasserstein RAVE adds."""
        added = int(getattr(self.rave.encoder, "noise_augmentation", 0))
        if added:
            noise = torch.randn(z.shape[0], added, z.shape[-1]).to(z.device)
            z = torch.cat([z, noise], 1)
        bands: Tensor = self.rave.decoder(z)
        return bands[..., :frames]

    @torch.no_grad()
    def centre_at_zero(self, means: Tensor) -> None:
        """Fit the rotation that acids-rave's export applies to latents, `means` `[frames, latents]`, about zero.

        acids-rave rotates about the latents' mean, but a subtracted mean keeps latents from adding up: z(a+b) - m is
        not (z(a) - m) + (z(b) - m). Fidelity counts squares about zero accordingly.
        """
        power, directions = torch.linalg.eigh(means.double().T @ means.double())
        power, directions = power.flip(0).clamp(min=0), directions.flip(1)
        self.rave.latent_mean.zero_()
        self.rave.latent_pca.copy_(directions.T)
        self.rave.fidelity.copy_((power.cumsum(0) / power.sum()).clamp(max=1.0))


def open_run(files: RunFiles) -> TrainableRave:
    """Build a run's RAVE and fill it from its checkpoint. Replaces the process's gin configuration.

    Raises:
        DrawstopError: an unreadable configuration or checkpoint, two that don't belong together, or a RAVE whose
            latents can't add up.
        ImportError: acids-rave isn't installed.
    """
    stored = _read_checkpoint(files.checkpoint)
    rave = _build(files.config)
    kind = _KINDS.get(type(rave.encoder).__name__)
    if kind is None:
        raise DrawstopError(
            f"{files.config} describes a RAVE with a {type(rave.encoder).__name__}, whose latents can't add up; "
            f"expected a {' or a '.join(_KINDS.values())} one"
        )
    if rave.pqmf is None or (rave.input_mode, rave.output_mode) != ("pqmf", "pqmf"):
        raise DrawstopError(
            f"{files.config} describes a RAVE from {rave.input_mode} to {rave.output_mode}; expected one that reads and "
            "writes PQMF bands, which is what stops work on"
        )
    try:
        unfilled = rave.load_state_dict(stored["state_dict"], strict=False).missing_keys
    except RuntimeError as error:
        raise _mismatch(files) from error
    if any(name.startswith(("encoder.", "decoder.")) for name in unfilled):
        raise _mismatch(files)
    return TrainableRave(rave, kind, stored)


def write_run(out: Path, source: RunFiles, model: TrainableRave) -> None:
    """Write `model` as a run: its source's config.gin and a checkpoint with the trained weights.

    The optimizers' states and callbacks (an EMA of the old weights) aren't carried over: export works, `rave train
    --ckpt` doesn't.

    Raises:
        DrawstopError: the folder can't be written.
    """
    old = model.stored["state_dict"]
    new = {
        name: value.detach().cpu()
        for name, value in model.rave.state_dict().items()
        if name.startswith(_TRAINED)
    }
    if "encoder.warmed_up" in old:
        new["encoder.warmed_up"] = old["encoder.warmed_up"]
    with atomic_file(out / CONFIG) as temporary:
        temporary.write_bytes(source.config.read_bytes())
    write_state(out / CHECKPOINT, model.stored | {"state_dict": old | new, "callbacks": {}})


def _read_checkpoint(path: Path) -> dict[str, Any]:
    stored = read_state(path)
    if not isinstance(stored.get("state_dict"), dict):
        raise DrawstopError(f"{path} is no RAVE checkpoint: it has no state_dict")
    return {name: stored[name] for name in _COPIED if name in stored}


def _build(config: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # acids-rave's filter design and weight norm are deprecated calls
        import cached_conv
        import gin
        import rave

        cached_conv.use_cached_conv(False)
        gin.clear_config()  # bindings are the process's: another model's must not reach this one, nor this one's it
        try:
            gin.parse_config_file(str(config))
            return rave.RAVE()
        except Exception as error:  # a configuration is a program: what it raises is its own
            raise DrawstopError(
                f"acids-rave can't build a model from {config}: {_first_line(error)}"
            ) from error
        finally:
            gin.clear_config()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _mismatch(files: RunFiles) -> DrawstopError:
    return DrawstopError(f"{files.checkpoint} doesn't fit {files.config}: give the folder of one run alone")
