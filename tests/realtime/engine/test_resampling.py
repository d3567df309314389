"""The stream's resampler: a tone stays that tone, what can't pass is stopped, and the wait is the least that never runs dry."""

import itertools

import numpy as np
import pytest

from drawstop.types import Audio
from realtime.engine.resampling import PASSBAND, StreamResampler, resampled_wait

RATES = [(48000, 44100), (44100, 48000), (96000, 44100), (44100, 96000), (32000, 44100), (192000, 48000)]
SETTLED = 300


def tone(hertz: float, rate: int, samples: int) -> Audio:
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate).astype(np.float32)[None]


def decibels(error: Audio, of: Audio) -> float:
    return float(20 * np.log10(np.std(error) / np.std(of)))


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
@pytest.mark.parametrize("share", [0.002, 0.1, 0.5, PASSBAND])
def test_a_tone_below_the_edge_is_the_same_tone_at_the_other_rate(
    rate_in: int, rate_out: int, share: float
) -> None:
    hertz = share * min(rate_in, rate_out) / 2
    out = StreamResampler(rate_in, rate_out, 1)(tone(hertz, rate_in, rate_in // 4))
    expected = tone(hertz, rate_out, out.shape[1])
    assert decibels((out - expected)[:, SETTLED:], expected[:, SETTLED:]) < -95


def test_rates_without_a_common_divisor_get_the_nearest_of_many_filters() -> None:
    out = StreamResampler(47999, 44100, 1)(tone(5000.0, 47999, 12000))
    expected = tone(5000.0, 44100, out.shape[1])
    assert decibels((out - expected)[:, SETTLED:], expected[:, SETTLED:]) < -75


@pytest.mark.parametrize("share", [2 - PASSBAND, 1.5, 2.1])
def test_what_would_fold_into_the_passband_is_stopped(share: float) -> None:
    sound = tone(share * 22050, 96000, 24000)
    assert decibels(StreamResampler(96000, 44100, 1)(sound)[:, SETTLED:], sound) < -95


def test_blocks_of_any_length_give_the_same_bits() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 5000)).astype(np.float32)
    whole = StreamResampler(48000, 44100, 2)(sound)
    sliced, cuts = StreamResampler(48000, 44100, 2), [0, 1, 1, 7, 90, 91, 1024, 4999, 5000]
    pieces = [sliced(sound[:, first:last]) for first, last in itertools.pairwise(cuts)]
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)


def test_equal_rates_change_nothing() -> None:
    sound = tone(440.0, 44100, 100)
    assert StreamResampler(44100, 44100, 1)(sound) is sound


@pytest.mark.slow
@pytest.mark.parametrize("device_rate", [32000, 48000, 88200, 96000, 44056])
@pytest.mark.parametrize(("host_block", "block"), [(16, 128), (64, 256), (100, 256), (1024, 128), (37, 384)])
def test_the_wait_is_the_least_at_which_the_output_never_runs_dry(
    device_rate: int, host_block: int, block: int
) -> None:
    down, up = StreamResampler(device_rate, 44100, 1), StreamResampler(44100, device_rate, 1)
    wait = resampled_wait(host_block, block, device_rate, 44100)
    silence, fed, held, ready, needed = np.zeros((1, max(host_block, block)), np.float32), 0, 0, 0, 0
    while fed < 321 * block:
        fed += host_block
        held += down(silence[:, :host_block]).shape[1]
        for _ in range(held // block):
            ready += up(silence[:, :block]).shape[1]
        held %= block
        needed = max(needed, fed - ready)
    assert needed <= wait <= needed + (0 if device_rate % 100 == 0 else 3)  # 44056 repeats too late to try
