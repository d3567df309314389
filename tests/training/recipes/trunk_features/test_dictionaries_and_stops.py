"""Dictionaries of the trunk, stops by few of their activities, and probes: what each must do at its ends."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tests.helpers.models.small_separator import CONFIG, query, small_separator
from training.find.separated.fit import AnalysedMixtures, analyse_mixtures
from training.find.separated.mixtures import draw_mixtures
from training.recipes.trunk_features import dictionaries as dictionaries_module
from training.recipes.trunk_features import stops as stops_module
from training.recipes.trunk_features import tuned as tuned_module
from training.recipes.trunk_features.dictionaries import (
    Dictionary,
    Material,
    direction,
    first_dictionaries,
    other_dictionaries,
    topk_and_random,
)
from training.recipes.trunk_features.measure import held_out, measured
from training.recipes.trunk_features.probes import COUNTS, curve, pooled
from training.recipes.trunk_features.stops import FeatureStop, moved, stops_by_count
from training.recipes.trunk_features.tuned import APART, HIGH_LEVEL, end_to_end, temporal
from training.sae.config import SAEConfig, read_architecture
from training.sae.model import SAE
from training.sae.train import train
from training.separation.loss import share_loss
from training.separation.mdct import HOP

SEPARATOR = small_separator()


def _config(frames: torch.Tensor, name: str, seed: int) -> SAEConfig:
    return SAEConfig(
        d_in=frames.shape[1], n_features=25, k=4, architecture=read_architecture(name), steps=60, seed=seed
    )


def band(low: int, high: int, seed: int, frames: int = 160) -> torch.Tensor:
    z = torch.randn(HOP, frames, generator=torch.Generator().manual_seed(seed))
    z[:low], z[high:] = 0, 0
    return z


def pool() -> AnalysedMixtures:
    generator = torch.Generator().manual_seed(0)
    return analyse_mixtures(SEPARATOR, draw_mixtures([band(0, 60, 1)], [band(60, 128, 2)], 24, 64, generator))


def material(frames: torch.Tensor) -> Material:
    """Clips of 50 steps, and maps of noise for the first ten."""
    clips = frames[:2500].reshape(50, 50, -1)
    size = (10, 50, CONFIG.detail, CONFIG.bands[0])
    maps = torch.randn(size, generator=torch.Generator().manual_seed(4)).half()
    return Material(SEPARATOR, clips, frames[2500:], maps, torch.stack([query(1), query(2)]))


def independent_frames() -> torch.Tensor:
    """Mixtures of sources that are independent and not normal, as ICA takes them to be. `[3000, channels]`."""
    rng = np.random.default_rng(3)
    sources = rng.laplace(size=(3000, CONFIG.channels))
    return torch.from_numpy(sources @ rng.standard_normal((CONFIG.channels, CONFIG.channels))).float()


@pytest.fixture(scope="module")
def small_sizes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"FEATURES": 25, "K": 4, "STEPS": 60, "RANDOM_DRAWS": 2}.items():
            patch.setattr(dictionaries_module, name, value)
        yield


@pytest.fixture(scope="module")
def all_dictionaries(small_sizes: None) -> dict[str, Dictionary]:
    frames = independent_frames()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuned_module, "STEPS", 40)
        found = first_dictionaries(material(frames), seed=0) + other_dictionaries(material(frames), seed=0)
    assert [each.name for each in found].count("random SAE") == 2
    return {each.name: each for each in found}


@pytest.mark.slow
def test_linear_dictionaries_give_the_frames_back(all_dictionaries: dict[str, Dictionary]) -> None:
    first, second = torch.randn(2, 5, CONFIG.channels, generator=torch.Generator().manual_seed(5))
    for name in ("channels", "PCA", "ICA"):
        dictionary = all_dictionaries[name]
        difference = (dictionary.encode(first) - dictionary.encode(second)) @ dictionary.directions
        torch.testing.assert_close(difference, first - second, atol=1e-3, rtol=1e-3)


@pytest.mark.slow
def test_topk_and_random_alone_are_the_same_bits(
    small_sizes: None, all_dictionaries: dict[str, Dictionary]
) -> None:
    frames = independent_frames()
    topk, control = topk_and_random(material(frames), seed=0)
    assert torch.equal(topk.directions, all_dictionaries["topk SAE"].directions)
    assert torch.equal(topk.encode(frames), all_dictionaries["topk SAE"].encode(frames))
    assert control.name == "random SAE"


@pytest.mark.slow
def test_a_trained_sae_explains_more_than_a_random_one(all_dictionaries: dict[str, Dictionary]) -> None:
    trained, random = (all_dictionaries[name].about["explained"] for name in ("topk SAE", "random SAE"))
    assert trained > random + 0.2


@pytest.mark.slow
def test_trained_on_end_to_end_an_sae_leaves_the_heads_shares_more_as_they_were(
    all_dictionaries: dict[str, Dictionary],
) -> None:
    frames = independent_frames()
    made = material(frames)
    sae = train(frames[:2500], _config(frames, "topk", 0))
    trunk, maps = made.clips[:10], made.maps.float()
    asked = query(1).expand(10, -1)

    @torch.no_grad()
    def difference(own: SAE) -> float:
        shares, found = (
            SEPARATOR.head(x, maps, asked)[0] for x in (trunk, own.denormalise(own(own.normalise(trunk))))
        )
        return float((shares - found).square().mean())

    trunk_and_maps = made.clips[:10], made.maps
    tuned = end_to_end(sae, SEPARATOR, trunk_and_maps, made.questions, torch.Generator().manual_seed(0))
    assert difference(tuned) < 0.9 * difference(sae)


@pytest.mark.slow
def test_trained_on_for_time_the_first_features_agree_more_between_neighbours() -> None:
    generator = torch.Generator().manual_seed(0)
    slow = torch.randn(60, 1, CONFIG.channels, generator=generator)
    clips = slow + torch.randn(60, 40, CONFIG.channels, generator=generator)
    sae = train(clips.flatten(0, 1), _config(clips.flatten(0, 1), "topk", 0))

    @torch.no_grad()
    def agreement(own: SAE) -> float:
        features = own.encode(own.normalise(clips))[..., : own.config.n_features // HIGH_LEVEL]
        unit = torch.nn.functional.normalize(features + 1e-6, dim=-1)
        same = (unit[:, :-APART] * unit[:, APART:]).sum(-1).mean()
        other = (unit[:, :-APART] * unit.roll(1, 0)[:, APART:]).sum(-1).mean()
        return float(same - other)

    tuned = temporal(sae, clips, torch.Generator().manual_seed(0))
    assert agreement(tuned) > agreement(sae) + 0.05


def test_a_concepts_own_direction_is_1_apart() -> None:
    with_, without = torch.randn(4, 9, CONFIG.channels) + 1, torch.randn(4, 9, CONFIG.channels)
    own = direction(with_, without)
    activities = [own.encode(side).mean() for side in (with_, without)]
    torch.testing.assert_close(activities[0] - activities[1], torch.tensor(1.0))


@pytest.mark.slow
def test_scales_of_zero_move_nothing(all_dictionaries: dict[str, Dictionary]) -> None:
    trunk = torch.randn(2, 7, CONFIG.channels)
    stop = FeatureStop(torch.tensor([0, 3]), torch.zeros(2))
    for dictionary in all_dictionaries.values():
        assert torch.equal(moved(trunk, dictionary, stop), trunk)


@pytest.mark.slow
def test_fitted_scales_separate_better_than_none_and_fewer_are_left_step_by_step(
    all_dictionaries: dict[str, Dictionary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops_module, "COUNTS", (8, 2))
    monkeypatch.setattr(stops_module, "STEPS", 60)
    monkeypatch.setattr(stops_module, "STEPS_EACH", 20)
    mixtures, asked = pool(), query(7)
    dictionary = all_dictionaries["channels"]

    def loss(stop: FeatureStop) -> float:
        trunk = moved(mixtures.trunk, dictionary, stop)
        shares, _ = SEPARATOR.head(trunk, mixtures.maps.float(), asked.expand(len(trunk), -1))
        return float(share_loss(shares, mixtures.own, mixtures.rest, 1.0))

    generator = torch.Generator().manual_seed(1)
    found = dict(stops_by_count(SEPARATOR, asked, dictionary, mixtures, generator))
    assert [len(stop.indices) for stop in found.values()] == [CONFIG.channels, 8, 2]
    assert set(found["2"].indices.tolist()) <= set(found["8"].indices.tolist())
    none = FeatureStop(torch.tensor([0]), torch.zeros(1))
    assert loss(found["all"]) < loss(found["2"]) < loss(none)


def test_what_takes_nothing_leaves_all_as_it_was() -> None:
    sounds = held_out(SEPARATOR, *(torch.stack([band(0, 128, seed)]) for seed in (8, 9)))

    def nothing(trunk: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(SEPARATOR.head(trunk, maps, query(1).expand(len(trunk), -1))[0])

    figures = measured(SEPARATOR, sounds, nothing)
    for key in ("solo_falls_db", "others_fall_db", "rest_gains_db"):
        assert figures[key]["median"] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.slow
def test_probes_tell_what_differs_and_guess_what_does_not() -> None:
    rng = np.random.default_rng(0)
    steps = torch.from_numpy(rng.standard_normal((60, 20, 3))).float()
    raised = steps + torch.tensor([0.0, 2.0, 0.0])
    with_, without = (pooled(lambda x: x, part) for part in (raised, steps))
    (differ, same) = curve(
        (with_[:30], without[:30]), [(with_[30:], without[30:]), (without[:15], without[15:])], 0
    )
    assert len(differ) == len(COUNTS)
    assert differ[0] < differ[1] < differ[2]
    assert differ[-1] > 0.99
    assert 0.25 < same[-1] < 0.75
