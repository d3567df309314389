"""SAE quality: metrics whose true value is known by construction."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from drawstop.errors import DrawstopError
from tests.helpers.repository import RECORDINGS
from training.evaluation.experiments.sae_quality import describe, dictionary_comparison
from training.evaluation.experiments.sae_quality.experiment import quality_result
from training.evaluation.experiments.sae_quality.loss_recovered import predictions_recovered, sound_recovered
from training.evaluation.probes import sparse_probe
from training.evaluation.results import from_json, to_json
from training.models.rave.model import RaveModel
from training.recipes.planted.planted import WIDTH, planted_directions, planted_recordings
from training.sae.config import SAEConfig
from training.sae.model import SAE

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from training.models.musicgen.model import MusicGenModel

CHANCE_TOLERANCE = 0.2
"""Tolerance of the mean AUROC of six sets of 24 tracks with meaningless labels: three standard errors (.17 a set)."""


def with_rows(rows: Tensor, threshold: float = 0.5) -> SAE:
    """An SAE whose features are these unit directions, each for itself above a threshold."""
    sae = SAE(SAEConfig(rows.shape[1], len(rows), 1, "batchtopk"))
    with torch.no_grad():
        sae.W_dec.copy_(rows)
        sae.W_enc.copy_(rows.T)
        sae.threshold.fill_(threshold)
    return sae


def unit(*rows: list[float]) -> Tensor:
    return functional.normalize(torch.tensor(rows), dim=1)


def test_a_description_says_what_an_sae_explains_how_sparsely_and_how_often_its_features_fire() -> None:
    sae = with_rows(torch.eye(3))
    loud, quiet = torch.tensor([[2.0, 0, 0], [0, 4.0, 0]]), torch.tensor([[0.1, 0, 0], [0, 0.2, 0]])
    said = describe.describe(sae, [loud, quiet])
    frames = torch.cat([loud, quiet]).double()
    error = quiet.double().square().sum() / (frames - frames.mean(0)).square().sum()
    assert said.explained.mean == pytest.approx(1 - float(error), abs=1e-4)
    assert (said.l0, said.dead, said.features, said.frames) == (0.5, 1, 3, 4)
    assert said.density.tolist() == [0.25, 0.25, 0.0]
    assert said.denser_than(0.1) == pytest.approx(2 / 3)


def test_matching_is_one_to_one_and_whatever_the_sign() -> None:
    rows = torch.eye(3)
    others = unit([-1.0, 0, 0], [1.0, 0.1, 0], [0, 1.0, 1.0])
    cosines = dictionary_comparison.matched_cosines(rows, others)
    wanted = [1.0, 2**-0.5, 0.1 / 1.01**0.5]
    assert torch.allclose(cosines, torch.tensor(wanted), atol=1e-6)


def test_features_found_again_are_shared_and_random_directions_are_not() -> None:
    made = planted_recordings(0, recordings=10)
    shuffled = made.directions[torch.randperm(256, generator=torch.Generator().manual_seed(0))]
    half = torch.cat([-shuffled[:128], planted_directions(torch.Generator().manual_seed(9), 128)])
    said = dictionary_comparison.stability(with_rows(made.directions), with_rows(half), made.frames)
    assert said.features == 256
    assert said.shared == pytest.approx(0.5, abs=0.01)
    assert said.chance < 0.01
    assert said.shared_at(0.2) > said.shared > said.shared_at(1.01) == 0


def test_a_feature_in_two_halves_is_split_one_that_stays_is_kept_one_that_goes_is_lost() -> None:
    narrow = with_rows(torch.eye(4)[:3])
    wide = with_rows(unit([1.0, 0.4, 0, 0], [1.0, -0.4, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]), 0.9)
    frames = torch.tensor(
        [[1.0, 0.4, 0, 0], [1.0, -0.4, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
    )
    said = dictionary_comparison.splitting(narrow, wide, [frames])
    assert (said.split, said.kept, said.lost) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert (said.children, said.new, said.together, said.covered) == (2.0, 0.25, 1.0, 1.0)


def test_one_feature_detects_a_planted_concept_and_permuted_labels_give_chance() -> None:
    made = planted_recordings(1, recordings=40, frames=60, concepts=2)
    means = describe.clip_means(with_rows(made.directions, 0.45), made.frames)
    said = sparse_probe.probe(means, made.labels[:, 0].tolist(), 1, permutations=50)
    assert said.auroc.mean is not None and said.auroc.mean >= 0.99
    assert said.accuracy.mean is not None and said.accuracy.mean >= 0.95
    assert said.permuted == pytest.approx(0.5, abs=0.05)


def test_wrong_labels_leave_the_auroc_that_is_known() -> None:
    made = planted_recordings(2, recordings=200, frames=30, concepts=1, label_noise=0.15, rate=0.5)
    means = describe.clip_means(with_rows(made.directions[:1], 0.45), made.frames)
    said = sparse_probe.probe(means, made.labels[:, 0].tolist(), 1, permutations=0)
    assert said.auroc.low is not None and said.auroc.high is not None
    assert said.auroc.low <= 1 - 0.15 <= said.auroc.high


def test_clips_of_one_recording_on_both_sides_of_a_split_would_be_caught() -> None:
    leaking, honest = [], []
    for seed in range(6):
        made = planted_recordings(seed, recordings=24, frames=80, concepts=1, rate=0.0, signature=3.0)
        clips = torch.stack([part.mean(0) for x in made.frames for part in x.split(10)])
        labels = made.labels[:, 0].repeat_interleave(8).tolist()
        tracks = np.repeat(np.arange(24), 8).tolist()
        leaking.append(sparse_probe.probe(clips, labels, WIDTH, permutations=0).auroc)
        honest.append(sparse_probe.probe(clips, labels, WIDTH, tracks, permutations=0).auroc)
    assert min(each.mean or 0.0 for each in leaking) > 0.95
    assert np.mean([each.mean for each in honest]) == pytest.approx(0.5, abs=CHANCE_TOLERANCE)
    widths = [(each.high or 0.0) - (each.low or 0.0) for each in honest]
    assert min(widths) > 0.2, "24 tracks are drawn, not 192 clips"


def test_columns_are_chosen_where_the_probe_is_fitted() -> None:
    x = np.random.default_rng(0).standard_normal((40, 2000))
    y = np.arange(40) % 2 == 0
    said = sparse_probe.probe(torch.from_numpy(x), y.tolist(), 20, permutations=0)
    assert said.auroc.mean is not None and said.auroc.mean < 0.75, "chosen on all, it would be 1"


@pytest.mark.parametrize("labels", [[True] * 6, [True] + [False] * 5])
def test_too_few_recordings_to_probe_are_refused(labels: list[bool]) -> None:
    with pytest.raises(DrawstopError, match="at least 2 recordings with"):
        sparse_probe.probe(torch.rand(6, 3), labels, 1)


def test_frames_of_another_width_or_none_are_refused() -> None:
    sae = with_rows(torch.eye(3))
    for frames in ([], [torch.zeros(5, 4)], [torch.zeros(0, 3)]):
        with pytest.raises(DrawstopError, match="expected frames"):
            describe.describe(sae, frames)


def rave_frames(model: RaveModel) -> list[Tensor]:
    paths = sorted((RECORDINGS / "held_out").rglob("*.flac"))[::5]
    from training.data.recordings import load

    seconds = 2 * model.sample_rate
    return [
        model.encode(load(path, model.sample_rate, model.channels)[None, :, :seconds])[0].T for path in paths
    ]


def test_a_raves_loss_is_recovered_wholly_by_its_own_frames_and_not_at_all_by_their_mean(
    example_rave: Path,
) -> None:
    model = RaveModel(example_rave)
    frames = rave_frames(model)[:4]
    width = model.rates.width
    both = torch.cat([torch.eye(width), -torch.eye(width)])
    whole = sound_recovered(model, with_rows(both, 0.0), frames)
    assert whole.share.mean == pytest.approx(1.0, abs=1e-3)
    assert whole.mean > 10 * whole.reconstruction
    nothing = with_rows(both, 1e9)
    nothing.mean.copy_(torch.cat(frames).mean(0))
    assert sound_recovered(model, nothing, frames).share.mean == pytest.approx(0.0, abs=1e-3)
    with pytest.raises(DrawstopError, match="recordings that sound"):
        sound_recovered(model, nothing, [torch.zeros(40, width)])


def test_a_musicgens_predictions_are_recovered_wholly_by_its_own_frames_and_not_by_their_mean(
    musicgen: "MusicGenModel",
) -> None:
    generator = torch.Generator().manual_seed(0)
    audio = [torch.randn(1, 4000, generator=generator) * 0.1 for _ in range(3)]
    both = torch.cat([torch.eye(musicgen.width), -torch.eye(musicgen.width)])
    whole = predictions_recovered(musicgen, with_rows(both, 0.0), "layers.1", audio)
    assert whole.reconstruction == pytest.approx(whole.original, abs=1e-3)
    nothing = with_rows(both, 1e9)
    frames = [musicgen.frames(sound[None], "layers.1")["layers.1"][0].T for sound in audio]
    nothing.mean.copy_(torch.cat(frames).mean(0))
    none = predictions_recovered(musicgen, nothing, "layers.1", audio)
    assert none.reconstruction == pytest.approx(none.mean, abs=1e-3)
    assert abs(none.mean - none.original) > 0.01


def test_the_section_says_all_of_it_comes_back_from_json_and_repeats_by_its_seed() -> None:
    made = planted_recordings(4, recordings=16, frames=60, concepts=2)
    sae = with_rows(made.directions, 0.45)
    sae.config = replace(sae.config, steps=20, batch_size=64, k=4)
    labels = {
        "one": made.labels[:8, 0].tolist(),
        "two": made.labels[:8, 1].tolist(),
        "all": [True] * 8,
    }
    done: list[str] = []

    def result() -> object:
        return quality_result(
            sae,
            made.frames[8:],
            made.frames[:8],
            labels,
            quick=True,
            on_progress=lambda doing, step, steps: done.append(doing),
        )

    said = result()
    assert said == result()
    assert from_json(to_json(said)) == said  # type: ignore[arg-type]
    titles = [block["title"] for block in to_json(said)["blocks"]]  # type: ignore[arg-type]
    assert len(titles) == 6
    figures = to_json(said)["figures"]  # type: ignore[arg-type]
    assert "all" not in figures["probes"]
    assert {"training another seed", "training a narrower one", "probing"} == set(done)
