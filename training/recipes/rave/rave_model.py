"""A small, causal, bias-free RAVE built from acids-rave's own modules.

The encoder has no biases and only LeakyReLUs, so z(g x) = g z(x) for every gain g >= 0 and silence encodes
to exact zeros by construction; the decoder maps zeros to exact silence. The encoder is deterministic
(acids-rave's Wasserstein class without its noise).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial

import cached_conv as cc
import gin
import torch
from rave import blocks
from rave.pqmf import CachedPQMF
from torch import Tensor, nn

BANDS = 16
PQMF_ATTENUATION = 100
SAMPLE_RATE = 44100

_GIN = """
from __gin__ import dynamic_registration
import cached_conv as cc
from rave import blocks
cc.get_padding.mode = 'causal'
cc.Conv1d.bias = False
cc.ConvTranspose1d.bias = False
blocks.normalization.mode = 'weight_norm'
"""


@dataclass(frozen=True)
class ModelConfig:
    """Size of the RAVE; `ratios` are the strides below the 16 PQMF bands."""

    capacity: int = 40
    latent_size: int = 128
    ratios: tuple[int, ...] = (4, 4, 2)
    dilations: tuple[tuple[int, ...], ...] = ((1, 3, 9), (1, 3, 9), (1, 3))
    kernel_size: int = 3

    def __post_init__(self) -> None:
        if len(self.ratios) != len(self.dilations):
            raise ValueError(f"{len(self.ratios)} ratios, but {len(self.dilations)} lists of dilations")


class SmallRAVE(nn.Module):
    """PQMF, encoder and decoder, with the attributes that acids-rave's export expects of a trained RAVE."""

    latent_pca: Tensor
    latent_mean: Tensor
    fidelity: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        dilations = [list(row) for row in config.dilations]
        shared = {
            "data_size": BANDS,
            "capacity": config.capacity,
            "ratios": list(config.ratios),
            "latent_size": config.latent_size,
            "kernel_size": config.kernel_size,
            "dilations": dilations,
        }
        self.pqmf = CachedPQMF(attenuation=PQMF_ATTENUATION, n_band=BANDS, n_channels=1)
        encoder = partial(blocks.EncoderV2, n_out=1, **shared)
        self.encoder = blocks.WasserteinEncoder(encoder, noise_augmentation=0)
        self.decoder = blocks.GeneratorV2(amplitude_modulation=True, **shared)
        self.pqmf.requires_grad_(False)
        self.sr = SAMPLE_RATE
        self.spectrogram = None
        self.input_mode = "pqmf"
        self.output_mode = "pqmf"
        self.n_channels = 1
        self.latent_size = config.latent_size
        self.register_buffer("latent_pca", torch.eye(config.latent_size))
        self.register_buffer("latent_mean", torch.zeros(config.latent_size))
        self.register_buffer("fidelity", torch.ones(config.latent_size))

    def bands(self, audio: Tensor) -> Tensor:
        """Audio [B, 1, T] to PQMF bands [B, 16, T / 16]."""
        result: Tensor = self.pqmf(audio)
        return result

    def audio(self, bands: Tensor) -> Tensor:
        """PQMF bands [B, 16, T / 16] to audio [B, 1, T]."""
        result: Tensor = self.pqmf.inverse(bands)
        return result


def build_model(config: ModelConfig, *, streaming: bool = False) -> SmallRAVE:
    """A fresh model; `streaming` builds cached convolutions. Sets gin bindings for the whole process."""
    with gin.unlock_config():
        gin.parse_config(_GIN)
    cc.use_cached_conv(streaming)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # acids-rave's filter design and weight norm are deprecated calls
            return SmallRAVE(config)
    finally:
        cc.use_cached_conv(False)


def remove_weight_norm(model: nn.Module) -> None:
    """Fold every weight normalisation into plain weights, in place."""
    for module in model.modules():
        if hasattr(module, "weight_g"):
            nn.utils.remove_weight_norm(module)
