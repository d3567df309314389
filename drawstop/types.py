"""Types that several packages share."""

from typing import Any

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
"""Samples of sound; `[channels, samples]` where nothing else is said."""

JsonObject = dict[str, Any]
"""An object of a JSON file: figures by name, and objects of them."""
