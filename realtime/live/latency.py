"""Chooses the block and the delay of a live performance, from the time that blocks take to play on this machine.

Key idea: a device takes its output at its callbacks. A block that one callback completes can sound at the next one at
the earliest, or as many callbacks later as playing it takes. That is the slack; the rest is waiting for a block
to fill, and for the resampling's filters. The sum is the delay, to the sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.engine import least_delay
from realtime.processes.messages import BlockTimes

Margin = Literal["safe", "low"]
"""The margin of the slack beyond a block's usual time.

* `safe`: that blocks take 2.5 times as long, and 5 ms: other programs may start and end beside it.
* `low`: the longest block and the latest waking-ups of the trial, as this machine was then.
"""

WAKE_UPS = 3
"""Processes that a block wakes one after the other: audio, player, audio again."""
USUAL_SHARE = 0.99
"""Quantile of the trial's times that counts as the time of a block."""
SAFETY = 2.5
"""`safe` allows a block to take this many times as long: a busy neighbour core slows this one down as much."""
OVERHEAD_S = 0.005
"""`safe` adds this to the time of a block: waking up, mixing, and the hiccups of a machine that has other work."""
FULLEST = 0.5
"""The largest share of a block's duration that playing it may take, if several blocks can be chosen from."""
LARGEST_BLOCK = 4096


@dataclass(frozen=True)
class Latency:
    """The delay of a live performance, part by part, in samples of the device; and the block that gives it."""

    device_rate: int
    rate: int
    host_block: int
    block: int
    filling: int
    """Waiting for a block to fill, and for the resampling's filters."""
    slack: int
    """Waiting for the block to be played: whole device blocks, or what `--latency` adds."""
    model: float
    """The instrument's own delay."""
    device: float
    """The device's own delay, in and out, as it says itself; 0 where that is unknown."""
    seconds_per_block: float
    device_known: bool = True
    """Whether the delay that the device says is possible."""

    @property
    def engine(self) -> int:
        """The engine's part of the delay."""
        return self.filling + self.slack

    @property
    def total(self) -> float:
        """The delay from the device's input to its output."""
        return self.engine + self.model + self.device

    @property
    def share(self) -> float:
        """The share of a block's duration that playing it takes."""
        return self.seconds_per_block * self.rate / self.block

    def milliseconds(self, samples: float) -> float:
        """Device samples in ms."""
        return 1000.0 * samples / self.device_rate


def candidates(description: InstrumentDescription, wanted: int | None) -> list[int]:
    """The blocks to try: the wanted one alone, or the instrument's ratio times powers of two.

    Raises:
        DrawstopError: the wanted one is no multiple of the instrument's ratio.
    """
    ratio = description.ratio
    if wanted is not None:
        if wanted < 1 or wanted % ratio:
            raise DrawstopError(
                f"--block must be a multiple of {ratio} samples for {description.name}, got {wanted}"
            )
        return [wanted]
    return [ratio << doubling for doubling in range(12) if ratio << doubling <= max(LARGEST_BLOCK, ratio)]


def next_to_try(
    description: InstrumentDescription,
    blocks: Sequence[int],
    tried: Mapping[int, BlockTimes],
    device_rate: int,
    host_block: int,
    margin: Margin = "safe",
) -> int | None:
    """The smallest block that hasn't been tried; None if filling it alone takes as long as the whole delay of another."""
    left = [block for block in blocks if block not in tried]
    if not left:
        return None
    latencies = [
        _latency(description, block, times, device_rate, host_block, 0.0, margin)
        for block, times in tried.items()
    ]
    best = min((each.engine for each in latencies if each.share <= FULLEST), default=None)
    block = min(left)
    filling = least_delay(block, host_block, device_rate, description.sample_rate)
    return None if best is not None and filling >= best else block


def choose_latency(
    description: InstrumentDescription,
    tried: Mapping[int, BlockTimes],
    device_rate: int,
    host_block: int,
    device: float | None,
    latency: int | Margin,
    others: Mapping[int, BlockTimes] | None = None,
) -> Latency:
    """The least delay that this machine can hold, or the one asked for.

    Args:
        tried: how long blocks of each length took in the trial.
        device_rate: hertz.
        host_block: the device's (largest) block, in samples.
        device: the device's own delay, in samples; None: unknown.
        others: the same for blocks that the user didn't ask for, to suggest one that is long enough.
        latency: the engine's delay that is asked for, in samples; or the margin for choosing the least delay.

    Raises:
        DrawstopError: no block holds, or the delay asked for is too short.
    """
    margin: Margin = "safe" if isinstance(latency, int) else latency
    latencies = [
        replace(
            _latency(description, block, times, device_rate, host_block, device or 0.0, margin),
            device_known=device is not None,
        )
        for block, times in tried.items()
    ]
    holding = [each for each in latencies if each.share <= (FULLEST if len(latencies) > 1 else 1.0)]
    holding = holding or [each for each in latencies if each.share <= 1.0]
    if not holding:
        raise DrawstopError(too_slow(description, latencies, others or {}))
    best = min(holding, key=lambda each: each.engine)
    if not isinstance(latency, int):
        return best
    least = best.filling + _whole_device_blocks(best, _together(best) * best.seconds_per_block)
    if latency < least:
        raise DrawstopError(
            f"--latency {latency} is less than this machine can hold: {least} samples ({best.filling} to fill a block of "
            f"{best.block}, {least - best.filling} to play it); give at least that, or --latency low"
        )
    return replace(best, slack=latency - best.filling)


def _latency(
    description: InstrumentDescription,
    block: int,
    times: BlockTimes,
    device_rate: int,
    host_block: int,
    device: float,
    margin: Margin,
) -> Latency:
    usual = float(np.quantile(np.asarray(times.seconds), USUAL_SHARE))
    rate = description.sample_rate
    filling = least_delay(block, host_block, device_rate, rate)
    model = description.delay_samples * device_rate / rate
    without_slack = Latency(device_rate, rate, host_block, block, filling, 0, model, device, usual)
    together = _together(without_slack)
    if margin == "low":
        needed_s = together * max(times.seconds) + WAKE_UPS * max(times.late, default=0.0)
    else:
        needed_s = together * usual * SAFETY + OVERHEAD_S
    return replace(without_slack, slack=_whole_device_blocks(without_slack, needed_s))


def _together(latency: Latency) -> int:
    """How many blocks one callback may complete."""
    return -(-latency.host_block * latency.rate // (latency.block * latency.device_rate))


def _whole_device_blocks(latency: Latency, seconds: float) -> int:
    """The samples of the fewest whole device blocks that last this long."""
    return -(-int(np.ceil(seconds * latency.device_rate)) // latency.host_block) * latency.host_block


def read_latency(text: str) -> int | Margin:
    """The value of `--latency`; `auto` is the old word for `safe`. Raises DrawstopError for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    for margin in get_args(Margin):
        if margin == ("safe" if text == "auto" else text):
            chosen: Margin = margin
            return chosen
    raise DrawstopError(f"--latency takes safe, low or a number of samples, got {text!r}")


def too_slow(
    description: InstrumentDescription, latencies: Sequence[Latency], others: Mapping[int, BlockTimes]
) -> str:
    """The message for the user: how slow, and which block would do."""
    worst, rate = latencies[0], description.sample_rate
    again_s = float(np.quantile(others[worst.block].seconds, USUAL_SHARE)) if worst.block in others else None
    if again_s is not None and again_s * rate <= worst.block:
        return (
            f"this machine was busy: a block of {worst.block} samples ({1000 * worst.block / rate:.1f} ms) took "
            f"{1000 * worst.seconds_per_block:.1f} ms, and {1000 * again_s:.1f} ms when tried again; end other programs and "
            "start again"
        )
    too_long = (
        f"{description.name} is too slow for this machine: a block of {worst.block} samples "
        f"({1000 * worst.block / rate:.1f} ms) takes {1000 * worst.seconds_per_block:.1f} ms"
    )
    refused = {each.block for each in latencies}
    sufficient = [
        block
        for block, times in others.items()
        if block not in refused and np.quantile(times.seconds, USUAL_SHARE) <= FULLEST * block / rate
    ]
    if sufficient:
        return f"{too_long}; --block {min(sufficient)} would do"
    largest = max([each.block for each in latencies] + list(others))
    return f"{too_long}; no block up to {largest} samples does better: take a smaller model"
