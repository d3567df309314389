"""The channel strip around the instrument: input gain, dry and wet, bypass, mute, output gain, limiter.

Key idea: a parameter at rest multiplies by exactly its value, and by nothing at all at 1, so a channel strip at
rest changes no bit. A parameter that changes follows a Hann curve, whose spectrum falls fast: no click.
"""

from collections.abc import Sequence

import numpy as np

from drawstop.types import Audio
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import KnobSignals, State
from realtime.engine.limiter import Limiter
from realtime.engine.parameters import BYPASS, INPUT_GAIN, MUTE, OUTPUT_GAIN, STRIP_PARAMETERS, WET

SMOOTHING_S = 0.02
"""Seconds in which a parameter reaches a new value."""


class ChannelStrip:
    """Turns the strip's parameters into signals and applies them to blocks of sound."""

    def __init__(self, sample_rate: int, ceiling_db: float | None = None) -> None:
        self._knobs = KnobSignals(STRIP_PARAMETERS)
        self._smoother = HannSmoother(
            [parameter.default for parameter in STRIP_PARAMETERS], round(SMOOTHING_S * sample_rate)
        )
        self.limiter = None if ceiling_db is None else Limiter(sample_rate, ceiling_db)

    def reset(self) -> None:
        """Set every parameter to its default, at once."""
        self._knobs.reset()
        self._smoother.reset()
        if self.limiter:
            self.limiter.reset()

    @property
    def values(self) -> dict[str, float]:
        """The value that each parameter has, or is on its way to, by slug."""
        return self._knobs.values

    @property
    def state(self) -> State:
        """The parameters' ramps by slug, the smoother's past, the limiter's reduction; `restore` takes them."""
        return {**self._knobs.state, "past": self._smoother.past.copy(), **self.output_state}

    @property
    def output_state(self) -> State:
        """The part of `state` that finished blocks decide: the limiter's reduction."""
        return {"reduction": np.array(self.limiter.reduction if self.limiter else 0.0)}

    def restore(self, state: State) -> None:
        """Go on from this `state`."""
        self._knobs.restore(state)
        self._smoother.past = state["past"]
        if self.limiter:
            self.limiter.reduction = float(state["reduction"])

    def signals(self, events: Sequence[ControlEvent], start: int, length: int) -> dict[str, Audio]:
        """The parameters over the next block, by slug: `[length]` each, or `[1]` for one at rest."""
        targets = np.zeros((len(STRIP_PARAMETERS), length), dtype=np.float32)
        self._knobs.fill(events, start, targets)
        smoothed = self._smoother(targets)
        return {parameter.slug: row for parameter, row in zip(STRIP_PARAMETERS, smoothed, strict=True)}

    def drive(self, audio: Audio, signals: dict[str, Audio]) -> Audio:
        """The input at the input gain. `[channels, n]` -> `[channels, n]`."""
        return _at_gain(audio, signals[INPUT_GAIN.slug])

    def mix(self, wet: Audio, dry: Audio, signals: dict[str, Audio]) -> Audio:
        """Wet and dry by their shares; bypass is all dry. `[channels, n]` each."""
        share = signals[WET.slug] * (1.0 - signals[BYPASS.slug])
        if (share == 1.0).all():
            return wet
        if (share == 0.0).all():
            return dry
        return (wet * share + dry * (1.0 - share)).astype(np.float32)

    def finish(self, audio: Audio, signals: dict[str, Audio]) -> Audio:
        """Apply output gain, mute, limiter. `[channels, n]` -> `[channels, n]`."""
        audio = _at_gain(audio, signals[OUTPUT_GAIN.slug])
        open_share = 1.0 - signals[MUTE.slug]
        if not (open_share == 1.0).all():
            audio = (audio * open_share).astype(np.float32)
        return self.limiter(audio) if self.limiter else audio


class HannSmoother:
    """Smooths signals with a Hann window: a step becomes the window's integral (half a cosine), without overshoot.

    Args:
        values: where each signal begins.
        length: samples that a step takes.

    Attributes:
        past: the last targets, which the window still reaches. `[signals, samples]`
    """

    def __init__(self, values: Sequence[float], length: int) -> None:
        self._start = np.array(values, dtype=np.float32)
        window = np.hanning(length + 2)[1:-1]
        self._kernel = window / window.sum()
        self.reset()

    def reset(self) -> None:
        """Set every signal to its first value, at rest."""
        self.past = np.repeat(self._start[:, None], len(self._kernel) - 1, axis=1)

    def __call__(self, targets: Audio) -> list[Audio]:
        """`[signals, n]` -> per signal `[n]`, or `[1]` for one at rest, then exactly at its value."""
        joined = np.concatenate([self.past, targets], axis=1)
        self.past = joined[:, targets.shape[1] :]
        return [self._smoothed(row) for row in joined]

    def _smoothed(self, row: Audio) -> Audio:
        if (row == row[0]).all():
            return row[:1]
        smoothed: Audio = np.convolve(row, self._kernel, "valid").astype(np.float32)
        return smoothed


class DelayLine:
    """Delays the dry sound by the instrument's delay, so that dry and wet stay together.

    Attributes:
        past: the samples that are on their way. `[channels, delay_samples]`
    """

    def __init__(self, channels: int, delay_samples: int) -> None:
        self.past = np.zeros((channels, delay_samples), dtype=np.float32)

    def __call__(self, audio: Audio) -> Audio:
        """`[channels, n]` -> `[channels, n]`"""
        joined = np.concatenate([self.past, audio], axis=1)
        self.past = joined[:, audio.shape[1] :]
        return joined[:, : audio.shape[1]]

    def reset(self) -> None:
        """Fill the delay with silence."""
        self.past = np.zeros_like(self.past)


def match_channels(audio: Audio, channels: int) -> Audio:
    """Sound with this many channels: mono is repeated, many become mono by their mean, else the first ones stay.

    `[from, n]` -> `[to, n]`, with zeros where `to` is larger.
    """
    have = audio.shape[0]
    if have == channels:
        return audio
    if have == 1:
        return np.repeat(audio, channels, axis=0)
    if channels == 1:
        mean: Audio = audio.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean
    out = np.zeros((channels, audio.shape[1]), dtype=np.float32)
    out[:have] = audio[:channels]
    return out


def _at_gain(audio: Audio, gain_db: Audio) -> Audio:
    if not gain_db.any():
        return audio
    return (audio * np.power(10.0, gain_db / 20.0)).astype(np.float32)
