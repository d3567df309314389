"""A peak limiter without delay: sound under the ceiling passes bit for bit, none leaves above it.

Key idea: the gain falls at once when a sample needs it and recovers exponentially. Reduction wanted at each
sample is d = max(need, d before x r); as d[t] = max over s of need[s] r^(t - s), a running maximum gives it.
"""

import numpy as np

from drawstop.types import Audio

CEILING_DB = -0.3
"""dBFS. The usual margin against the overshoot of a converter between samples."""
RELEASE_S = 0.1


class Limiter:
    """One gain for all channels, so that a stereo image stays where it is.

    Args:
        sample_rate: hertz.
        ceiling_db: no sample leaves above this, in dB of full scale.
        release_s: seconds in which a gain reduction falls to 1/e.

    Attributes:
        limited_samples: how many samples were turned down since the last reset.
        reduction: by how much of itself the sound is turned down after the last sample, 0..1.
    """

    def __init__(
        self, sample_rate: int, ceiling_db: float = CEILING_DB, release_s: float = RELEASE_S
    ) -> None:
        self.ceiling = np.float32(10 ** (ceiling_db / 20))
        self._decay = 1.0 / (release_s * sample_rate)  # in the exponent, per sample
        self.reset()

    def reset(self) -> None:
        """No reduction."""
        self.reduction = 0.0
        self.limited_samples = 0

    def __call__(self, audio: Audio) -> Audio:
        """Limit a block; the same array if nothing is to be done. `[channels, n]` -> `[channels, n]`."""
        peaks = np.abs(audio).max(axis=0, initial=0.0)
        if self.reduction < 1e-6 and not (peaks > self.ceiling).any():
            self.reduction = 0.0
            return audio
        with np.errstate(divide="ignore"):
            need = np.maximum(1.0 - self.ceiling / peaks.astype(np.float64), 0.0)
        times = np.arange(1, len(need) + 1)
        grown = np.maximum.accumulate(np.maximum(need * np.exp(times * self._decay), self.reduction))
        reduction = grown * np.exp(-times * self._decay)
        self.reduction = float(reduction[-1])
        self.limited_samples += int(np.count_nonzero(need))
        limited = (audio * (1.0 - reduction)).astype(np.float32)
        return np.clip(limited, -self.ceiling, self.ceiling)
