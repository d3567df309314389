"""A trained SAE trained on for its use: so that the head finds the same, or so that neighbouring steps agree.

Both start from a trained TopK SAE, keep the reconstruction's error in the loss, and leave normalisation and k as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from training.sae.losses import reconstruction_loss
from training.sae.model import SAE
from training.separation.separator import Separator

STEPS, CLIPS, RATE = 600, 8, 5e-4
SHARES_WEIGHT = 20.0
"""Weight of a nat of shares beside the reconstruction's mean squared error."""
HIGH_LEVEL = 5
"""One in this many features is of the high level, which should change slowly."""
PAIRS, APART, AGREEMENT_WEIGHT = 256, 8, 0.1
"""Pairs of steps of a batch, steps between the two of a pair (93 ms), and the weight of their agreement."""
TEMPERATURE = 0.1


def end_to_end(
    sae: SAE,
    separator: Separator,
    trunk_and_maps: tuple[Tensor, Tensor],
    questions: Tensor,
    generator: torch.Generator,
) -> SAE:
    """An SAE after which the head's shares stay what they were (end-to-end SAE, Braun et al. 2024, arXiv 2405.12241).

    Args:
        trunk_and_maps: the trunk's output `[clips, steps, channels]`, and maps of bands in half precision
            `[clips, steps, detail, bands]`.
        questions: queries, of which each clip of a batch is asked one, `[queries, query_size]`.
    """

    def loss(own: SAE) -> Tensor:
        outputs, detail = trunk_and_maps
        drawn = torch.randint(len(outputs), (CLIPS,), generator=generator)
        trunk, maps = outputs[drawn], detail[drawn].float()
        asked = questions[torch.randint(len(questions), (CLIPS,), generator=generator)]
        with torch.no_grad():
            shares = separator.head(trunk, maps, asked)[0].clamp(1e-4, 1 - 1e-4)
        z = own.normalise(trunk)
        z_hat = own(z)
        found = separator.head(own.denormalise(z_hat), maps, asked)[0].clamp(1e-4, 1 - 1e-4)
        difference = functional.binary_cross_entropy(found, shares) - functional.binary_cross_entropy(
            shares, shares
        )
        return reconstruction_loss(z, z_hat) + SHARES_WEIGHT * difference

    return _trained_on(sae, loss)


def temporal(sae: SAE, clips: Tensor, generator: torch.Generator) -> SAE:
    """An SAE whose first features agree between neighbouring steps (temporal SAE, arXiv 2511.05541).

    The first fifth of the features reconstructs alone, and all do; two steps of a clip, 93 ms apart, are to be told from the
    batch's other pairs by the first fifth (InfoNCE).

    Args:
        clips: the trunk's output, `[clips, steps, channels]`.
    """
    high = sae.config.n_features // HIGH_LEVEL

    def loss(own: SAE) -> Tensor:
        chosen = torch.randint(len(clips), (PAIRS,), generator=generator)
        first = torch.randint(clips.shape[1] - APART, (PAIRS,), generator=generator)
        z = own.normalise(torch.cat([clips[chosen, first], clips[chosen, first + APART]]))
        features = own.encode(z)
        part = features[:, :high]
        errors = reconstruction_loss(z, own.decode(features)) + reconstruction_loss(
            z, part @ own.W_dec[:high] + own.b_dec
        )
        now, next_ = functional.normalize(part + 1e-6, dim=1).split(PAIRS)
        logits = now @ next_.T / TEMPERATURE
        same = torch.arange(PAIRS)
        agreement = functional.cross_entropy(logits, same) + functional.cross_entropy(logits.T, same)
        return errors + AGREEMENT_WEIGHT * agreement

    return _trained_on(sae, loss)


def _trained_on(sae: SAE, loss: Callable[[SAE], Tensor]) -> SAE:
    own = copy.deepcopy(sae).requires_grad_(True)
    weights = [own.W_enc, own.b_enc, own.W_dec, own.b_dec]
    optimizer = torch.optim.Adam(weights, lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS, RATE / 20)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(own).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            own.W_dec.copy_(functional.normalize(own.W_dec, dim=1))
    return own.requires_grad_(False)
