"""The declared delays against acids-rave itself: one run exported with and without streaming."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from training.models.rave.delay import pqmf_delays
from training.models.rave.model import RaveModel

FRAMES, EDGE = 24, 12
EXACT, SAME_SOUND = 1e-9, 1.0
"""Shares of the energy: equal but for rounding; and nearer than at any other lag, for a decoder with other noise."""


def lagging(streamed: Tensor, offline: Tensor, lag: int, edge: int) -> float:
    """Energy of the difference to the offline sound, shifted by a lag, as a share of that sound."""
    end = offline.shape[-1] - lag
    difference = streamed[..., edge + lag :] - offline[..., edge:end]
    return float(difference.square().mean() / offline[..., edge:end].square().mean())


@pytest.mark.parametrize("name", ["v1", "v2"])
@torch.inference_mode()
def test_streamed_latents_are_the_offline_ones_after_the_declared_delay(
    name: str, rave_table: dict[str, Path]
) -> None:
    streaming, offline = RaveModel(rave_table[name]), RaveModel(rave_table[f"{name}_offline"])
    per_frame = streaming.rates.latent_ratio // 16
    declared = (streaming.rates.delays.encode - pqmf_delays(streaming.script.pqmf)[0]) / 16
    frames = int(-(-declared // per_frame))
    missing = round(frames * per_frame - declared)  # latents come on a grid of frames: fill up to it
    bands = 0.1 * torch.randn(1, 16, FRAMES * per_frame, generator=torch.Generator().manual_seed(0))
    late = torch.nn.functional.pad(bands, (missing, 0))[..., : bands.shape[-1]]
    latents = []
    for model, x in ((streaming, late), (offline, bands)):
        model.reset()
        for layer in model.core.encoder_layers:
            x = layer(x)
        latents.append(x)
    assert lagging(*latents, frames, EDGE) < EXACT
    assert lagging(*latents, frames + 1, EDGE) > 0.1


@pytest.mark.parametrize("name, tolerance", [("v1", SAME_SOUND), ("v2", EXACT)])
@torch.inference_mode()
def test_streamed_bands_are_the_offline_ones_after_the_declared_delay(
    name: str, tolerance: float, rave_table: dict[str, Path]
) -> None:
    streaming, offline = RaveModel(rave_table[name]), RaveModel(rave_table[f"{name}_offline"])
    declared = (streaming.rates.delays.decode - pqmf_delays(streaming.script.pqmf)[1]) // 16
    z = torch.randn(1, streaming.rates.width, 2 * FRAMES, generator=torch.Generator().manual_seed(0))
    bands = []
    for model in (streaming, offline):
        model.reset()
        x = model.core.decoder_input(z, False)
        for layer in model.core.decoder_layers:
            x = layer(x)
        bands.append(model.core.tail(x, False))
    errors = {lag: lagging(*bands, lag, 2048) for lag in range(declared - 40, declared + 41)}
    assert min(errors, key=errors.__getitem__) == declared
    assert errors[declared] < tolerance
