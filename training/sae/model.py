"""The sparse autoencoder: its equations, and its conversion from TopK to a threshold for each feature."""

import copy
import math
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from drawstop.errors import DrawstopError
from training.sae.config import SAEConfig, TrainingMetrics

_GAIN_FRAMES = 256
_FIT_FRAMES = 4096
_FIT_COLUMNS = 32  # features whose thresholds are fitted at once: bounds memory to frames x 32 numbers


def activate(
    pre_activations: torch.Tensor, architecture: str, k: int, threshold: torch.Tensor
) -> torch.Tensor:
    """Features from pre-activations; each frame's depend on that frame alone.

    `topk` keeps a frame's k largest values, after ReLU. All others keep each value above its feature's threshold.

    Shape: pre_activations `[..., n_features]`, threshold `[n_features]`; gives `[..., n_features]`, all >= 0.
    """
    if architecture != "topk":
        return pre_activations.relu() * (pre_activations > threshold)
    values, indices = pre_activations.topk(k, dim=-1)
    return torch.zeros_like(pre_activations).scatter(-1, indices, values.relu())


class SAE(nn.Module):
    """A sparse autoencoder of normalised frames `z = (x - mean) / scale`.

        f     = activate(z W_enc + b_enc)     [..., n_features], k of them not 0, at most or on average
        z_hat = f W_dec + b_dec               [..., d_in]

    The rows of W_dec have norm 1, so that a feature's value is the length it adds. The SAE sees z;
    `normalise` and `denormalise` go between z and the model's own frames x.

    Attributes:
        W_enc: `[d_in, n_features]`.  b_enc: `[n_features]`.
        W_dec: `[n_features, d_in]`.  b_dec: `[d_in]`.
        threshold: `[n_features]`; 0 for `topk`, all equal for `batchtopk` and `matryoshka`.
        mean: `[d_in]`.  scale: `[]`, the frames' root mean square about the mean.
        metrics: the training's metrics; None for an SAE that wasn't trained.
    """

    threshold: torch.Tensor
    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, config: SAEConfig) -> None:
        """Random unit decoder rows from `config.seed`, and the encoder as their transpose."""
        super().__init__()
        self.config = config
        self.metrics: TrainingMetrics | None = None
        generator = torch.Generator().manual_seed(config.seed)
        rows = functional.normalize(torch.randn(config.n_features, config.d_in, generator=generator), dim=1)
        self.W_dec = nn.Parameter(rows)
        self.W_enc = nn.Parameter(rows.T.clone())
        self.b_enc = nn.Parameter(torch.zeros(config.n_features), requires_grad=config.bias)
        self.b_dec = nn.Parameter(torch.zeros(config.d_in), requires_grad=config.bias)
        self.register_buffer("threshold", torch.zeros(config.n_features))
        self.register_buffer("mean", torch.zeros(config.d_in))
        self.register_buffer("scale", torch.ones(()))

    def normalise(self, x: torch.Tensor) -> torch.Tensor:
        """A model's frames x `[..., d_in]` as the SAE's z, same shape."""
        return (x - self.mean) / self.scale

    def denormalise(self, z: torch.Tensor) -> torch.Tensor:
        """The SAE's z `[..., d_in]` as a model's frames x, same shape."""
        return z * self.scale + self.mean

    def pre_activations(self, z: torch.Tensor) -> torch.Tensor:
        """`z W_enc + b_enc`: `[..., d_in]` gives `[..., n_features]`."""
        if z.shape[-1] != self.config.d_in:
            raise DrawstopError(f"expected frames [..., {self.config.d_in}], got shape {list(z.shape)}")
        return z @ self.W_enc + self.b_enc

    def encode(self, z: torch.Tensor) -> torch.Tensor:
        """Normalised frames `[..., d_in]` to features `[..., n_features]`."""
        return activate(self.pre_activations(z), self.config.architecture, self.config.k, self.threshold)

    def decode(self, features: torch.Tensor) -> torch.Tensor:
        """Features `[..., n_features]` to normalised frames `[..., d_in]`."""
        return features @ self.W_dec + self.b_dec

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The reconstruction of z: `[..., d_in]`, same shape."""
        return self.decode(self.encode(z))

    @torch.no_grad()
    def start_from(self, z: torch.Tensor) -> None:
        """Take normalised frames `[n_features, d_in]` as the first directions: features start where the data is."""
        rows = functional.normalize(z, dim=1)
        filled = torch.where(rows.norm(dim=1, keepdim=True) > 0, rows, self.W_dec)
        self.W_dec.copy_(functional.normalize(filled, dim=1))
        self.W_enc.copy_(self.W_dec.T)

    @torch.no_grad()
    def fit_encoder_gain(self, z: torch.Tensor) -> None:
        """Scale W_enc by `z · z_hat / |z_hat|²`, the gain that brings reconstructions nearest to frames `[frames, d_in]`.

        Needed where directions are similar, as those taken from frames are: k of them sum to far more than a frame.
        Only the first 256 frames are used.
        """
        z = z[:_GAIN_FRAMES]
        z_hat = activate(z @ self.W_enc, "topk", self.config.k, self.threshold) @ self.W_dec
        power = z_hat.square().sum()
        if power > 0:
            self.W_enc.mul_((z * z_hat).sum() / power)

    @torch.no_grad()
    def to_jumprelu(self, z: torch.Tensor) -> "SAE":
        """A copy that compares each feature with its own threshold instead of with the other features.

        The threshold lies where the feature fires as often on `z` as TopK lets it, so each feature keeps its
        rate and the frames keep their mean L0. A feature that TopK never lets through gets a threshold above
        all it reached.

        Args:
            z: normalised frames `[frames, d_in]` to fit on; take those of the training split.

        Raises:
            DrawstopError: the SAE isn't a TopK one, or there are no frames.
        """
        if self.config.architecture != "topk":
            raise DrawstopError(f"expected a topk SAE to convert, got {self.config.architecture}")
        if z.ndim != 2 or len(z) == 0:
            raise DrawstopError(
                f"expected frames [frames, {self.config.d_in}] to fit on, got shape {list(z.shape)}"
            )
        firings = torch.zeros(self.config.n_features, dtype=torch.int64, device=z.device)
        for first in range(0, len(z), _FIT_FRAMES):
            firings += (self.encode(z[first : first + _FIT_FRAMES]) > 0).sum(0)
        converted = copy.deepcopy(self)
        converted.config = replace(self.config, architecture="topk-jumprelu")
        for first in range(0, self.config.n_features, _FIT_COLUMNS):
            chosen = slice(first, first + _FIT_COLUMNS)
            values = (
                (z @ self.W_enc[:, chosen] + self.b_enc[chosen]).relu().sort(dim=0, descending=True).values
            )
            converted.threshold[chosen] = _between(values, firings[chosen])
        return converted


def _between(descending: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Per column, the threshold that exactly `counts` values exceed: midway, or just above the top where the count is 0.

    Shape: descending `[frames, features]`, counts `[features]`; gives `[features]`.
    """
    padded = functional.pad(descending, (0, 0, 0, 1))
    below = padded.gather(0, counts[None])[0]
    above = padded.gather(0, (counts - 1).clamp_min(0)[None])[0]
    return torch.where(counts > 0, (above + below) / 2, torch.nextafter(above, above.new_tensor(math.inf)))
