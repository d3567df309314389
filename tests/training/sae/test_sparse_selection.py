"""The k largest of each row, found by groups: those that torch.topk finds."""

import pytest
import torch

from training.sae.sparse_features import k_largest


@pytest.mark.parametrize("columns", [16, 17, 64, 127, 512, 1023, 4096, 4099])
@pytest.mark.parametrize("k", [1, 3, 16])
def test_those_that_torch_finds(columns: int, k: int) -> None:
    x = torch.randn(50, columns, generator=torch.Generator().manual_seed(columns + k))
    wanted = x.topk(k, dim=-1).indices.sort(1).values
    assert torch.equal(k_largest(x, k).sort(1).values, wanted)


@pytest.mark.parametrize("columns", [96, 97, 515])
def test_of_equal_values_any_are_taken_but_none_twice_and_always_the_same(columns: int) -> None:
    x = torch.randint(-2, 3, (200, columns), generator=torch.Generator().manual_seed(0)).float()
    found = k_largest(x, 6)
    assert torch.equal(x.gather(1, found).sort(1).values, x.topk(6, sorted=False).values.sort(1).values)
    assert all(len(set(row)) == 6 for row in found.tolist())
    assert torch.equal(k_largest(x, 6), found)


def test_a_row_of_nothing_but_the_lowest_value_has_k_of_them_too() -> None:
    x = torch.full((2, 101), -torch.inf)
    assert all(len(set(row)) == 5 for row in k_largest(x, 5).tolist())
