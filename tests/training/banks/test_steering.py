import dataclasses

import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.banks.steering import Steering, capped
from training.banks.stop import Stop
from training.sae.config import SAEConfig
from training.sae.model import SAE

WIDTH, FEATURES, FRAMES = 6, 12, 20


def steering(share: float | None = None, cap: float = 1.0, write: float = 1.0) -> Steering:
    random = torch.Generator().manual_seed(1)
    sae = SAE(SAEConfig(d_in=WIDTH, n_features=FEATURES, k=3, centre=False, bias=False))
    stops = tuple(
        Stop(
            name,
            name,
            "static",
            torch.rand(FEATURES, generator=random) if share is None else torch.full((FEATURES,), share),
            write * torch.randn(FEATURES, WIDTH, generator=random),
            cap,
        )
        for name in ("guitar", "voice")
    )
    return Steering(sae, StopBank(sae, stops, "f" * 64))


@pytest.fixture
def latents() -> Tensor:
    return torch.randn(1, WIDTH, FRAMES, generator=torch.Generator().manual_seed(2))


def knobs(guitar: float, voice: float) -> Tensor:
    return torch.tensor([guitar, voice]).reshape(1, 2, 1).expand(1, 2, FRAMES).clone()


def test_values_of_zero_give_the_same_tensor(latents: Tensor) -> None:
    assert steering()(latents, knobs(0.0, 0.0)) is latents
    assert steering()(latents, knobs(-0.0, 0.0)) is latents


def test_frames_whose_values_are_zero_keep_their_bits_beside_frames_that_move(latents: Tensor) -> None:
    values = knobs(0.0, 0.0)
    values[:, 0, 5:8] = -1.0
    out = steering()(latents, values)
    kept = [t for t in range(FRAMES) if not 5 <= t < 8]
    assert torch.equal(out[..., kept], latents[..., kept])
    assert not torch.equal(out[..., 5:8], latents[..., 5:8])


def test_shares_add_up_and_two_stops_never_take_more_than_all(latents: Tensor) -> None:
    edit = steering(share=0.8)
    features = edit.features(latents.transpose(1, 2))
    both = edit.delta_off(features, [], latents.transpose(1, 2), knobs(-1.0, -1.0))
    assert torch.allclose(both, -latents.transpose(1, 2), atol=1e-5)
    halves = steering(share=0.25)
    taken = halves.delta_off(features, [], latents.transpose(1, 2), knobs(-1.0, -1.0))
    assert torch.allclose(taken, -0.5 * latents.transpose(1, 2), atol=1e-5)


def test_what_is_brought_in_stays_under_the_cap(latents: Tensor) -> None:
    edit = steering(cap=0.3, write=100.0)
    z = latents.transpose(1, 2)
    delta = edit.delta_on(edit.features(z), [], z, knobs(1.0, 1.0))
    ratio = delta.norm(dim=-1) / z.norm(dim=-1)
    assert ratio.max() <= 0.3 * (1 + 1e-5)
    assert ratio.max() > 0.29


def test_a_zero_vector_stays_zero_under_a_cap() -> None:
    assert torch.equal(capped(torch.zeros(2, 3), torch.zeros(2, 1)), torch.zeros(2, 3))


@pytest.mark.parametrize("value", [-1.0, -0.3, 0.5, 1.0])
def test_silence_in_is_silence_out(value: float) -> None:
    silence = torch.zeros(1, WIDTH, FRAMES)
    assert torch.equal(steering()(silence, knobs(value, value)), silence)


def test_a_stream_of_frames_equals_the_whole(latents: Tensor) -> None:
    edit, values = steering(), knobs(0.7, -0.4)
    parts = [edit(latents[..., t : t + 4], values[..., t : t + 4]) for t in range(0, FRAMES, 4)]
    assert torch.allclose(torch.cat(parts, -1), edit(latents, values), atol=1e-6)


def test_a_bank_without_stops_steers_nothing() -> None:
    sae = SAE(SAEConfig(d_in=WIDTH, n_features=FEATURES, k=3))
    with pytest.raises(DrawstopError, match="find a stop"):
        Steering(sae, dataclasses.replace(StopBank(sae, (), "f")))


def test_levels_are_shares(latents: Tensor) -> None:
    levels = steering().levels(latents)
    assert levels.shape == (1, 2, FRAMES)
    assert levels.min() >= 0
    assert levels.max() <= 1
    assert torch.equal(steering().levels(torch.zeros_like(latents)), torch.zeros_like(levels))
