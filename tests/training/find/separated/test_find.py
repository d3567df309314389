"""Fitting a query: better than its start, the same bits by the same seed; its figures know the truth and the control."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.helpers.models.small_separator import query, separated_bank, small_separator
from training.banks.separated_bank import DEEPEST_DB, SHALLOWEST_DB
from training.find.separated.find import SeparatedFindOptions, find_separated_stop, first_clips
from training.find.separated.fit import QueryOptions, analyse_mixtures, best_start, fit_query, loss_of
from training.find.separated.measure import depth_of, measure_separation
from training.find.separated.mixtures import draw_mixtures
from training.models.rave.model import RaveModel
from training.separation.mdct import HOP
from training.shipped import SHIPPED_RAVE

OPTIONS = QueryOptions(steps=50, batch=4, mixtures=16, frames=48, rate=3e-2, checked=8)


def low(seed: int, frames: int = 200) -> torch.Tensor:
    """Latents of the lower half of the spectrum."""
    z = torch.randn(HOP, frames, generator=torch.Generator().manual_seed(seed))
    z[HOP // 2 :] = 0
    return z


def high(seed: int, frames: int = 200) -> torch.Tensor:
    return low(seed, frames).flip(0)


def test_a_mixture_is_the_sum_of_its_parts_and_of_each_kind_there_are_some() -> None:
    drawn = draw_mixtures([low(0)], [high(1)], 40, 32, torch.Generator().manual_seed(0))
    rest = drawn.mixed - drawn.wanted
    assert not bool(drawn.wanted[:, HOP // 2 :].any())
    assert not bool(rest[:, : HOP // 2].abs().gt(1e-5).any())
    lacking, alone = (x.abs().amax((1, 2)) < 1e-5 for x in (drawn.wanted, rest))
    assert 0 < int(lacking.sum()) < 40
    assert 0 < int(alone.sum()) < 40
    assert not bool((lacking & alone).any())


@pytest.mark.slow
def test_fitted_it_separates_better_than_the_best_start() -> None:
    separator, starts = small_separator(), {"a": query(1), "b": query(2)}
    recordings = ([low(0), low(2)], [high(1), high(3)])
    fitted = fit_query(separator, starts, recordings, ([low(4)], [high(5)]), OPTIONS, seed=0)
    mixtures = draw_mixtures([low(6)], [high(7)], 24, 96, torch.Generator().manual_seed(9))
    unseen = analyse_mixtures(separator, mixtures)
    _, start_loss = best_start(separator, starts, unseen, OPTIONS.absent_weight)
    assert fitted.loss < fitted.start_loss
    assert float(loss_of(separator, fitted.query, unseen, OPTIONS.absent_weight)) < start_loss - 0.5


@pytest.mark.slow
def test_the_same_seed_fits_the_same_bits() -> None:
    def fit() -> torch.Tensor:
        recordings = ([low(0)], [high(1)])
        return fit_query(small_separator(), {"a": query(1)}, recordings, recordings, OPTIONS, seed=3).query

    assert torch.equal(fit(), fit())


@pytest.mark.slow
def test_figures_are_medians_beside_random_queries() -> None:
    bank = separated_bank("low")
    wanted, rest = (torch.stack([part(seed, 64) for seed in range(4)]) for part in (low, high))
    figures = measure_separation(bank, wanted, rest, wanted, rest, seed=0)
    assert figures["clips"] == {"mixtures": 4, "solos": 4, "others": 4}
    assert figures["random_draws"] == 5
    for key in ("rest_gains_db", "solo_falls_db", "others_fall_db"):
        assert set(figures[key]) == {"stop", "random"}
        assert figures[key]["stop"] != figures[key]["random"] or key != "rest_gains_db"
    assert measure_separation(bank, wanted, rest, wanted, rest, seed=0) == figures
    assert measure_separation(bank, wanted, rest, wanted, rest, seed=1) != figures


def test_without_clips_there_are_no_figures() -> None:
    none = torch.zeros(0, HOP, 32)
    figures = measure_separation(separated_bank("a"), none, none, none, none, seed=0)
    assert figures["solo_falls_db"] == {"stop": None, "random": None}


def test_a_depth_stays_within_what_a_stop_can_state() -> None:
    assert SHALLOWEST_DB <= depth_of(separated_bank("a"), low(0, 64)[None]) <= DEEPEST_DB


def test_short_recordings_are_filled_up_with_silence() -> None:
    clips = first_clips([low(0, 20), low(1, 80)], 40)
    assert clips.shape == (2, HOP, 40)
    assert not bool(clips[0, :, 20:].any())


@pytest.mark.slow
def test_from_files_to_a_stop(tmp_path: Path) -> None:
    rng, time = np.random.default_rng(0), np.arange(88200) / 44100
    for kind, hertz in (("with", 200.0), ("without", 6000.0)):
        (tmp_path / kind).mkdir()
        for number in range(5):
            tone = np.sin(2 * np.pi * hertz * (1 + 0.1 * rng.random()) * time) * 0.2
            soundfile.write(tmp_path / kind / f"{number}.wav", tone, 44100)
    model = RaveModel(SHIPPED_RAVE)
    paths = (sorted((tmp_path / kind).iterdir()) for kind in ("with", "without"))
    options = SeparatedFindOptions(query=OPTIONS)
    bank = separated_bank("a", fingerprint=model.fingerprint)
    stop = find_separated_stop(model, bank, "low tone", *paths, options)
    assert stop.slug == "low_tone"
    assert stop.metrics["recordings_with"] == 5
    assert stop.metrics["start"] == "first"
    assert stop.metrics["loss"] < stop.metrics["start_loss"]
    assert torch.equal(stop.query, stop.query.half().float())
