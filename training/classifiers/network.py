"""A small network that detects concepts in sound, to measure the stops' effects.

It is trained apart from every SAE and stop, sees sound only, and is never used to fit anything.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from training.classifiers.weights_file import CLASSIFIER, read_weights, write_weights
from training.data.clips import loud_enough
from training.metrics.mel import BANDS, mel_filters, window_samples

SILENT_FRAME_DB = -40.0
"""Frames this far below the clip's mean energy don't count."""
_LOG_EPSILON = 1e-3


class ConceptClassifier(nn.Module):
    """Says, for each frame and each clip, which concepts it detects; its answer doesn't depend on the gain."""

    window: Tensor
    filters: Tensor

    def __init__(self, concepts: tuple[str, ...] = ("guitar", "voice"), sample_rate: int = 44100) -> None:
        super().__init__()
        self.concepts = concepts
        self.sample_rate = sample_rate
        self.n_fft = window_samples(sample_rate)
        self.register_buffer("window", torch.hann_window(self.n_fft), persistent=False)
        self.register_buffer("filters", mel_filters(sample_rate, self.n_fft), persistent=False)
        self.spectral = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=(2, 1), padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=(2, 1), padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )
        self.temporal = nn.Sequential(
            nn.Dropout(0.2),
            nn.Conv1d(32 * BANDS // 8, 32, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(32, len(concepts), 1),
        )

    @property
    def frame_hop(self) -> int:
        """Samples between two frame logits: a hop is a quarter of a window, and the first convolution halves the rate."""
        return self.n_fft // 2

    def frame_logits(self, audio: Tensor) -> Tensor:
        """`[batch, samples]` -> `[batch, concepts, frames]`, one frame for every `frame_hop` samples."""
        return self._frames(audio)[0]

    def clip_logits(self, audio: Tensor) -> Tensor:
        """Mean of the frame logits, weighted by energy; silent frames don't count.

        Shape: `[batch, samples]` -> `[batch, concepts]`.
        """
        logits, weights = self._frames(audio)
        return (logits * weights[:, None]).sum(-1)

    def forward(self, audio: Tensor) -> Tensor:
        """The same as `clip_logits`."""
        return self.clip_logits(audio)

    @torch.no_grad()
    def detected(self, audio: Tensor, threshold: float = 0.5) -> Tensor:
        """Which concepts are detected with a probability above `threshold`; none in a clip below SILENCE_DBFS.

        Shape: `[batch, samples]` -> bool `[batch, concepts]`.
        """
        return (self.clip_logits(audio).sigmoid() > threshold) & loud_enough(audio)[:, None]

    def _frames(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Frame logits and frame weights that sum to 1."""
        level = audio.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-9)
        missing = max(self.n_fft - audio.shape[-1], 0)
        padded = nn.functional.pad(audio / level, (0, missing))
        spectrum = torch.stft(
            padded, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True, pad_mode="constant"
        )
        power = spectrum.real.square() + spectrum.imag.square()
        mel = (self.filters @ (power / self.window.square().sum()) + _LOG_EPSILON).log() / 3.0
        features = self.spectral(mel[:, None]).flatten(1, 2)
        energy = nn.functional.avg_pool1d(power.mean(1)[:, None], 2, ceil_mode=True)[:, 0]
        floor = energy.mean(-1, keepdim=True) * 10 ** (SILENT_FRAME_DB / 10)
        weights = torch.where(energy > floor, energy.sqrt(), 0.0)
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)
        logits: Tensor = self.temporal(features)
        return logits, weights


def save_classifier(path: Path, classifier: ConceptClassifier, metadata: dict[str, object]) -> None:
    """Write weights and a JSON description, atomically; DrawstopError where it can't be written."""
    description = {
        "concepts": list(classifier.concepts),
        "sample_rate": classifier.sample_rate,
        "metadata": metadata,
    }
    write_weights(path, CLASSIFIER, classifier.state_dict(), description)


def load_classifier(path: Path) -> ConceptClassifier:
    """A saved classifier, in eval mode. Raises DrawstopError for a missing, corrupt or foreign file."""
    description, weights = read_weights(path, CLASSIFIER)
    try:
        classifier = ConceptClassifier(tuple(description["concepts"]), int(description["sample_rate"]))
        classifier.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DrawstopError(
            f"{path} doesn't hold a classifier's weights: train or download it again"
        ) from error
    classifier.requires_grad_(False)
    return classifier.eval()
