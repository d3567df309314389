"""The limiter: its ceiling holds, and sound below it keeps its bits."""

import numpy as np
import pytest

from realtime.engine.limiter import Limiter
from tests.helpers.models.small_instrument import SAMPLE_RATE


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 64, 1000])
def test_the_limiter_holds_its_ceiling_and_leaves_what_is_below_alone(length: int) -> None:
    generator = np.random.default_rng(0)
    audio = (0.3 * generator.standard_normal((2, 20000))).astype(np.float32)
    audio[:, 5000:5200] *= 10
    limiter = Limiter(SAMPLE_RATE)
    limited = np.concatenate([limiter(audio[:, i : i + length]) for i in range(0, 20000, length)], axis=1)
    before = int((np.abs(audio).max(axis=0) > limiter.ceiling).argmax())
    np.testing.assert_array_equal(limited[:, :before], audio[:, :before])
    assert np.abs(limited).max() <= limiter.ceiling
    np.testing.assert_allclose(limited, Limiter(SAMPLE_RATE)(audio), atol=1e-5)


def test_the_limiter_gives_quiet_sound_its_bits_back_after_a_loud_moment() -> None:
    limiter = Limiter(SAMPLE_RATE)
    limiter(np.full((1, 100), 2.0, dtype=np.float32))
    quiet = np.full((1, 4 * SAMPLE_RATE), 0.1, dtype=np.float32)
    assert limiter(quiet)[0, 0] < 0.1
    np.testing.assert_array_equal(limiter(quiet), quiet)
