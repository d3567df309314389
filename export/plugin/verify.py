"""Verifies a Neutone model: the file is loaded and called as the plug-in calls it, and compared with the instrument's `play`.

Key idea: the same inner blocks through the instrument itself. The SDK's host side resamples each buffer to the instrument's
rate, collects blocks of one of the model's sizes, and gives them back `delay` samples later; here the same blocks are cut
from the whole stream at once, played, and shifted by the delay that the file reports.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from neutone_sdk.sandwich import Inplace4pHermiteResampler, InplaceLinearResampler
from neutone_sdk.utils import load_neutone_model
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import StepReport
from export.plugin.knobs import MOST_KNOBS, PluginKnob
from realtime.engine.instrument_file import LoadedInstrument

SEED = 20260101
KNOB_STEPS = 7
"""How many values each knob jumps to during the test."""
ROUNDING = 2e-6
"""Largest accepted difference where the host's rate is resampled; at the instrument's rate it must be 0."""


@dataclass(frozen=True)
class HostCase:
    """One rate and buffer of the host, and what was measured there.

    Attributes:
        rate, block: the host's rate in Hz and its buffer in samples.
        model_block: samples that the model gets at once.
        buffering, delay: the delay that the file reports, in the host's samples: of its queues, and of the instrument.
        difference: the largest difference from the instrument's own `play`.
        measured: the measured delay of the input where it passes unchanged; None where it can't be measured.
    """

    rate: int
    block: int
    model_block: int
    buffering: int
    delay: int
    difference: float
    measured: int | None

    def require(self, native: int) -> None:
        """Raise DrawstopError where the output isn't `play`'s."""
        limit = 0.0 if self.rate == native else ROUNDING
        if not self.difference <= limit:
            raise DrawstopError(
                f"the plug-in's file differs from its instrument by {self.difference:.2e} at {self.rate} Hz and buffers of "
                f"{self.block}; please report this"
            )


def verify_plugin(
    path: Path,
    instrument: LoadedInstrument,
    knobs: Sequence[PluginKnob],
    cells: Sequence[tuple[int, int]],
    seconds: float = 0.25,
    report: StepReport = lambda done, total: None,
) -> list[HostCase]:
    """Compare a Neutone model's file with its instrument, at several rates and buffers of the host.

    Args:
        path: the `.nm`.
        instrument: loaded anew; it is played and reset here.
        knobs: the model's, in their order.
        cells: the host's rates and buffers.
        seconds: how much is played for each.
        report: called with the cells that are done, and with their number.
    """
    model, _ = load_neutone_model(str(path))
    # Without torch's optimiser, which compiles every method anew for each shape, for minutes, and gives the same bits.
    optimiser = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[]), torch.inference_mode(), optimiser:
        seen: list[HostCase] = []
        report(0, len(cells))
        for rate, block in cells:
            seen.append(_cell(model, instrument, knobs, rate, block, seconds))
            report(len(seen), len(cells))
        return seen


def host_plays(model: Any, rate: int, block: int, audio: Tensor, knobs: Tensor) -> Tensor:
    """Audio through a loaded model as the plug-in plays it. `[channels, samples]`, `[4, samples]` -> `[channels, samples]`."""
    model.set_daw_sample_rate_and_buffer_size(rate, block)
    model.reset()
    torch.manual_seed(SEED)
    pieces = zip(audio.split(block, 1), knobs.split(block, 1), strict=True)
    return torch.cat([model.forward(sound, moves).clone() for sound, moves in pieces], 1)


def _cell(
    model: Any,
    instrument: LoadedInstrument,
    knobs: Sequence[PluginKnob],
    rate: int,
    block: int,
    seconds: float,
) -> HostCase:
    described = instrument.description
    samples = -(-int(seconds * rate) // block) * block + 4 * block
    audio = 0.1 * torch.randn(described.channels_in, samples, generator=torch.Generator().manual_seed(SEED))
    moves = _moves(samples)
    played = host_plays(model, rate, block, audio, moves)
    buffering, delay = int(model.calc_buffering_delay_samples()), int(model.calc_model_delay_samples())
    model_block = int(model.model_bs)
    expected = _expected(instrument, knobs, (rate, block, model_block, buffering), audio, moves)
    compared = expected.shape[1]
    difference = float((played[:, :compared] - expected).abs().max())
    return HostCase(
        rate, block, model_block, buffering, delay, difference, _measured(model, knobs, rate, block, audio)
    )


def _moves(samples: int) -> Tensor:
    """Knobs that jump: at rest, moved each on its own way, at their ends."""
    random = torch.rand(MOST_KNOBS, KNOB_STEPS, generator=torch.Generator().manual_seed(SEED))
    random[:, 0], random[:, -1] = 0.5, random[:, -1].round()
    return random.repeat_interleave(-(-samples // KNOB_STEPS), 1)[:, :samples].contiguous()


def _expected(
    instrument: LoadedInstrument,
    knobs: Sequence[PluginKnob],
    host: tuple[int, int, int, int],
    audio: Tensor,
    moves: Tensor,
) -> Tensor:
    """The expected output: the instrument's `play` of the same inner blocks, with the delay that the file reports."""
    rate, block, model_block, buffering = host
    described = instrument.description
    channels = described.channels_in
    sound = Inplace4pHermiteResampler(channels, described.channels_out, rate, described.sample_rate, block)
    linear = InplaceLinearResampler(MOST_KNOBS, MOST_KNOBS, rate, described.sample_rate, block)
    stream, signals = _each(sound.process_in, audio, block), _each(linear.process_in, moves, block)
    whole = stream.shape[1] // model_block * model_block
    torch.manual_seed(SEED)
    instrument.reset()
    played = _played(instrument, knobs, stream[:, :whole], signals[:, :whole], model_block)
    late = buffering // block * sound.out_bs
    shifted = torch.cat([torch.zeros(played.shape[0], late), played], 1)
    kept = min(shifted.shape[1], stream.shape[1]) // sound.out_bs * sound.out_bs
    return _each(sound.process_out, shifted[:, :kept], sound.out_bs)


def _played(
    instrument: LoadedInstrument, knobs: Sequence[PluginKnob], sound: Tensor, signals: Tensor, block: int
) -> Tensor:
    """`play` in blocks, and *wet* if it has a knob."""
    described = instrument.description
    stops = torch.zeros(len(described.stops), sound.shape[1])
    wet = torch.ones(sound.shape[1])
    for row, knob in enumerate(knobs):
        if knob.stop is None:
            wet = signals[row]
        else:
            stops[knob.stop] = (2 * signals[row] - 1).clamp(knob.minimum, knob.maximum)
    both = torch.cat([sound, stops]).unsqueeze(0)
    played = torch.cat([instrument.module.play(part).clone() for part in both.split(block, -1)], -1)[0]
    dry = torch.cat([torch.zeros(sound.shape[0], described.delay_samples), sound], 1)[:, : sound.shape[1]]
    return played + (dry - played) * (1.0 - wet)


def _each(process: Callable[[Tensor], Tensor], stream: Tensor, block: int) -> Tensor:
    """A resampler's outputs for a stream cut into blocks. It reuses its buffers, so each output is copied."""
    return torch.cat([process(part.contiguous()).clone() for part in stream.split(block, 1)], 1)


def _measured(model: Any, knobs: Sequence[PluginKnob], rate: int, block: int, audio: Tensor) -> int | None:
    """The delay of the input through the file with *wet* at 0: where their correlation is largest."""
    row = next((row for row, knob in enumerate(knobs) if knob.stop is None), None)
    if row is None:
        return None
    rest = torch.full((MOST_KNOBS, audio.shape[1]), 0.5)
    rest[row] = 0.0
    out = host_plays(model, rate, block, audio, rest)
    return delay_between(audio[0], out[0])


def delay_between(first: Tensor, second: Tensor) -> int:
    """The delay of the second sound after the first, in samples."""
    size = 2 * first.shape[0]
    spectrum = torch.fft.rfft(second, size) * torch.fft.rfft(first, size).conj()
    return int(torch.fft.irfft(spectrum, size)[: first.shape[0]].argmax())
