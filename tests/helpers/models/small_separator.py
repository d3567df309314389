"""A small separator with random weights, and banks of it."""

import torch
from torch import nn

from training.banks.separated_bank import SeparatedBank, SeparatedStop
from training.separation.separator import Separator, SeparatorConfig

CONFIG = SeparatorConfig(bands=(24, 12), channels=12, hidden=20, dilations=(1, 2, 1))
SAMPLE_RATE = 44100


def small_separator(seed: int = 0) -> Separator:
    """Random weights, statistics of the normalisations too, as after a training."""
    torch.manual_seed(seed)
    separator = Separator(CONFIG, SAMPLE_RATE)
    for module in separator.modules():
        if isinstance(module, nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2.0)
    nn.init.normal_(separator.head.shares.weight, std=0.3)
    return separator.eval().requires_grad_(False)


def query(seed: int) -> torch.Tensor:
    """A random query."""
    return 0.3 * torch.randn(CONFIG.query_size, generator=torch.Generator().manual_seed(seed))


def separated_bank(*names: str, fingerprint: str = "f" * 64) -> SeparatedBank:
    """A bank with a stop of each name, and one start."""
    stops = tuple(SeparatedStop(name, name, query(seed), 20.0) for seed, name in enumerate(names))
    return SeparatedBank(small_separator(), stops, fingerprint, {"first": query(99)})
