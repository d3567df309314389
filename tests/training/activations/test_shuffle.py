"""The order in which a training sees frames: each once per epoch, and the same from any step on."""

from itertools import chain

import pytest

from drawstop.errors import DrawstopError
from training.activations.shuffle import ShuffledRows

PIECES = [range(0, 7), range(18, 21)]
ROWS = [row for piece in PIECES for row in piece]


def batches(shuffled: ShuffledRows, steps: range) -> list[list[int]]:
    """The rows of some batches, drawn from the one window of all rows."""
    rows = shuffled.window(0)
    return [rows[shuffled.indices(step)].tolist() for step in steps]


def test_batches_hold_each_row_once_per_epoch_and_each_epoch_in_another_order() -> None:
    seen = list(chain(*batches(ShuffledRows(PIECES, 5, seed=0), range(4))))
    assert sorted(seen[:10]) == sorted(seen[10:]) == ROWS
    assert seen[:10] != seen[10:]
    assert seen[:10] != ROWS


@pytest.mark.parametrize("size", [1, 4, 10, 23])
def test_batches_resume_from_any_step_and_depend_on_the_seed(size: int) -> None:
    whole = batches(ShuffledRows(PIECES, size, seed=3), range(9))
    assert all(len(batch) == size for batch in whole)
    assert batches(ShuffledRows(PIECES, size, seed=3), range(4, 9)) == whole[4:]
    assert batches(ShuffledRows(PIECES, size, seed=4), range(9)) != whole


@pytest.mark.parametrize("pieces, size", [([], 4), (PIECES, 0)])
def test_no_rows_and_empty_batches_are_refused(pieces: list[range], size: int) -> None:
    with pytest.raises(DrawstopError, match="at least one frame and a batch size of 1 or more"):
        ShuffledRows(pieces, size, seed=0)
