"""Plays a whole recording through an instrument, with the delay taken out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.types import Audio
from realtime.engine.control_event import ControlEvent
from realtime.engine.engine import Engine
from realtime.engine.instrument_file import LoadedInstrument
from realtime.engine.instrument_player import Player
from realtime.engine.performance import Performance

BlockProgress = Callable[[range], Iterable[int]]


def engine_for(instrument: LoadedInstrument, block: int = 2048, seed: int = 0, threads: int = 1) -> Engine:
    """An engine that plays an instrument in this process, at the instrument's own rate."""
    return Engine(Performance(instrument.description, Player(instrument, seed, threads), block))


def render(
    instrument: LoadedInstrument,
    audio: npt.NDArray[np.floating[Any]],
    events: Iterable[ControlEvent] = (),
    settings: Mapping[str, float] | None = None,
    inner_block: int = 2048,
    seed: int = 0,
    progress: BlockProgress | None = None,
) -> Audio:
    """Play audio through the instrument; sample i of the result belongs to sample i of the input.

    Args:
        audio: the recording, at the instrument's sample rate.
        events: knob movements, in samples of the input.
        settings: stop slug to attribute value, for the whole recording; stops not named keep their value.
        inner_block: samples per block, a multiple of the instrument's ratio.
        seed: the seed of the instrument's noise.
        progress: wraps the range of blocks, for a progress bar.

    Shape:
        audio: `[channels_in, n]`; returns `[channels_out, n]`.

    Raises:
        DrawstopError: wrong shape, unknown stop, value out of range, or the instrument failed or gave NaN.
    """
    engine = engine_for(instrument, inner_block, seed)
    player = engine.performance.source
    assert isinstance(player, Player)
    for slug, value in (settings or {}).items():
        instrument.set_stop(slug, value)
    engine.prepare(host_block=inner_block)
    engine.performance.schedule(events)
    length = audio.shape[-1]
    latency = engine.engine_delay_samples + instrument.description.delay_samples
    blocks = range(-(-(length + latency) // inner_block) if length else 0)
    played = [np.zeros((instrument.description.channels_out, 0), dtype=np.float32)]
    for block in progress(blocks) if progress else blocks:
        piece = audio[..., block * inner_block : (block + 1) * inner_block]
        missing = inner_block - piece.shape[-1]
        played.append(engine.process(np.pad(piece, [(0, 0)] * (audio.ndim - 1) + [(0, missing)])))
    if player.failed_blocks or player.replaced_outputs:
        raise DrawstopError(
            f"the instrument failed on {player.failed_blocks} of {len(blocks)} blocks and gave "
            f"{player.replaced_outputs} NaN or infinite samples; bake it again, or try another block"
        )
    return np.concatenate(played, axis=1)[:, latency : latency + length]
