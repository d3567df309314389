"""The cost of a training before it begins: from a short measured trial and arithmetic."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import torch

from drawstop.units import hours, size
from training.activations.shuffle import ShuffledRows
from training.activations.streamed_frames import ModelFrames
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.trainer import SAETrainer

NUMBER_BYTES = 4
STATES = 4
"""Numbers per weight while it is trained: itself, its gradient, and Adam's two averages. A checkpoint holds three of them."""
TRIAL_STEPS = 3
_NEVER = -100.0  # a bias that no value of noise comes up to
GOLDEN = (math.sqrt(5) - 1) / 2
"""Golden ratio: indices taken in steps of this share of a list are spread evenly, however many are taken."""


@dataclass(frozen=True)
class MeasuredRates:
    """What a trial measured.

    Attributes:
        frames_per_s: frames that the model gives per second, all sites in one pass.
        steps_per_s: training steps per second of the widest site, alone.
    """

    frames_per_s: float
    steps_per_s: float


@dataclass(frozen=True)
class Cost:
    """Hours and bytes of a run.

    Attributes:
        frames: frames that the model computes, each for all sites.
        buffer_bytes: held by the shuffle buffer; 0 where frames are read from disk as they are needed.
        weights_bytes: the SAEs of all sites in memory, with gradients and Adam's state.
        frames_bytes, checkpoint_bytes: on disk while it runs.  bank_bytes: on disk for good.
    """

    frames: int
    sites: int
    steps: int
    model_hours: float
    training_hours: float
    buffer_bytes: int
    weights_bytes: int
    frames_bytes: int
    checkpoint_bytes: int
    bank_bytes: int

    def text(self) -> str:
        """The cost in a few lines."""
        return "\n".join(
            [
                f"time: about {hours(self.model_hours + self.training_hours)} ({self.frames} frames of {self.sites} sites "
                f"{hours(self.model_hours)}, {self.steps} steps {hours(self.training_hours)}; from a short trial)",
                f"memory: {size(self.buffer_bytes)} shuffle buffer, {size(self.weights_bytes)} SAEs in training, and the model",
                f"disk: {size(self.frames_bytes)} frames and {size(self.checkpoint_bytes)} checkpoints until it is done, "
                f"{size(self.bank_bytes)} banks",
            ]
        )


def cost_of(
    pieces: list[range],
    total_frames: int,
    widths: list[int],
    config: SAEConfig,
    rates: MeasuredRates,
    *,
    stream: bool,
    buffer_frames: int | None,
) -> Cost:
    """Computes a run's hours and bytes from the trial's rates.

    Args:
        pieces: the training split's, see `ShuffledRows`.
        total_frames: frames of all recordings; all are stored, unless they are streamed.
        widths: numbers per frame of each site.
    """
    held = ShuffledRows(pieces, config.batch_size, config.seed, buffer_frames).held
    everything = held == sum(map(len, pieces))
    windows = -(-config.steps * config.batch_size // held)
    frames = total_frames if not stream else held if everything else held * windows
    weights = sum(config.n_features * (2 * width + 1) + width for width in widths)
    return Cost(
        frames=frames,
        sites=len(widths),
        steps=config.steps,
        model_hours=frames / rates.frames_per_s / 3600,
        training_hours=sum(width / max(widths) for width in widths) * config.steps / rates.steps_per_s / 3600,
        buffer_bytes=held * sum(widths) * NUMBER_BYTES if stream or buffer_frames is not None else 0,
        weights_bytes=weights * STATES * NUMBER_BYTES,
        frames_bytes=0 if stream else total_frames * sum(widths) * NUMBER_BYTES,
        checkpoint_bytes=weights * (STATES - 1) * NUMBER_BYTES,
        bank_bytes=weights * NUMBER_BYTES,
    )


def trial(frames: ModelFrames, config: SAEConfig, device: str, seconds: float = 0.0) -> MeasuredRates:
    """Measure the model and the widest site's SAE for `seconds` each, but at least for the shortest meaningful run."""
    return MeasuredRates(
        frames_rate(frames, seconds), steps_rate(max(frames.widths.values()), config, device, seconds)
    )


def frames_rate(frames: ModelFrames, seconds: float = 0.0) -> float:
    """Frames per second that the model gives, reading included.

    The longest piece is computed once untimed, then timed pieces follow until the time is over.
    """
    pieces = frames.all_pieces
    longest = max(range(len(pieces)), key=lambda number: len(pieces[number]))
    step = max(1, round(len(pieces) * GOLDEN))
    while math.gcd(step, len(pieces)) != 1:
        step += 1
    frames.piece(longest)
    done, start = 0, time.perf_counter()
    for turn in range(len(pieces)):
        number = (longest + turn * step) % len(pieces)
        frames.piece(number)
        done += len(pieces[number])
        if time.perf_counter() - start >= seconds:
            break
    return done / (time.perf_counter() - start)


def steps_rate(width: int, config: SAEConfig, device: str, seconds: float = 0.0) -> float:
    """Training steps per second of an SAE of this width, on noise, after a few untimed ones.

    Half of its features are dead, as some are in most of a training: their loss takes a third of a step.
    """
    sae = SAE(replace(config, d_in=width, dead_after_steps=1))
    with torch.no_grad():
        sae.b_enc[::2] = _NEVER
    run = SAETrainer(sae, device, "")
    x = torch.randn(config.batch_size, width).to(device)
    for _ in range(TRIAL_STEPS):
        float(run.train_step(x))
    done, start = 0, time.perf_counter()
    while done < TRIAL_STEPS or time.perf_counter() - start < seconds:
        float(run.train_step(x))
        done += 1
    return done / (time.perf_counter() - start)
