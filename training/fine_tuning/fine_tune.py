"""Fine-tuning a RAVE so that its latents add up: z(a + b) near z(a) + z(b), which is what separation by stops rests on.

Encoder and decoder train together on crops of the user's recordings. Each pair of sounds a, b gives three encodings
and four decodings:

    z(a), z(b), z(a+b)               |z(a+b) - z(a) - z(b)|^2 / |z(a+b)|^2, on the posterior's means
    g z(a) -> g a, a random gain g   the latents' size carries the level (arXiv 2510.23530)
    z(b) -> b, z(a+b) -> a+b         spectral distance, on the full band and on the PQMF's
    z(a) + z(b) -> a+b               what a stop does with latents

Latents of zeros add up best of all, so the means' rms, relative to the sound's, is held where it was.
The same seed gives the same bits on one thread, also over an interruption.
"""

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.find.rave.mixtures import HIGHEST_GAIN, LOWEST_GAIN
from training.fine_tuning.crops import Crops
from training.metrics.distances import SCALES, additivity_error, spectral_distance
from training.models.rave.trainable import TrainableRave
from training.models.resumable_training import ResumableTraining

BAND_SCALES = (256, 64)
LOG_FLOOR = 0.003
"""Floor of the log spectra in training, as for the example RAVE; low enough that content above 4 kHz counts."""

SAVE_SECONDS = 120.0
"""Time that an interruption can cost: a full-sized RAVE's state is half a gigabyte, too much to write at each step."""

_MEASURED_PAIRS = 16
_ROTATION_PAIRS = 64
_MEASURE_SEED, _ROTATION_SEED = 0xE7A1, 0x9CA
_TINY = 1e-12  # keeps the level of silence finite
_GIVE_UP_AFTER = 20  # successive steps whose gradient isn't finite


@dataclass(frozen=True)
class FineTuneConfig:
    """Settings of a fine-tuning: with the run and the recordings they decide its result."""

    steps: int = 3000
    """Training steps."""
    seed: int = 0
    """Seed of the crops, gains and noise."""
    learning_rate: float = 2e-4
    """Adam's rate after a short rise; falls along a cosine to `final_share` of it."""
    additivity: float = 5.0
    """Weight of the additivity error beside the spectral distances."""
    pairs: int = 2
    """Pairs of sounds in a step."""
    samples: int = 32768
    """Length of a crop; rounded up to whole latent frames."""
    scale_weight: float = 0.5
    """Weight of the squared change, in nepers, of the means' rms relative to the sound's."""
    warmup_share: float = 0.02
    """Share of the steps over which the rate rises."""
    final_share: float = 0.03
    """Last rate, relative to `learning_rate`."""
    clip_norm: float = 10.0
    """Largest norm of the gradient."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.pairs < 1:
            raise DrawstopError(f"expected at least 1 step and 1 pair, got {self.steps} and {self.pairs}")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise DrawstopError(f"expected a learning rate above 0, got {self.learning_rate}")
        if not (math.isfinite(self.additivity) and self.additivity >= 0):
            raise DrawstopError(f"expected a weight of additivity of 0 or more, got {self.additivity}")
        if self.samples < 2 * max(SCALES):
            raise DrawstopError(f"expected crops of at least {2 * max(SCALES)} samples, got {self.samples}")

    def rate(self, step: int) -> float:
        """Learning rate of a step.

        >>> config = FineTuneConfig(steps=100, learning_rate=1.0, warmup_share=0.02, final_share=0.0)
        >>> [round(config.rate(step), 2) for step in (0, 1, 50, 100)]
        [0.5, 1.0, 0.5, 0.0]
        """
        rise = min(1.0, (step + 1) / max(1.0, self.warmup_share * self.steps))
        share = (1 + math.cos(math.pi * step / self.steps)) / 2
        return self.learning_rate * rise * (self.final_share + (1 - self.final_share) * share)


@dataclass(frozen=True)
class Metrics:
    """Metrics of a model on held-out recordings; no noise is drawn for them."""

    additivity: float
    """Additivity error of the latent means: 0 where latents add up."""
    distance: float
    """Spectral distance of reconstructed mixtures to the mixtures."""
    sum_distance: float
    """Spectral distance of decoded z(a) + z(b) to the mixtures a + b."""
    latent_rms: float
    """Root mean square of the latent means of mixtures."""


class FineTuning(ResumableTraining):
    """A fine-tuning in progress: model, Adam's state, the step, and the metrics before the first step.

    Args:
        path: the state's file, from which it goes on if it is there; None saves nothing.
        identity: the settings, and hashes of the run and the recordings; saved with the state.
    """

    def __init__(
        self,
        model: TrainableRave,
        training: Crops,
        held_out: Crops,
        config: FineTuneConfig,
        *,
        device: str = "cpu",
        path: Path | None = None,
        identity: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(path, config.steps)
        self.model, self.training, self.held_out, self.config = model.to(device), training, held_out, config
        self.device, self.identity, self._failed, self._saved = device, identity or {}, 0, time.monotonic()
        self.optimizer = torch.optim.Adam(model.trained_parameters(), config.learning_rate, betas=(0.5, 0.9))
        if self.resume():
            return
        self.before = measure(model, held_out, device)
        self.level = self._first_level()

    def is_due(self) -> bool:
        """True every SAVE_SECONDS."""
        return time.monotonic() > self._saved + SAVE_SECONDS

    def save(self) -> None:
        super().save()
        self._saved = time.monotonic()

    def train_step(self) -> dict[str, float]:
        """One step; gives its losses. Raises DrawstopError where the gradient stays infinite or NaN."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(self.step)
        rng = np.random.default_rng((self.config.seed, self.step))
        a, b = (side.to(self.device) for side in self.training.pairs(rng, self.config.pairs))
        gains = torch.from_numpy(rng.uniform(LOWEST_GAIN, HIGHEST_GAIN, (len(a), 1, 1))).to(a)
        # Noise is drawn on the processor and by the step's own seed: a resumed training draws the same.
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(int(rng.integers(2**62)))
            parts = self._losses(a, b, gains)
            loss = sum(parts.values(), torch.zeros((), device=self.device))
            self.optimizer.zero_grad()
            loss.backward()
        self._descend()
        return {name: float(part.detach()) for name, part in parts.items()}

    def finish(self) -> Metrics:
        """Fit the export's rotation to the new latents and measure them, after the last step."""
        rng = np.random.default_rng((self.config.seed, _ROTATION_SEED))
        frames = []
        with torch.no_grad():
            for _ in range(_ROTATION_PAIRS):
                a, b = (side.to(self.device) for side in self.training.pairs(rng, 1))
                mean, _ = self.model.posterior(self.model.bands(torch.cat([a, b, a + b])))
                frames.append(mean.transpose(1, 2).flatten(0, 1))
        self.model.centre_at_zero(torch.cat(frames))
        return measure(self.model, self.held_out, self.device)

    def state(self) -> dict[str, Any]:
        return {
            "identity": self.identity,
            "model": self.model.state_dict(),
            "adam": self.optimizer.state_dict(),
            "before": asdict(self.before),
            "level": self.level,
            "failed": self._failed,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["adam"])
        self.before, self.level = Metrics(**state["before"]), float(state["level"])
        self._failed = int(state["failed"])

    def _losses(self, a: Tensor, b: Tensor, gains: Tensor) -> dict[str, Tensor]:
        model, config = self.model, self.config
        audio = torch.cat([a, b, a + b])
        with torch.no_grad():
            bands = model.bands(audio)
        mean, deviation = model.posterior(bands)
        mean_a, mean_b, mean_sum = mean.chunk(3)
        noise = deviation * torch.randn(mean.shape).to(mean)
        z_a, z_b, z_sum = (mean + noise).chunk(3)
        z_added = mean_a + mean_b + noise.chunk(3)[2]
        bands_a, bands_b, bands_sum = bands.chunk(3)
        decoded = model.decode(torch.cat([gains * z_a, z_b, z_sum, z_added]), bands.shape[-1])
        target = torch.cat([gains * bands_a, bands_b, bands_sum, bands_sum])
        return {
            "multiband": _distance(decoded, target, BAND_SCALES),
            "fullband": _distance(model.audio(decoded), model.audio(target), SCALES),
            "additivity": config.additivity * additivity_error(mean_a, mean_b, mean_sum),
            "scale": config.scale_weight * (_level(mean, audio) - self.level).square(),
        }

    def _descend(self) -> None:
        norm = torch.nn.utils.clip_grad_norm_(self.model.trained_parameters(), self.config.clip_norm)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
            self._failed = 0
            return
        self._failed += 1
        if self._failed == _GIVE_UP_AFTER:
            raise DrawstopError(
                f"the gradient isn't finite at step {self.step}; try a smaller --learning-rate than {self.config.learning_rate}"
            )

    @torch.no_grad()
    def _first_level(self) -> float:
        rng = np.random.default_rng((self.config.seed, _ROTATION_SEED))
        levels = []
        for _ in range(_MEASURED_PAIRS):
            a, b = (side.to(self.device) for side in self.training.pairs(rng, 1))
            audio = torch.cat([a, b, a + b])
            levels.append(float(_level(self.model.posterior(self.model.bands(audio))[0], audio)))
        return sum(levels) / len(levels)


@torch.no_grad()
def measure(model: TrainableRave, held_out: Crops, device: str = "cpu") -> Metrics:
    """Metrics of a model on seeded pairs of held-out crops: the same pairs whatever the training's seed."""
    rng = np.random.default_rng(_MEASURE_SEED)
    rows = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_MEASURE_SEED)  # a decoder may hold a noise synthesiser
        for _ in range(_MEASURED_PAIRS):
            a, b = (side.to(device) for side in held_out.pairs(rng, 1))
            bands = model.bands(torch.cat([a, b, a + b]))
            mean_a, mean_b, mean_sum = model.posterior(bands)[0].chunk(3)
            decoded = model.audio(model.decode(torch.cat([mean_sum, mean_a + mean_b]), bands.shape[-1]))
            target = model.audio(bands[2:])
            values = (
                additivity_error(mean_a, mean_b, mean_sum),
                spectral_distance(decoded[0], target[0]),
                spectral_distance(decoded[1], target[0]),
                mean_sum.square().mean().sqrt(),
            )
            rows.append([float(value) for value in values])
    return Metrics(*(sum(column) / len(column) for column in zip(*rows, strict=True)))


def _distance(estimate: Tensor, target: Tensor, scales: tuple[int, ...]) -> Tensor:
    return spectral_distance(estimate.flatten(0, 1), target.flatten(0, 1), scales, log_epsilon=LOG_FLOOR)


def _level(mean: Tensor, audio: Tensor) -> Tensor:
    """Level of latent means relative to their sounds', in nepers, the batch's mean."""
    latents, sound = (signal.square().mean((1, 2)).add(_TINY).log() for signal in (mean, audio))
    return (latents - sound).mean() / 2
