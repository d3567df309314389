"""Stops of layers whose frames are centred: constants bring a concept in where nothing of it fires; the error stays in."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank, load_bank, save_bank
from training.banks.steering import Steering
from training.banks.stop import Stop
from training.sae.config import SAEConfig
from training.sae.model import SAE

WIDTH, FEATURES, FRAMES = 6, 12, 20
CAP = 0.5


def centred_sae() -> SAE:
    sae = SAE(SAEConfig(d_in=WIDTH, n_features=FEATURES, k=3))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        sae.mean.copy_(3 * torch.randn(WIDTH, generator=generator))
        sae.scale.fill_(2.0)
        sae.b_enc.copy_(0.1 * torch.randn(FEATURES, generator=generator))
        sae.b_dec.copy_(0.1 * torch.randn(WIDTH, generator=generator))
    return sae


def stop_of(sae: SAE, shares: Tensor | None = None, size: float = 0.1, cap: float = CAP) -> Stop:
    constants = size * torch.randn(2, WIDTH, generator=torch.Generator().manual_seed(7))
    shares = torch.zeros(FEATURES) if shares is None else shares
    return Stop("guitar", "guitar", "static", shares, torch.zeros(0, WIDTH), cap, constants=constants)


def steer(stop: Stop, sae: SAE, x: Tensor, value: float) -> Tensor:
    values = torch.full((1, 1, x.shape[-1]), value)
    steered: Tensor = Steering(sae, StopBank(sae, (stop,), "f" * 64))(x, values)
    return steered


@pytest.fixture
def frames() -> Tensor:
    x = torch.randn(2, WIDTH, FRAMES, generator=torch.Generator().manual_seed(2))
    return 2 * x + centred_sae().mean[:, None]


@pytest.mark.parametrize(("value", "row"), [(1.0, 1), (0.5, 1), (-1.0, 0), (-0.25, 0)])
def test_a_constant_is_added_whatever_plays(frames: Tensor, value: float, row: int) -> None:
    sae = centred_sae()
    stop = stop_of(sae, size=0.01)
    assert stop.constants is not None
    moved = steer(stop, sae, frames, value) - frames
    wanted = abs(value) * 2.0 * stop.constants[row]
    assert torch.allclose(moved, wanted[None, :, None].expand_as(moved), atol=1e-5)


def test_a_constant_stays_under_the_cap(frames: Tensor) -> None:
    sae = centred_sae()
    level = sae.normalise(frames.transpose(1, 2)).norm(dim=-1)
    for value in (-1.0, 1.0):
        moved = steer(stop_of(sae, size=100.0), sae, frames, value) - frames
        assert torch.allclose(moved.norm(dim=1) / 2.0, CAP * level, rtol=1e-4)


def test_taking_features_away_leaves_the_error_in_a_centred_frame(frames: Tensor) -> None:
    sae = centred_sae()
    shares = torch.rand(FEATURES, generator=torch.Generator().manual_seed(1))
    z = sae.normalise(frames.transpose(1, 2))
    with torch.no_grad():
        features = sae.encode(z)
        wanted = frames + ((sae.decode(features * (1 - shares)) - sae.decode(features)) * 2.0).transpose(1, 2)
    stop = dataclasses.replace(stop_of(sae, shares), constants=None)
    assert torch.allclose(steer(stop, sae, frames, -1.0), wanted, atol=1e-5)


def test_a_value_of_zero_gives_the_same_tensor(frames: Tensor) -> None:
    sae = centred_sae()
    assert steer(stop_of(sae), sae, frames, 0.0) is frames


def test_constants_survive_scripting_beside_stops_that_follow(frames: Tensor) -> None:
    sae = centred_sae()
    writes = torch.randn(FEATURES, WIDTH, generator=torch.Generator().manual_seed(3))
    following = Stop("voice", "voice", "static", torch.full((FEATURES,), 0.3), writes, 2.0)
    steering = Steering(sae, StopBank(sae, (stop_of(sae), following), "f" * 64))
    values = torch.tensor([0.7, -0.4]).reshape(1, 2, 1).expand(1, 2, FRAMES)
    with torch.no_grad():
        assert torch.equal(torch.jit.script(steering)(frames, values), steering(frames, values))
        both = steering(frames, values) - frames
        alone = [
            steering(frames, values * torch.tensor(mask).reshape(1, 2, 1)) - frames
            for mask in ([1.0, 0.0], [0.0, 1.0])
        ]
    assert torch.allclose(both, alone[0] + alone[1], atol=1e-5)


def test_constants_come_back_from_disk_with_the_same_bits(tmp_path: Path) -> None:
    sae = centred_sae()
    save_bank(tmp_path / "bank", StopBank(sae, (stop_of(sae),), "f" * 64, "layers.1"))
    back = load_bank(tmp_path / "bank").stops[0]
    constants = stop_of(sae).constants
    assert constants is not None
    assert back.constants is not None
    assert torch.equal(back.constants, constants)
    assert back.write_vectors.shape == (0, WIDTH)


def test_constants_of_another_width_are_refused() -> None:
    with pytest.raises(DrawstopError, match=r"constants \[2, 6\]"):
        dataclasses.replace(stop_of(centred_sae()), constants=torch.zeros(2, WIDTH + 1))
