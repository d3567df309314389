"""Lost blocks are said at once, once, and not more than once a second."""

from realtime.live.lost_blocks import LostBlocks
from realtime.processes.messages import Report


def test_each_lost_block_is_reported_once_with_the_sum() -> None:
    lost = LostBlocks()
    assert lost.note(Report(), 0.0) is None
    assert lost.note(Report(lost_blocks=1), 0.1) == "1 block came too late (1 lost in all)"
    assert lost.note(Report(lost_blocks=1), 5.0) is None
    assert lost.note(Report(lost_blocks=3, skipped_blocks=1), 6.0) == (
        "2 blocks came too late, 1 of them was left out (3 lost in all)"
    )


def test_an_overload_is_reported_once_a_second_and_no_block_is_forgotten() -> None:
    lost = LostBlocks()
    notes = [lost.note(Report(lost_blocks=tick), tick / 10) for tick in range(1, 31)]
    said = [note for note in notes if note is not None]
    assert len(said) == 3
    assert said[0].startswith("1 block ")
    assert said[1].startswith("10 blocks ")
    assert "(21 lost in all)" in said[2]
