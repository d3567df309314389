"""The verdict: held-out recordings, a control of the same size, a classifier that is measured first, and honest words."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.helpers.repository import RECORDINGS
from training.banks.bank import StopBank
from training.banks.control_edits import ConstantEdit, RandomEdit
from training.banks.gate import Gate, GateConfig
from training.banks.stop import Gates, Stop
from training.classifiers.network import ConceptClassifier
from training.data.recordings import deal, split_of
from training.evaluation.verdict.measure import measure
from training.evaluation.verdict.text import verdict
from training.find.rave.held_out_mixtures import MOST_CLIPS, unseen_clips
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE

TRAIN = RECORDINGS / "train"
FRAME_TOLERANCE = (
    1e-3  # relative: the smallest edits of float32 latents are differences of nearly equal numbers
)


def hashes(count: int) -> list[str]:
    generator = torch.Generator().manual_seed(count)
    return [f"{int(n):08x}" for n in torch.randint(2**32, (count,), generator=generator)]


def test_many_recordings_keep_the_split_of_their_hashes() -> None:
    many = hashes(400)
    assert deal(many) == [split_of(hash) for hash in many]


@pytest.mark.parametrize("count", range(4, 20))
def test_few_recordings_always_leave_two_for_the_test_and_two_to_learn_from(count: int) -> None:
    dealt = deal(hashes(count))
    assert dealt.count("test") >= 2
    assert dealt.count("train") >= 2
    assert dealt.count("validation") >= min(1, count - 4)


def test_a_copy_shares_its_split_and_order_does_not_matter() -> None:
    some = hashes(7)
    dealt = dict(zip(some, deal(some), strict=True))
    assert deal([*reversed(some), *some]) == [dealt[hash] for hash in (*reversed(some), *some)]


def small_stop(gated: bool) -> tuple[SAE, Stop]:
    sae = SAE(SAEConfig(d_in=128, n_features=96, k=8, centre=False, bias=False))
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        gates = Gates(*(Gate(GateConfig(128, 96, 8)) for _ in range(2))) if gated else None
    shares = torch.rand(96, generator=generator)
    writes = torch.randn(96, 128, generator=generator)
    return sae, Stop("guitar", "guitar", "gated" if gated else "static", shares, writes, 1.0, {}, gates)


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_the_random_edit_has_the_norm_of_the_stops_own_in_every_frame_and_another_direction(
    gated: bool, value: float
) -> None:
    sae, stop = small_stop(gated)
    z = torch.randn(2, 128, 20, generator=torch.Generator().manual_seed(2))
    bank = StopBank(sae, (stop,), "")
    own, random = (edit(z, [value]) - z for edit in (ConstantEdit(bank), RandomEdit(bank, 5)))
    assert float(own.norm(dim=1).min()) > 0
    assert torch.allclose(own.norm(dim=1), random.norm(dim=1), rtol=FRAME_TOLERANCE)
    assert float(torch.cosine_similarity(own, random, dim=1).mean()) < 0.5


class _Deaf(ConceptClassifier):
    """Detects the concept in nothing."""

    def clip_logits(self, audio: torch.Tensor) -> torch.Tensor:
        return torch.full((len(audio), 1), -1.0)


@pytest.mark.slow
def test_the_oracle_is_all_of_the_way_and_the_shares_are_none_where_nothing_was_detected(
    example_rave: Path,
) -> None:
    torch.set_num_threads(1)
    model = RaveModel(example_rave)
    paths = [sorted((TRAIN / kind).iterdir())[:2] for kind in ("guitar", "voice")]
    clips = unseen_clips(model, paths[0], paths[1], 0)
    assert len(clips.solos) == 2
    assert len(clips.mixtures) == 4 <= MOST_CLIPS
    levels = [sound.square().mean() for sound in (clips.sounds[2:6], clips.sounds[:2])]
    assert levels[0] > levels[1] * 0.1
    sae, stop = small_stop(gated=False)
    seen = measure(model, sae, stop, _Deaf(("guitar",)), clips, 0)
    assert seen["at_minus_1"]["clips_heard_at_0"] == 0
    assert seen["at_minus_1"]["still_heard_stop"] is None
    assert seen["at_plus_1"]["brought_in_stop"] == 0.0
    assert seen["ear"]["reconstructions"]["auroc"] == 0.5
    assert seen["at_minus_1"]["mixtures"]["way_to_oracle_stop"] <= 1.0


def figures(
    still: float, random: float, brought: float, classifier: float = 0.95, clips: int = 12
) -> dict[str, Any]:
    return {
        "ear": {"reconstructions": {"auroc": classifier}, "originals": {"auroc": 0.99}},
        "at_minus_1": {
            "clips_heard_at_0": clips,
            "still_heard_stop": still,
            "still_heard_random": random,
            "mixtures": {"way_to_oracle_stop": 0.6, "way_to_oracle_random": -0.1},
        },
        "at_plus_1": {
            "clips_not_heard_at_0": 9,
            "brought_in_stop": brought,
            "brought_in_random": 0.05,
            "level_db_stop": 1.2,
        },
        "others_changed": 0.02,
    }


FOUND = {
    "parallel_pairs": 0,
    "recordings_with": 12,
    "recordings_without": 12,
    "additivity_error": 0.02,
    "held_out_auroc": 0.9,
}


def test_a_stop_that_takes_away_but_hardly_brings_in_is_reported_with_its_figures() -> None:
    said = verdict(figures(0.08, 0.9, 0.31), FOUND)
    assert (said.removes, said.brings_in) == ("well", "weak")
    assert "still detected in 8% of 12 clips, random edit 90%" in said.sentences[0]
    assert "31%" in said.sentences[1]
    assert any("same phrases with and without" in advice for advice in said.advice)


def test_what_a_random_edit_does_as_well_is_no_merit() -> None:
    said = verdict(figures(0.1, 0.15, 0.9), FOUND)
    assert said.removes == "weak"
    assert "hardly more than a random edit" in said.sentences[0]


def test_a_classifier_that_is_bad_proves_nothing() -> None:
    said = verdict(figures(0.0, 1.0, 1.0, classifier=0.7), FOUND)
    assert (said.removes, said.brings_in) == ("unknown", "unknown")
    assert "can't be judged" in said.sentences[0]
    assert any("reconstructions" in advice for advice in said.advice)


def test_too_few_clips_carry_no_verdict() -> None:
    assert verdict(figures(0.0, 1.0, 1.0, clips=3), FOUND).removes == "unknown"


def test_a_model_whose_latents_do_not_add_up_is_named_as_the_reason() -> None:
    said = verdict(figures(0.6, 0.9, 0.9), FOUND | {"additivity_error": 0.4, "parallel_pairs": 5})
    assert any("fine-tune" in advice for advice in said.advice)
