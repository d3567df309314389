"""Finding a concept: chance stays chance, planted concepts are found, bad folders are refused."""

import dataclasses
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.repository import DEMO
from training.banks.bank import load_bank
from training.banks.control_edits import ConstantEdit, RandomEdit
from training.banks.steering import Steering
from training.data.recordings import Split, load, scan
from training.find.feature_ranking import concept_scores, held_out_auroc
from training.find.rave.encoded_recordings import (
    EncodedRecordings,
    concatenated,
    paired_latents,
    parallel_pairs,
    refuse_overlap,
)
from training.find.rave.static_removal import fit_removal_weights
from training.metrics.auroc import auroc_of_columns
from training.metrics.distances import additivity_error, spectral_distance
from training.models.rave.model import RaveModel

pytestmark = pytest.mark.slow

PERMUTATIONS = 200


@pytest.fixture(scope="module")
def demo_means() -> tuple[torch.Tensor, list[str], list[bool]]:
    """Clip means of the demo's features, the clips' labels, and which clips the stops were found on."""
    model = RaveModel(DEMO / "rave.ts")
    sae = load_bank(DEMO / "bank", model.fingerprint).sae
    means, labels, chosen = [], [], []
    for part in ("train", "held_out"):
        for recording in scan(DEMO / "recordings" / part):
            z = model.encode(load(recording, model.rates.sample_rate, 1).unsqueeze(0))[0]
            with torch.no_grad():
                means.append(sae.encode(sae.normalise(z.T)).mean(0))
            labels.append(recording.label)
            chosen.append(part == "train")
    return torch.stack(means), labels, chosen


def test_permuted_labels_give_chance_on_clips_that_did_not_choose(
    demo_means: tuple[torch.Tensor, list[str], list[bool]],
) -> None:
    means, labels, chosen = demo_means
    generator = torch.Generator().manual_seed(0)
    guitar = torch.tensor([label in ("guitar", "both") for label in labels])
    found = [
        held_out_auroc(means, guitar[torch.randperm(len(guitar), generator=generator)], torch.tensor(chosen))
        for _ in range(PERMUTATIONS)
    ]
    mean = torch.tensor(found).nanmean()
    assert 0.45 <= float(mean) <= 0.55


@pytest.mark.parametrize("concept", ["guitar", "voice"])
def test_the_share_of_the_sound_that_a_shipped_stop_claims_tells_held_out_clips_apart(concept: str) -> None:
    model = RaveModel(DEMO / "rave.ts")
    bank = load_bank(DEMO / "bank", model.fingerprint)
    place = [stop.name for stop in bank.stops].index(concept)
    steering, shares, sounds = Steering(bank.sae, bank), [], []
    for recording in scan(DEMO / "recordings" / "held_out"):
        z = model.encode(load(recording, model.rates.sample_rate, 1).unsqueeze(0))
        energy = z.square().sum(1)[0]
        with torch.no_grad():
            shares.append((steering.levels(z)[0, place] * energy).sum() / energy.sum())
        sounds.append(recording.label in (concept, "both"))
    assert float(auroc_of_columns(torch.stack(shares)[:, None], torch.tensor(sounds))) > 0.85


def test_auroc_equals_the_share_of_ordered_pairs_with_ties_counted_half() -> None:
    scores = torch.tensor([[0.0], [1.0], [1.0], [2.0]])
    labels = torch.tensor([False, False, True, True])
    assert float(auroc_of_columns(scores, labels)) == pytest.approx(3.5 / 4)


def test_a_planted_feature_has_the_highest_score() -> None:
    generator = torch.Generator().manual_seed(0)
    means = torch.rand(40, 30, generator=generator)
    labels = torch.arange(40) % 2 == 0
    means[labels, 7] += 2
    assert int(concept_scores(means, labels).argmax()) == 7


def test_fitted_shares_find_which_features_belong_to_the_planted_concept() -> None:
    generator = torch.Generator().manual_seed(0)
    decoder = torch.nn.functional.normalize(torch.randn(24, 64, generator=generator), dim=1)
    features = torch.rand(500, 24, generator=generator) * (torch.rand(500, 24, generator=generator) < 0.3)
    planted = (torch.arange(24) < 9).float()
    targets = (features * planted) @ decoder
    shares = fit_removal_weights(features, targets, decoder, sparsity=0.0)
    assert torch.allclose(shares, planted, atol=1e-3)
    error = (features * shares) @ decoder - targets
    assert error.square().sum() < 0.001 * targets.square().sum()


def test_sparsity_leaves_fewer_features() -> None:
    generator = torch.Generator().manual_seed(1)
    decoder = torch.nn.functional.normalize(torch.randn(64, 16, generator=generator), dim=1)
    features = torch.rand(300, 64, generator=generator)
    targets = torch.randn(300, 16, generator=generator)
    counts = [int((fit_removal_weights(features, targets, decoder, s) > 0).sum()) for s in (0.0, 0.1, 0.5)]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("value", [-1.0, -0.4, 1.0])
def test_the_random_edit_has_the_stops_own_norm_in_every_frame_and_another_direction(value: float) -> None:
    bank = load_bank(DEMO / "bank")
    z = torch.randn(2, bank.sae.config.d_in, 40, generator=torch.Generator().manual_seed(0))
    for stop in bank.stops:
        alone = dataclasses.replace(bank, stops=(stop,))
        own = ConstantEdit(alone)(z, [value]) - z
        control = RandomEdit(alone, seed=3)(z, [value]) - z
        assert torch.allclose(own.norm(dim=1), control.norm(dim=1), rtol=1e-3, atol=1e-5)
        assert float(torch.cosine_similarity(own, control, dim=1).mean()) < 0.7


def encoded(paths: list[Path], splits: list[Split]) -> EncodedRecordings:
    nothing: list[list[torch.Tensor]] = [[] for _ in paths]
    return EncodedRecordings(paths, [torch.zeros(2, 3) for _ in paths], nothing, splits, nothing)


def test_training_recordings_of_the_same_phrase_are_parallel() -> None:
    having = encoded(
        [Path("a.wav"), Path("b@choir.wav"), Path("only.wav"), Path("c.wav")], ["train"] * 3 + ["test"]
    )
    lacking = encoded(
        [Path("b@nylon.wav"), Path("b@steel.wav"), Path("a.flac"), Path("c.wav")], ["train"] * 4
    )
    assert parallel_pairs(having, lacking) == [(0, 2), (1, 0), (1, 1)]
    assert parallel_pairs(having, lacking, like="*choir*") == [(1, 0), (1, 1)]
    sources, targets = paired_latents(having, lacking, [(0, 2), (1, 0)])
    assert sources.shape == targets.shape == (2, 2, 3)


def test_what_is_learned_from_are_training_recordings_with_all_their_variations() -> None:
    def z(value: float) -> torch.Tensor:
        return torch.full((2, 3), value)

    paths = [Path("a.wav"), Path("b.wav")]
    own = EncodedRecordings(paths, [z(1), z(2)], [[z(3)], [z(4)]], ["train", "test"], [[z(5)], []])
    assert [float(part[0, 0]) for part in own.learned()] == [1, 3, 5]
    assert [float(part[0, 0]) for part in own.unseen("test")] == [2]
    both = concatenated([own, encoded([Path("c.wav")], ["train"])])
    assert both.paths == [*paths, Path("c.wav")]
    assert both.splits == ["train", "test", "train"]
    assert [float(part[0, 0]) for part in both.learned()] == [1, 3, 5, 0]


def test_a_recording_in_both_folders_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).write_bytes(b"same" if name != "three" else b"other")
    with pytest.raises(DrawstopError, match="both folders"):
        refuse_overlap([tmp_path / "one", tmp_path / "three"], [tmp_path / "two", tmp_path / "three"])


def test_a_single_recording_is_too_few(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    with pytest.raises(DrawstopError, match="two recordings or more"):
        refuse_overlap([tmp_path / "one"], [tmp_path / "one"])


def test_the_spectral_distance_is_zero_for_equal_sounds_and_grows_with_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    sound = torch.sin(torch.arange(8192) * 0.05)[None] * 0.1
    noise = torch.randn(1, 8192, generator=generator)
    near, far = (float(spectral_distance(sound + level * noise, sound)) for level in (0.01, 0.1))
    assert float(spectral_distance(sound, sound)) == 0.0
    assert 0.0 < near < far


def test_additivity_error_is_zero_for_sums_and_one_for_a_lost_mixture() -> None:
    a, b = torch.ones(4), torch.arange(4.0)
    assert float(additivity_error(a, b, a + b)) == 0.0
    assert float(additivity_error(torch.zeros(4), torch.zeros(4), b)) == 1.0
