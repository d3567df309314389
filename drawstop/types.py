"""Types that several packages share."""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
"""Samples of sound; `[channels, samples]` where nothing else is said."""
