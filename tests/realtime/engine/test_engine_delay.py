"""The delay that the engine reports is the delay that it has: over rates, device blocks, blocks, and paths."""

from pathlib import Path

import numpy as np
import pytest

from realtime.engine.channel_strip import SMOOTHING_S
from realtime.engine.control_event import ControlEvent
from realtime.engine.engine import Engine
from realtime.engine.instrument_file import LoadedInstrument, load
from realtime.engine.instrument_player import Player
from realtime.engine.parameters import BYPASS, WET
from realtime.engine.performance import Performance
from tests.helpers.models.small_instrument import DELAY, ECHO, SAMPLE_RATE

PULSE_S = 4 / SAMPLE_RATE
"""Standard deviation of the pulse: nothing above 16 kHz, which every rate here carries."""
PATHS = {"wet": [], "dry": [ControlEvent(0, WET.slug, 0.0)], "bypass": [ControlEvent(0, BYPASS.slug, 1.0)]}


@pytest.fixture(scope="module")
def instrument(small: Path) -> LoadedInstrument:
    """Read once for all tests: `prepare` resets it."""
    return load(small)


def pulse(seconds: np.ndarray) -> np.ndarray:
    return 0.5 * np.exp(-0.5 * (seconds / PULSE_S) ** 2)


@pytest.mark.parametrize("way, slack", [("wet", 0), ("wet", 256), ("dry", 0), ("bypass", 256)])
@pytest.mark.parametrize("block", [64, 512, 2048])
@pytest.mark.parametrize("host_block", [32, 100, 256, 1024, 4096])
@pytest.mark.parametrize("device_rate", [32000, 44100, 48000, 96000])
def test_the_delay_is_as_reported_to_a_quarter_of_a_sample(
    instrument: LoadedInstrument, device_rate: int, host_block: int, block: int, way: str, slack: int
) -> None:
    performance = Performance(instrument.description, Player(instrument, noise=0), block)
    engine = Engine(performance, device_rate, slack=slack)
    engine.prepare(host_block)
    performance.schedule(PATHS[way])
    at = round(
        (2 * SMOOTHING_S + block / SAMPLE_RATE) * device_rate
    )  # the channel strip's parameters are at rest then
    length = at + int(engine.latency_samples) + 400
    length = -(-length // host_block) * host_block
    seconds = np.arange(length) / device_rate
    sound = pulse(seconds - at / device_rate)[None].astype(np.float32)
    pieces = [engine.process(sound[:, i : i + host_block]) for i in range(0, length, host_block)]
    played = np.concatenate(pieces, axis=1)[0]
    assert engine.unexpected_blocks == 0

    def expected(later_samples: float) -> np.ndarray:
        since = seconds - (at + engine.latency_samples + later_samples) / device_rate
        return pulse(since) + (0.25 * pulse(since - ECHO / SAMPLE_RATE) if way == "wet" else 0.0)

    near = slice(at + int(engine.engine_delay_samples), None)  # before, the parameters move
    error = np.linalg.norm(played[near] - expected(0.0)[near])
    quarter = np.linalg.norm(expected(0.25)[near] - expected(0.0)[near])
    assert error < quarter
    assert engine.model_delay_samples == DELAY * device_rate / SAMPLE_RATE
