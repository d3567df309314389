"""A trial of a block: the player's process plays it until its time is known."""

from pathlib import Path

import pytest

from realtime.engine.instrument_file import load
from realtime.engine.instrument_player import Player
from realtime.processes.player_process import FEWEST_TRIAL_BLOCKS, HOPELESS_BLOCKS, try_block
from tests.helpers.models.small_instrument import save_small_instrument


@pytest.mark.slow
def test_a_trial_times_the_instrument_itself(tmp_path: Path) -> None:
    quick, slow = (
        Player(load(save_small_instrument(tmp_path / f"{work}.ts", work=work))) for work in (0, 20)
    )
    times = [try_block(player, 64).seconds for player in (quick, slow)]
    assert min(times[1]) > 3 * min(times[0])
    assert len(times[0]) >= FEWEST_TRIAL_BLOCKS


@pytest.mark.slow
def test_a_hopeless_block_isnt_tried_for_long(tmp_path: Path) -> None:
    slow = Player(load(save_small_instrument(tmp_path / "slow.ts", work=60)))
    assert len(try_block(slow, 64).seconds) == HOPELESS_BLOCKS
