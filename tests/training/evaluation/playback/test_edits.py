"""The edits that evidence sets side by side: each rests at 0, and the controls are as large as the stop's own edit."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.helpers.models.random_banks import random_stops
from training.banks.bank import StopBank
from training.evaluation.playback import edits
from training.evaluation.playback.edits import LatentEdit, Solos

WIDTH = 12
FRAMES = 128
ROUNDING = 1e-4
NAMES = ("guitar", "voice")

Make = Callable[[StopBank, Solos], LatentEdit]
EVERY: dict[str, Make] = {
    "bank": lambda bank, solos: edits.by_bank(bank),
    "static": lambda bank, solos: edits.static(bank),
    "ranked": edits.ranked,
    "means": edits.difference_of_means,
    "free": edits.free_map,
    "random": lambda bank, solos: edits.random_like(bank, 3),
    "random sae": lambda bank, solos: edits.by_random_sae(bank, solos, 3),
}
AS_LARGE = ("random", "random sae")


@pytest.fixture(scope="module")
def bank() -> StopBank:
    return random_stops(WIDTH, "none", "latent")


def latents(seed: int, clips: int = 4) -> Tensor:
    return torch.randn(clips, WIDTH, FRAMES, generator=torch.Generator().manual_seed(seed))


def solos_in(parts: dict[str, Tensor], bank: StopBank) -> Solos:
    return edits.solo_statistics(bank.sae, parts)


@pytest.fixture(scope="module")
def solos(bank: StopBank) -> Solos:
    """Guitars in the first six latents, voices in the last six, so that a linear map can part them."""
    low = (torch.arange(WIDTH) < WIDTH // 2)[:, None]
    return solos_in({"guitar": latents(1) * low, "voice": latents(2) * ~low}, bank)


@pytest.mark.parametrize("name", EVERY)
def test_at_rest_every_edit_leaves_the_latents_as_they_are(bank: StopBank, solos: Solos, name: str) -> None:
    z = latents(5)
    edit = EVERY[name](bank, solos)
    assert float((edit(z, dict.fromkeys(NAMES, 0.0)) - z).abs().max()) < ROUNDING
    assert float((edit(z, {"guitar": -1.0}) - z).abs().max()) > ROUNDING


@pytest.mark.parametrize("value", [-1.0, 1.0])
@pytest.mark.parametrize("name", AS_LARGE)
def test_a_control_is_as_large_in_every_frame_as_the_stops_edit_and_another(
    bank: StopBank, solos: Solos, name: str, value: float
) -> None:
    z, values = latents(5), {"voice": value}
    own = edits.by_bank(bank)(z, values) - z
    control = EVERY[name](bank, solos)(z, values) - z
    assert torch.allclose(control.norm(dim=1), own.norm(dim=1), atol=ROUNDING)
    assert torch.nn.functional.cosine_similarity(control, own, dim=1).mean() < 0.9


def test_the_free_map_takes_away_all_of_what_lies_in_latents_of_its_own(bank: StopBank, solos: Solos) -> None:
    low = (torch.arange(WIDTH) < WIDTH // 2)[:, None]
    guitar, voice = latents(8) * low, latents(9) * ~low
    left = edits.free_map(bank, solos)(guitar + voice, {"guitar": -1.0})
    assert float((left - voice).abs().max()) < ROUNDING


def test_the_difference_of_means_goes_along_one_direction_at_each_frames_level(bank: StopBank) -> None:
    away = torch.zeros(WIDTH, 1)
    away[0] = 1.0
    parts = {"guitar": away.expand(4, -1, FRAMES), "voice": -away.expand(4, -1, FRAMES)}
    z = latents(5)
    change = edits.difference_of_means(bank, solos_in(parts, bank))(z, {"guitar": 1.0}) - z
    assert not change[:, 1:].any()
    assert torch.allclose(change[:, 0] / z.norm(dim=1), change[0, 0, 0] / z.norm(dim=1)[0, 0], atol=ROUNDING)
    assert float(change[0, 0, 0]) > 0


def test_ranked_takes_whole_features_that_tell_the_concept_from_the_other(
    bank: StopBank, solos: Solos
) -> None:
    z = latents(8) * (torch.arange(WIDTH) < WIDTH // 2)[:, None]
    ranked, random = (EVERY[name](bank, solos)(z, {"guitar": -1.0}) for name in ("ranked", "random"))
    assert ranked.norm() < z.norm()
    assert not torch.equal(ranked, random)


def test_an_untrained_sae_has_the_same_frames_and_the_seeds_directions(bank: StopBank) -> None:
    first, again, other = (edits.random_sae(bank.sae, seed) for seed in (1, 1, 2))
    assert torch.equal(first.W_dec, again.W_dec)
    assert not torch.equal(first.W_dec, other.W_dec)
    assert torch.equal(first.mean, bank.sae.mean) and torch.equal(first.scale, bank.sae.scale)
    directions = torch.eye(bank.sae.config.n_features, WIDTH)
    given = edits.random_sae(bank.sae, 1, directions)
    assert torch.allclose(given.W_dec[:WIDTH], torch.eye(WIDTH), atol=ROUNDING)
