"""An SAE of another library as that library computes it, and as an SAE of ours that gives the same features.

Key idea: whatever scale or mean our frames are brought to, an affine map before an encoder and behind a decoder can be
folded into both. So features keep their numbers.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from drawstop.errors import DrawstopError
from training.sae.config import Architecture, SAEConfig
from training.sae.model import SAE

Tensors = Mapping[str, Tensor]
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class ForeignSAE:
    """`f = activate(y W_enc + b_enc)`, `y_hat = f W_dec + b_dec` of frames y as its library took them. All float64.

    Attributes:
        weights: W_enc `[d_in, n_features]`, b_enc `[n_features]`, W_dec `[n_features, d_in]`, b_dec `[d_in]`.
        threshold: `[n_features]`: a feature is let through above it. None for TopK.
        k: the features that a frame keeps. None where thresholds decide.
        library, architecture: as they call themselves.
        hook: the place in a model and the model, as the file has them; "" if it has none.
        unscaled: the frames that it was trained on were scaled, and the factor isn't in the weights.
    """

    weights: Weights
    threshold: Tensor | None
    k: int | None
    library: str
    architecture: str
    hook: str = ""
    unscaled: bool = False

    @property
    def d_in(self) -> int:
        """Numbers per frame."""
        return self.weights["W_enc"].shape[0]

    @property
    def n_features(self) -> int:
        """Features in the dictionary."""
        return self.weights["W_enc"].shape[1]

    def as_ours(
        self, mean: Tensor, scale: float, times: float = 1.0, centre: bool = False, k: int = 1
    ) -> SAE:
        """An SAE of frames z = (x - mean) / scale whose features are those that this one gives of `times * x`.

        `times * x = times * scale * z + times * mean` is folded into the encoder, its inverse into the decoder, in float64.

        Args:
            mean: `[d_in]`.
            k: the config's k where thresholds decide: active features in a frame, on average.
        """
        weights, gain, offset = self.weights, times * scale, times * mean.double()
        architecture: Architecture = "jumprelu" if self.k is None else "topk"
        config = SAEConfig(
            self.d_in, self.n_features, self.k or k, architecture, centre=centre, bias=True, steps=1
        )
        sae = SAE(config)
        state = {
            "W_enc": gain * weights["W_enc"],
            "b_enc": weights["b_enc"] + offset @ weights["W_enc"],
            "W_dec": weights["W_dec"] / gain,
            "b_dec": (weights["b_dec"] - offset) / gain,
            "threshold": torch.zeros(self.n_features) if self.threshold is None else self.threshold,
            "mean": mean,
            "scale": torch.tensor(scale),
        }
        sae.load_state_dict({name: tensor.float() for name, tensor in state.items()})
        return sae


def whole_k(k: object, n_features: int, path: Path) -> int:
    """A TopK's k. Raises DrawstopError for an impossible one."""
    if not isinstance(k, int) or not 1 <= k <= n_features:
        raise DrawstopError(f"{path}: expected k, a whole number in 1..{n_features}, got {k!r}")
    return k


def float64(
    tensors: Tensors, names: Mapping[str, str], path: Path, transposed: Collection[str] = ()
) -> dict[str, Tensor]:
    """Tensors by our names from tensors by theirs.

    Args:
        names: their name for `W_enc`, `b_enc`, `W_dec`, `b_dec`, and for others with one number per feature, or one for
            all.
        transposed: our names of the tensors that are stored transposed.

    Raises:
        DrawstopError: a tensor is missing, isn't finite, or has a shape that doesn't fit W_enc's.
    """
    missing = [theirs for theirs in names.values() if theirs not in tensors]
    if missing:
        raise DrawstopError(
            f"{path}: expected the tensors {', '.join(names.values())}, got {', '.join(sorted(tensors)) or 'none'}; it is "
            "damaged, or of another kind than it says"
        )
    own = {ours: tensors[theirs].double() for ours, theirs in names.items()}
    own |= {name: own[name].T for name in transposed}
    if own["W_enc"].ndim != 2:
        raise DrawstopError(
            f"{path}: expected a matrix {names['W_enc']}, got shape {list(own['W_enc'].shape)}"
        )
    d_in, n_features = own["W_enc"].shape
    shapes = {"W_enc": [d_in, n_features], "W_dec": [n_features, d_in], "b_dec": [d_in]}
    for name, tensor in own.items():
        shape = shapes.get(name, [n_features])
        if (
            list(tensor.shape) != shape and (name in ("b_enc", *shapes) or tensor.ndim)
        ) or not tensor.isfinite().all():
            raise DrawstopError(
                f"{path}: expected finite {names[name]} {shape}, got shape {list(tensor.shape)}"
            )
    return own


def safetensors_of(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises DrawstopError for a missing or damaged one."""
    return _opened(path, lambda: load_file(str(path)))


def pickled_tensors_of(path: Path) -> dict[str, Tensor]:
    """The state dict of a file that torch.save wrote; runs no code that is in it. Raises DrawstopError as `safetensors_of`."""
    content = _opened(path, lambda: torch.load(path, map_location="cpu", weights_only=True))
    if not isinstance(content, dict) or not all(isinstance(each, Tensor) for each in content.values()):
        raise DrawstopError(f"{path}: expected a state dict (names and tensors), got something else")
    return content


def _opened(path: Path, read: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    if not path.is_file():
        raise DrawstopError(f"no SAE in {path.parent}: {path.name} is missing")
    try:
        return read()
    except (SafetensorError, RuntimeError, ValueError, EOFError, OSError, KeyError) as error:
        raise DrawstopError(f"{path} is damaged ({error}): save or download it again") from error
    except Exception as error:
        # torch.load raises pickle's errors, which are of no common class, for what isn't tensors
        if type(error).__module__ not in ("pickle", "_pickle"):
            raise
        raise DrawstopError(
            f"{path} holds something else than tensors, which is never opened: save its state_dict"
        ) from error
