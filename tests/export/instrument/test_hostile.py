"""Whatever comes in, what goes out is sound, and what came in is forgotten."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from export.instrument.module import INPUT_LIMIT, LATENT_LIMIT
from export.instrument.nn_tilde_host import NnTildeHost

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked

BLOCKS = 500
"""Six times as many as it takes until each power of ten has met each setting of the bypass."""
RECOVERY_S = 2.0
"""A second and a half of a decision's memory, and the networks' own."""
FORGOTTEN = 1e-5
SEED = 11


def hostile(shape: tuple[int, ...], kind: int, random: torch.Generator) -> Tensor:
    """A block that no musician means to send."""
    noise = torch.randn(shape, generator=random)
    if kind == 0:
        return 1e-40 * noise
    if kind == 1:
        return 1e6 * noise.sign()
    if kind == 2:
        return torch.where(noise > 1, torch.nan, noise)
    if kind == 3:
        return torch.where(noise > 1, torch.inf, -torch.inf)
    if kind == 4:
        return torch.zeros(shape)
    return noise


@pytest.mark.parametrize("method", ["forward", "play", "encode", "decode", "steer", "listen"])
def test_hostile_blocks_give_finite_bounded_sound_and_are_forgotten(
    baked_variational: "Baked", method: str
) -> None:
    host = NnTildeHost(baked_variational.path, method, buffer=0, optimise=False)
    random = torch.Generator().manual_seed(SEED)
    shape = (1, host.inlets, host.buffer)
    ceiling = {"encode": LATENT_LIMIT, "steer": LATENT_LIMIT, "listen": 1.0}.get(method, INPUT_LIMIT)
    host.set("noise", 0)
    for block in range(BLOCKS):
        host.set("guitar", float(torch.randn(1, generator=random)) * 10.0 ** (block % 7))
        host.set("voice", -1.0 if block % 2 else float("nan"))
        host.set("bypass", block % 11 == 0)
        peak = host.perform(hostile(shape, int(torch.randint(6, (1,), generator=random)), random)).abs().max()
        assert peak <= ceiling  # a NaN isn't
    assert host.errors == []

    fresh = NnTildeHost(baked_variational.path, method, buffer=0, optimise=False)
    for box in (host, fresh):
        for name, value in (("guitar", -0.5), ("voice", 0.5), ("bypass", 0), ("noise", 0)):
            box.set(name, value)
    blocks = int(RECOVERY_S * baked_variational.description.sample_rate / host.buffer) + 1
    for _ in range(blocks):
        clean = 0.1 * torch.randn(shape, generator=random)
        after, never = host.perform(clean), fresh.perform(clean)
    assert (after - never).abs().max() <= FORGOTTEN


def test_more_voices_than_the_rave_has_caches_for_are_silent(
    rave_table: dict[str, Path], tmp_path: Path
) -> None:
    from export.instrument.bake import script
    from tests.helpers.models.random_banks import write_random_bank
    from training.banks.bank import load_bank
    from training.models.rave.model import RaveModel

    rave = rave_table["v2_causal_stereo"]
    model = RaveModel(rave)
    file = tmp_path / "organ.ts"
    torch.jit.save(script(model, [load_bank(write_random_bank(rave, tmp_path / "bank"))]), str(file))
    assert model.voices() == 4
    for method in ("forward", "play", "encode", "decode", "steer", "listen"):
        host = NnTildeHost(file, method, buffer=0, voices=6, optimise=False)
        for block in range(4):
            random = torch.Generator().manual_seed(block)
            out = host.perform(0.5 * torch.randn(6, host.inlets, host.buffer, generator=random))
        assert host.errors == []
        assert out[4:].eq(0).all()
        assert out[:4].abs().amax((1, 2)).gt(0).all()
