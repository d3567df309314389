"""The delay of a live performance: the least that holds, and a clear message where none does."""

import pytest

from drawstop.errors import DrawstopError
from realtime.live.latency import OVERHEAD_S, SAFETY, candidates, choose_latency, next_to_try, read_latency
from realtime.live.process_handles import plausible_delay
from realtime.live.status_view import latency_lines
from realtime.processes.messages import BlockTimes
from tests.helpers.models.small_instrument import DELAY, description

RATE, HOST = 44100, 128


def tried(late: float = 0.0, **seconds: float) -> dict[int, BlockTimes]:
    return {int(block[1:]): BlockTimes([value] * 50, [late] * 50) for block, value in seconds.items()}


def test_the_parts_add_up_and_the_slack_lasts_as_long_as_playing_takes() -> None:
    latency = choose_latency(description(), tried(b512=0.003), RATE, HOST, 256.0, "safe")
    assert latency.filling == 512 - HOST
    assert latency.slack % HOST == 0
    assert latency.slack / RATE >= 0.003 * SAFETY + OVERHEAD_S > (latency.slack - HOST) / RATE
    assert latency.model == DELAY
    assert latency.total == 256 + latency.engine + DELAY
    assert latency.share == pytest.approx(0.003 * RATE / 512)


def test_the_block_with_the_least_delay_is_chosen_among_those_that_leave_head_room() -> None:
    times = tried(b512=0.009, b1024=0.010, b2048=0.012)  # 512 would be full to 78 %
    assert choose_latency(description(), times, RATE, HOST, 0.0, "safe").block == 1024


def test_a_large_device_block_counts_all_the_blocks_that_it_completes() -> None:
    small, large = (
        choose_latency(description(), tried(b512=0.002), RATE, host, 0.0, "safe") for host in (128, 4096)
    )
    assert large.slack == 4096
    assert large.slack / RATE >= 8 * 0.002
    assert small.slack < large.slack


def test_resampling_is_part_of_the_filling_and_costs_a_device_block_and_two_half_filters() -> None:
    same, other = (
        choose_latency(description(), tried(b512=0.002), rate, HOST, 0.0, "safe") for rate in (RATE, 48000)
    )
    block_ms, half_filters_ms = 1000 * 512 / RATE, 2 * 0.6
    assert same.milliseconds(same.filling) < other.milliseconds(other.filling) < block_ms + half_filters_ms


def test_a_low_delay_lasts_as_long_as_the_longest_block_and_three_wake_ups() -> None:
    times = {512: BlockTimes([0.002] * 49 + [0.004], [0.0001] * 49 + [0.0005])}
    low, safe = (choose_latency(description(), times, RATE, HOST, 0.0, margin) for margin in ("low", "safe"))
    assert low.slack % HOST == 0
    assert low.slack / RATE >= 0.004 + 3 * 0.0005 > (low.slack - HOST) / RATE
    assert low.slack < safe.slack
    assert (low.filling, low.model) == (safe.filling, safe.model)


@pytest.mark.parametrize(
    ("text", "read"), [("safe", "safe"), ("auto", "safe"), ("low", "low"), ("512", 512), ("0", 0)]
)
def test_a_latency_is_a_margin_or_samples(text: str, read: int | str) -> None:
    assert read_latency(text) == read


@pytest.mark.parametrize("text", ["", "lowest", "-5", "1.5", "²"])
def test_any_other_latency_is_refused(text: str) -> None:
    with pytest.raises(DrawstopError, match="safe, low or a number"):
        read_latency(text)


def test_a_delay_that_is_asked_for_is_the_delay() -> None:
    assert choose_latency(description(), tried(b512=0.002), RATE, HOST, 0.0, 1999).engine == 1999


def test_a_delay_below_the_least_is_refused_with_the_least() -> None:
    with pytest.raises(DrawstopError, match=r"--latency 100 is less than .*: 512 samples"):
        choose_latency(description(), tried(b512=0.002), RATE, HOST, 0.0, 100)


def test_a_wanted_block_must_be_a_multiple_of_the_ratio() -> None:
    with pytest.raises(DrawstopError, match="multiple of 64"):
        candidates(description(), 100)
    assert candidates(description(), 192) == [192]
    assert candidates(description(), None) == [64, 128, 256, 512, 1024, 2048, 4096]


def test_too_slow_says_which_block_would_do() -> None:
    with pytest.raises(
        DrawstopError, match=r"a block of 512 samples \(11.6 ms\) takes 30.0 ms; .* smaller model"
    ):
        choose_latency(description(), tried(b512=0.03, b1024=0.05), RATE, HOST, 0.0, "safe")
    with pytest.raises(DrawstopError, match=r"--block 1024 would do"):
        choose_latency(description(), tried(b512=0.03), RATE, HOST, 0.0, "safe", others=tried(b1024=0.004))


def test_blocks_are_tried_until_filling_one_takes_as_long_as_playing_a_smaller_one() -> None:
    blocks = candidates(description(), None)

    def following(**seconds: float) -> int | None:
        return next_to_try(description(), blocks, tried(**seconds), RATE, HOST)

    assert following() == 64
    assert following(b64=0.01) == 128  # doesn't hold
    assert following(b64=0.01, b128=0.0001) == 256  # 10 ms of delay: filling 256 samples could be less
    assert following(b64=0.01, b128=0.0001, b256=0.0001, b512=0.0001) is None
    assert next_to_try(description(), [192], tried(b192=1.0), RATE, HOST) is None


def test_a_block_that_a_busy_moment_refused_is_never_what_would_do() -> None:
    with pytest.raises(DrawstopError) as refused:
        choose_latency(
            description(), tried(b512=0.03), RATE, HOST, 0.0, None, others=tried(b512=0.004, b1024=0.004)
        )
    assert "this machine was busy: a block of 512 samples (11.6 ms) took 30.0 ms, and 4.0 ms when" in str(
        refused.value
    )
    assert "--block" not in str(refused.value)
    with pytest.raises(DrawstopError, match="--block 1024 would do"):
        choose_latency(
            description(), tried(b512=0.03), RATE, HOST, 0.0, None, others=tried(b512=0.03, b1024=0.004)
        )


def test_a_device_delay_that_cannot_be_is_reported_as_unknown() -> None:
    assert plausible_delay(0.3) == 0.3
    assert [plausible_delay(seconds) for seconds in (3600.0, -1.0, float("nan"), float("inf"))] == [None] * 4
    latency = choose_latency(description(), tried(b512=0.003), RATE, HOST, None, "safe")
    assert (latency.device, latency.device_known, latency.total) == (0.0, False, latency.engine + DELAY)
    assert "unknown" in latency_lines("organ", latency)[1]
