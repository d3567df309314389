"""The delay of a streaming RAVE, declared from its filters.

A streaming convolution pads on the left only. What the training saw as look-ahead becomes delay: the right
half of a centred convolution, the cut of a transposed one, and the centre of the PQMF's linear-phase filters.
cached_conv notes each layer's share in `cumulative_delay` (in samples at that layer's output); chained
layers add up after the change of rate.
"""

from collections.abc import Iterable
from fractions import Fraction

import torch
from torch import nn


def delay_samples(script: torch.jit.ScriptModule) -> int:
    """Delay from input to output of a scripted RAVE, in samples at its rate.

    Wrong by construction for a model that was exported without `--streaming` (its filters look ahead): that
    delay is 0.
    """
    if not any(name.endswith((".pad", ".cache")) for name, _ in script.named_buffers()):
        return 0
    pqmf = script.pqmf
    bands = int(pqmf.hk.shape[0])
    encoder = script.encoder
    inner = getattr(encoder, "encoder", None)
    at_latent = _chain(Fraction(0), (inner if inner is not None else encoder).net.children())
    at_bands = _chain(at_latent, script.decoder.net.children())
    return round(at_bands * bands) + pqmf_delay_samples(pqmf)


def pqmf_delay_samples(pqmf: nn.Module) -> int:
    """Delay of PQMF analysis followed by synthesis, in samples: the centres of both linear-phase filters.

    Analysis: `hk` `[bands, length]` made odd, its centre at `length // 2`. Synthesis: the same taps, split
    into polyphase components of `length / bands` taps made odd, so the centre lies `length / bands // 2`
    band samples in, and one more block of `bands` samples because the polyphase components are read out
    reversed.
    """
    hk = pqmf.hk
    assert isinstance(hk, torch.Tensor)
    bands, length = int(hk.shape[0]), int(hk.shape[1])
    return length // 2 + (length // bands // 2) * bands + bands


def _chain(delay: Fraction, layers: Iterable[nn.Module]) -> Fraction:
    """Passes a delay through layers in a row; `delay` and the result are in samples at the respective
    rate."""
    for layer in layers:
        own = int(getattr(layer, "cumulative_delay", 0))
        stride = _stride(layer)
        is_transposed = hasattr(layer, "output_padding") and "Transpose" in str(
            getattr(layer, "original_name", "")
        )
        delay = (delay * stride if is_transposed else delay / stride) + own
    return delay


def _stride(layer: nn.Module) -> int:
    stride = getattr(layer, "stride", 1)
    return int(stride[0]) if isinstance(stride, tuple | list) else int(stride)
