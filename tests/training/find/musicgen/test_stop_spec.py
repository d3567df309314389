"""Clip statistics of layers, and stops made of them: against sums done by hand on a small real model."""

from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.models.layered_waves import LayeredWaves, write_waves
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import scan
from training.find.musicgen.clip_statistics import ClipStatistics, measure_clips
from training.find.musicgen.layer_choice import layer_options
from training.find.musicgen.stop_spec import StopSpec, layer_stop, with_side
from training.sae.config import SAEConfig
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.train import train_sites

CONFIG = SAEConfig(d_in=1, n_features=32, k=4, steps=60, batch_size=64, checkpoint_every=60)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_waves(tmp_path_factory.mktemp("waves"), count=20)


@pytest.fixture(scope="module")
def saes(recordings: Path) -> dict[str, SAE]:
    return train_sites(ModelFrames(LayeredWaves(), scan(recordings), ["a", "b"]), CONFIG)


@pytest.fixture(scope="module")
def clips(recordings: Path, saes: dict[str, SAE]) -> ClipStatistics:
    kinds = [[each.path for each in scan(recordings) if each.label == label] for label in ("odd", "even")]
    return measure_clips(LayeredWaves(), saes, (kinds[0], kinds[1]))


def recipe_of(clips: ClipStatistics, off: float, on: float) -> StopSpec:
    return StopSpec(tuple(clips.candidates("b", 6)), off=off, on=on)


@pytest.mark.slow
def test_clip_statistics_equal_those_of_the_frames(clips: ClipStatistics, saes: dict[str, SAE]) -> None:
    frames = ModelFrames(LayeredWaves(), clips.recordings, ["a", "b"])
    for site, sae in saes.items():
        parts = [sae.normalise(torch.from_numpy(frames.of_recording(i)[site])) for i in (0, 13)]
        chosen = torch.zeros(len(clips.labels), dtype=torch.bool)
        chosen[[0, 13]] = True
        z = torch.cat(parts)
        with torch.no_grad():
            features = sae.encode(z)
            explained = float(fraction_of_variance_explained(z, sae.decode(features)))
        said = clips.sites[site].described(chosen)
        assert said["fve"] == pytest.approx(explained, abs=1e-4)
        assert said["l0"] == pytest.approx(float((features > 0).sum(1).float().mean()), rel=1e-5)
        assert said["dead"] == int((features > 0).any(0).logical_not().sum())
        assert torch.allclose(clips.sites[site].features[13], sae.encode(parts[1]).mean(0), atol=1e-6)


@pytest.mark.slow
def test_features_chosen_on_some_clips_tell_the_others_apart(clips: ClipStatistics) -> None:
    assert clips.detection("b")["auroc_five"] > 0.8


def test_permuted_labels_are_chance_on_average(clips: ClipStatistics) -> None:
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(60):
        labels = clips.labels[torch.randperm(len(clips.labels), generator=generator)]
        permuted = ClipStatistics(clips.recordings, labels, clips.splits, clips.sites)
        found.append(permuted.detection("b")["auroc_five"])
    assert 0.4 < sum(found) / len(found) < 0.6


def test_a_static_stop_takes_features_down_to_their_mean_without_and_brings_their_level(
    clips: ClipStatistics, saes: dict[str, SAE]
) -> None:
    stop = layer_stop("static", "odd", saes["b"], "b", clips, recipe_of(clips, 0.5, 2.0))
    chosen, train, found = clips.candidates("b", 6), clips.of("train"), clips.sites["b"]
    taken = torch.nonzero(stop.removal_weights).flatten().tolist()
    assert taken
    assert set(taken) <= set(chosen)
    on, off = (found.features[train & side].mean(0)[chosen] for side in (clips.labels, ~clips.labels))
    left = on * (1 - stop.removal_weights[chosen])
    assert torch.allclose(left, torch.minimum(on, off), atol=1e-5)
    levels = found.levels[train & clips.labels].mean(0)[chosen]
    assert stop.constants is not None
    assert torch.allclose(stop.constants[1], 2.0 * levels @ saes["b"].W_dec.detach()[chosen], atol=1e-5)
    assert torch.allclose(stop.constants[0], -0.25 * stop.constants[1], atol=1e-6)


def test_a_direction_is_the_difference_of_means_both_ways(
    clips: ClipStatistics, saes: dict[str, SAE]
) -> None:
    stop = layer_stop("direction", "odd", saes["a"], "a", clips, StopSpec(off=1.0, on=1.0))
    train, frames = clips.of("train"), clips.sites["a"].frames
    difference = frames[train & clips.labels].mean(0) - frames[train & ~clips.labels].mean(0)
    assert stop.constants is not None
    assert torch.allclose(stop.constants, torch.stack([-difference, difference]))
    assert not stop.removal_weights.any()


def test_a_random_stop_is_as_large_as_the_static_one_of_other_features(
    clips: ClipStatistics, saes: dict[str, SAE]
) -> None:
    spec = recipe_of(clips, 1.0, 1.0)
    static, random, again = (
        layer_stop(kind, "odd", saes["b"], "b", clips, spec, seed=3)
        for kind in ("static", "random", "random")
    )
    assert static.constants is not None and random.constants is not None and again.constants is not None
    assert torch.allclose(static.constants.norm(dim=1), random.constants.norm(dim=1), rtol=1e-4)
    assert torch.equal(static.removal_weights.sort().values, random.removal_weights.sort().values)
    assert not torch.equal(static.removal_weights, random.removal_weights)
    assert torch.equal(random.constants, again.constants)


def test_one_side_of_a_stop_leaves_the_other_alone(clips: ClipStatistics, saes: dict[str, SAE]) -> None:
    stop = layer_stop("static", "odd", saes["b"], "b", clips, recipe_of(clips, 1.0, 1.0))
    off, on = with_side(stop, 0), with_side(stop, 1)
    assert off.constants is not None and on.constants is not None and stop.constants is not None
    assert torch.equal(off.constants + on.constants, stop.constants)
    assert off.removal_weights.any() and not on.removal_weights.any()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DrawstopError, match="static, direction, random"):
        layer_options("gated", 0, None, None, 1, 1.0)
