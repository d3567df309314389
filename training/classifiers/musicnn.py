"""A published music tagger as an independent classifier: its scores say how strongly guitar and voice sound in a clip.

The network is `MTT_musicnn` of musicnn 0.1.0 (J. Pons and X. Serra, "musicnn: pre-trained convolutional neural
networks for music audio tagging", 2019), trained by its authors on the recordings of MagnaTagATune: it was never given
this project's sounds, and nothing here is ever fitted with it.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from drawstop.audio.files import resample
from drawstop.errors import DrawstopError
from training.classifiers.weights_file import MUSICNN, read_weights, write_weights
from training.data.clips import loud_enough

SAMPLE_RATE = 16000
N_FFT = 512
HOP = 256
BANDS = 96
WINDOW_FRAMES = 187
"""The network reads windows of this many frames, 3 s, one after the other."""

# fmt: off
TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
    "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals",
    "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft",
    "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal",
    "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral",
)
"""MagnaTagATune's fifty most used tags, in the order of the network's outputs."""

VOICE_TAGS = (
    "vocal", "vocals", "singing", "voice", "male vocal", "female vocal", "male voice", "female voice",
    "male", "female", "man", "woman", "choir", "choral", "opera",
)
# fmt: on
CONCEPT_TAGS = {"guitar": ("guitar",), "voice": VOICE_TAGS}
"""A concept's score is that of its strongest tag."""

_TIMBRE_WIDTHS = (38, 67)
_RHYTHM_FRAMES = (128, 64, 32)
_RHYTHM_CHANNELS = 51
_TIMBRE_CHANNELS = 204
_MIDDLE_CHANNELS = 64
_HIDDEN = 200
_NORM_EPSILON = 1e-3
_LOG_GAIN = 10000.0
_HALF_MAX = 65504.0
_SCORE_EPSILON = 1e-6
_WINDOWS_AT_ONCE = 8


def slaney_filters() -> Tensor:
    """Triangular filters of unit area on Slaney's mel scale: linear below 1 kHz, logarithmic above, as librosa makes
    them.

    Shape: `[BANDS, N_FFT // 2 + 1]`.
    """
    knee_hz, knee, step = 1000.0, 15.0, math.log(6.4) / 27
    highest = knee + math.log(SAMPLE_RATE / 2 / knee_hz) / step
    mels = torch.linspace(0, highest, BANDS + 2, dtype=torch.float64)
    edges = torch.where(mels < knee, mels * knee_hz / knee, knee_hz * ((mels - knee) * step).exp())
    hz = torch.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1, dtype=torch.float64)
    rising = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).float()


class Network(nn.Module):
    """musicnn's layers: log-mel windows in, the tags' logits out.

    Filters wide in frequency (timbre) or long in time (rhythm), each channel at its loudest frequency; three
    convolutions over time with shortcuts; the maximum and the mean over time; two dense layers.

    Shape: `[windows, frames, BANDS]` -> `[windows, tags]`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, _NORM_EPSILON)
        self.front = nn.ModuleList(
            [_front(7, width, _TIMBRE_CHANNELS) for width in _TIMBRE_WIDTHS]
            + [_front(frames, 1, _RHYTHM_CHANNELS) for frames in _RHYTHM_FRAMES]
        )
        channels = len(_TIMBRE_WIDTHS) * _TIMBRE_CHANNELS + len(_RHYTHM_FRAMES) * _RHYTHM_CHANNELS
        self.middle = nn.ModuleList(_middle(size) for size in (channels, _MIDDLE_CHANNELS, _MIDDLE_CHANNELS))
        pooled = 2 * (channels + 3 * _MIDDLE_CHANNELS)
        self.back = nn.Sequential(
            nn.BatchNorm1d(pooled, _NORM_EPSILON),
            nn.Linear(pooled, _HIDDEN),
            nn.ReLU(),
            nn.BatchNorm1d(_HIDDEN, _NORM_EPSILON),
            nn.Linear(_HIDDEN, len(TAGS)),
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Log-mel windows `[windows, frames, bands]` -> a logit of each tag, `[windows, tags]`."""
        image = self.input_norm(windows[:, None])
        first = torch.cat([layer(image).amax(3) for layer in self.front], 1)
        features, last = [first], self.middle[0](first)
        features.append(last)
        for layer in list(self.middle)[1:]:
            last = last + layer(last)
            features.append(last)
        over_time = torch.cat(features, 1)
        logits: Tensor = self.back(torch.stack([over_time.amax(2), over_time.mean(2)], 2).flatten(1))
        return logits


def _front(frames: int, width: int, channels: int) -> nn.Sequential:
    """Keeps the number of frames: an even length looks one frame further ahead than back, as in TensorFlow."""
    padding = nn.ZeroPad2d((0, 0, (frames - 1) // 2, frames // 2))
    norm = nn.BatchNorm2d(channels, _NORM_EPSILON)
    return nn.Sequential(padding, nn.Conv2d(1, channels, (frames, width)), nn.ReLU(), norm)


def _middle(size: int) -> nn.Sequential:
    norm = nn.BatchNorm1d(_MIDDLE_CHANNELS, _NORM_EPSILON)
    return nn.Sequential(nn.Conv1d(size, _MIDDLE_CHANNELS, 7, padding=3), nn.ReLU(), norm)


class Musicnn(nn.Module):
    """Scores of concepts in whole clips, in 0..1, and whether each is detected: its score above its threshold.

    A score is the mean over the clip's 3 s windows; what is left at the end, under 3 s, isn't read, and a clip
    shorter than a window is repeated until it fills one.
    """

    concepts = tuple(CONCEPT_TAGS)
    window: Tensor
    filters: Tensor

    def __init__(self, thresholds: Sequence[float] = (0.5, 0.5)) -> None:
        super().__init__()
        if len(thresholds) != len(self.concepts) or not all(0 < value < 1 for value in thresholds):
            raise ValueError(f"expected a threshold in 0..1 for each of {self.concepts}, got {thresholds}")
        self.thresholds = tuple(thresholds)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("filters", slaney_filters(), persistent=False)
        self.network = Network()
        self.eval()

    @torch.no_grad()
    def tags(self, audio: Tensor, sample_rate: int) -> Tensor:
        """The probability of every tag of TAGS. `[batch, samples]` -> `[batch, tags]` in 0..1.

        Raises:
            ValueError: audio of another shape, or without samples.
        """
        windows = _windows(self._log_mel(_resampled(audio, sample_rate)))
        parts = [self.network(part).sigmoid() for part in windows.flatten(0, 1).split(_WINDOWS_AT_ONCE)]
        return torch.cat(parts).view(*windows.shape[:2], -1).mean(1)

    def scores(self, audio: Tensor, sample_rate: int) -> Tensor:
        """How strongly each concept sounds. `[batch, samples]` -> `[batch, concepts]` in 0..1. Raises as `tags`."""
        tags = self.tags(audio, sample_rate)
        columns = [[TAGS.index(name) for name in CONCEPT_TAGS[concept]] for concept in self.concepts]
        return torch.stack([tags[:, column].amax(1) for column in columns], 1)

    def logits(self, audio: Tensor, sample_rate: int) -> Tensor:
        """The scores p as log(p / (1 - p)). `[batch, samples]` -> `[batch, concepts]`. Raises as `tags`."""
        return self.scores(audio, sample_rate).logit(_SCORE_EPSILON)

    def detected(self, audio: Tensor, sample_rate: int) -> Tensor:
        """Which concepts score above their thresholds; none in a clip below SILENCE_DBFS.

        Shape: `[batch, samples]` -> bool `[batch, concepts]`. Raises as `tags`.
        """
        above = self.scores(audio, sample_rate) > torch.tensor(self.thresholds)
        return above & loud_enough(audio)[:, None]

    def _log_mel(self, audio: Tensor) -> Tensor:
        """`[batch, samples]` at SAMPLE_RATE -> `[batch, frames, BANDS]`, with musicnn's rounding to float16."""
        padded = nn.functional.pad(audio, (0, max(N_FFT - audio.shape[-1], 0)))
        spectrum = torch.stft(padded, N_FFT, HOP, window=self.window, return_complex=True)
        mel = self.filters @ (spectrum.real.square() + spectrum.imag.square())
        return (mel.clamp(max=_HALF_MAX).half().float() * _LOG_GAIN + 1).log10().transpose(1, 2)


def _resampled(audio: Tensor, sample_rate: int) -> Tensor:
    """`[batch, samples]` -> the same at SAMPLE_RATE."""
    if audio.dim() != 2 or audio.shape[0] == 0 or audio.shape[1] == 0:
        raise ValueError(
            f"expected audio [batch, samples] with at least one of each, got {list(audio.shape)}"
        )
    if sample_rate == SAMPLE_RATE:
        return audio
    return torch.from_numpy(resample(audio.detach().numpy(), sample_rate, SAMPLE_RATE))


def _windows(frames: Tensor) -> Tensor:
    """`[batch, frames, bands]` -> `[batch, windows, WINDOW_FRAMES, bands]`."""
    repeats = -(-WINDOW_FRAMES // frames.shape[1])
    if repeats > 1:
        frames = frames.repeat(1, repeats, 1)[:, :WINDOW_FRAMES]
    return frames.unfold(1, WINDOW_FRAMES, WINDOW_FRAMES).transpose(2, 3)


def save_musicnn(
    path: Path, musicnn: Musicnn, metadata: Mapping[str, object], weights: Mapping[str, Tensor] | None = None
) -> None:
    """Write the network and its JSON description, atomically; DrawstopError where it can't be written.

    Args:
        path: the file to write.
        musicnn: the network.
        metadata: the weights' source, licence and held-out results.
        weights: its weights in other number types; None keeps float32.
    """
    description = {
        "thresholds": dict(zip(musicnn.concepts, musicnn.thresholds, strict=True)),
        "metadata": dict(metadata),
    }
    write_weights(path, MUSICNN, musicnn.state_dict() if weights is None else weights, description)


def load_musicnn(path: Path) -> Musicnn:
    """A saved network, in eval mode. Raises DrawstopError for a missing, corrupt or foreign file."""
    description, weights = read_weights(path, MUSICNN)
    try:
        musicnn = Musicnn([float(description["thresholds"][concept]) for concept in Musicnn.concepts])
        musicnn.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DrawstopError(f"{path} doesn't hold musicnn's weights: convert or download it again") from error
    musicnn.requires_grad_(False)
    return musicnn.eval()
