"""The delay of a streaming RAVE, declared from its filters.

A streaming convolution pads on the left only. What the training saw as look-ahead becomes delay: the right
half of a centred convolution, the cut of a transposed one, and the centre of the PQMF's linear-phase filters.
cached_conv notes each layer's share in `cumulative_delay` (in samples at that layer's output). A v2's layers note
their own part, and the parts of layers in a row add up after the change of rate; a v1's note what has added up so far.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import nn


@dataclass(frozen=True)
class Delays:
    """Delay in samples at the model's rate: sound to latents, latents to sound, and both in a row."""

    encode: int = 0
    decode: int = 0
    whole: int = 0


def read_delays(script: torch.jit.ScriptModule) -> Delays:
    """The delays of a scripted RAVE.

    Wrong by construction for a model that was exported without `--streaming` (its filters look ahead): its
    delays are 0.
    """
    if not any(name.endswith((".pad", ".cache")) for name, _ in script.named_buffers()):
        return Delays()
    analysis, synthesis = pqmf_delays(script.pqmf)
    bands = int(script.pqmf.hk.shape[0])
    ratio = int(script.encode_params[3])
    net = getattr(script.encoder, "encoder", script.encoder).net
    if str(script.decoder.original_name) == "Generator":
        at_latent = Fraction(_last(net.children()))
        at_bands = at_latent * (ratio // bands) + int(script.decoder.synth.cumulative_delay)
    else:
        at_latent = _chain(Fraction(0), net.children())
        at_bands = _chain(at_latent, script.decoder.net.children())
    encode = round(at_latent * ratio) + analysis
    whole = round(at_bands * bands) + analysis + synthesis
    return Delays(encode, whole - encode, whole)


def pqmf_delays(pqmf: nn.Module) -> tuple[int, int]:
    """Delays of PQMF analysis and of synthesis, in samples: the centres of their linear-phase filters.

    Analysis: `hk` `[bands, length]` made odd, its centre at `length // 2`. Synthesis: the same taps, split
    into polyphase components of `length / bands` taps made odd, so the centre lies `length / bands // 2`
    band samples in, and one more block of `bands` samples because the polyphase components are read out
    reversed.
    """
    hk = pqmf.hk
    assert isinstance(hk, torch.Tensor)
    bands, length = int(hk.shape[0]), int(hk.shape[1])
    if bands == 1:  # one band is the sound itself
        return 0, 0
    return length // 2, (length // bands // 2) * bands + bands


def _last(layers: Iterable[nn.Module]) -> int:
    """The delay that is noted in the last layer that has one."""
    return [int(layer.cumulative_delay) for layer in layers if hasattr(layer, "cumulative_delay")][-1]  # type: ignore[arg-type]


def _chain(delay: Fraction, layers: Iterable[nn.Module]) -> Fraction:
    """The delay after layers in a row; `delay` and the result are in samples at their own rates."""
    for layer in layers:
        added = int(getattr(layer, "cumulative_delay", 0))
        stride = _stride(layer)
        is_transposed = hasattr(layer, "output_padding") and "Transpose" in str(
            getattr(layer, "original_name", "")
        )
        delay = (delay * stride if is_transposed else delay / stride) + added
    return delay


def _stride(layer: nn.Module) -> int:
    stride = getattr(layer, "stride", 1)
    return int(stride[0]) if isinstance(stride, tuple | list) else int(stride)
