"""Features found again, knobs that agree, and names that hold: right where the answer is known."""

import numpy as np
import pytest
import torch

from tests.helpers.models.small_separator import CONFIG, query, small_separator
from training.recipes.trunk_features.agreement import agreement, falls, found_again, without
from training.recipes.trunk_features.dictionaries import Dictionary
from training.recipes.trunk_features.names import Clips, names_hold
from training.recipes.trunk_features.stops import FeatureStop
from training.separation.mdct import HOP

WIDTH = 16


def dictionary(directions: torch.Tensor) -> Dictionary:
    return Dictionary("own", lambda x: (x @ directions.T).relu(), directions, {})


def test_the_same_features_in_another_order_are_found_again_and_others_are_not() -> None:
    own = dictionary(torch.eye(WIDTH))
    order = torch.arange(WIDTH).flip(0)
    turned = dictionary(torch.eye(WIDTH)[order])
    stop = FeatureStop(torch.tensor([0, 1]), torch.tensor([-3.0, -1.0]))
    half = FeatureStop(torch.tensor([WIDTH - 1, 5]), torch.tensor([-1.0, -1.0]))  # the first one, and another
    assert found_again((own, stop), (turned, half)) == {
        "in_dictionary": 1.0,
        "in_stop": 0.5,
        "in_stop_weighted": 0.75,
    }
    other = dictionary(
        torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(0))).Q
    )
    assert found_again((own, stop), (other, half))["in_stop"] == 0


def test_two_knobs_one_after_the_other_take_away_what_both_do() -> None:
    separator = small_separator()
    latents = torch.randn(3, HOP, 64, generator=torch.Generator().manual_seed(1))
    analysis = separator.analyse(latents)
    directions = torch.eye(CONFIG.channels)
    knobs = [
        (dictionary(directions), FeatureStop(torch.tensor([place]), torch.tensor([2.0]))) for place in (0, 1)
    ]
    with torch.no_grad():
        alone = falls(separator, query(1), analysis, latents, knobs[:1])
        both = falls(separator, query(1), analysis, latents, knobs)
    assert alone.shape == (3,)
    assert not torch.allclose(both, alone)
    assert agreement(alone, alone) == {"correlation": 1.0, "difference_db": 0.0}
    assert agreement(alone, alone + 2) == {"correlation": 1.0, "difference_db": 2.0}


def test_features_that_are_taken_are_left_out() -> None:
    left = without(dictionary(torch.eye(4)), torch.tensor([1, 3]))
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    assert left.encode(x).tolist() == [[1.0, 3.0]]
    assert left.directions.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]


def clips(seed: int) -> Clips:
    """Three classes: the first two raise a channel each, the third none; a fourth channel says nothing."""
    rng = np.random.default_rng(seed)
    trunks = []
    for place in range(3):
        trunk = torch.from_numpy(rng.standard_normal((20, 30, 4))).float()
        if place < 2:
            trunk[..., place] += 3
        trunks.append(trunk)
    return Clips(("first", "second", "neither"), trunks)


def test_a_feature_is_named_after_the_class_that_raises_it_and_others_keep_no_name() -> None:
    figures = names_hold(lambda x: x[..., [0, 1, 3]], clips(0), clips(1), clips(2))
    assert {(row["feature"], row["name"]) for row in figures["named"]} == {(0, "first"), (1, "second")}
    assert figures["mean"] == {"precision": 1.0, "recall": 1.0, "auroc": 1.0}
    assert (figures["active"], figures["holding"], figures["of_classes"]) == (3, 2, 2)


def test_a_name_that_chance_gave_is_not_kept() -> None:
    rng = np.random.default_rng(5)
    noise = [
        Clips(("a", "b"), [torch.from_numpy(rng.standard_normal((15, 8, 40))).float() for _ in range(2)])
        for _ in range(3)
    ]
    figures = names_hold(lambda x: x, *noise)
    assert figures["holding"] <= 2
    assert figures["active"] == 40


def test_a_silent_feature_is_not_counted() -> None:
    figures = names_hold(lambda x: torch.zeros_like(x), clips(0), clips(1), clips(2))
    assert figures["active"] == 0
    assert figures["mean"]["precision"] is None


pytestmark = pytest.mark.filterwarnings("error")
