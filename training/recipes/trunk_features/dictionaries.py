"""Dictionaries of the trunk's output: SAEs and the controls that they are measured beside.

A dictionary turns a step of the trunk into activities, of which each stands for a direction of the trunk's channels. Scaling an
activity moves the trunk along its direction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.evaluation.playback.edits import random_sae
from training.recipes.trunk_features.tuned import end_to_end, temporal
from training.sae.config import SAEConfig, read_architecture
from training.sae.losses import fraction_of_variance_explained
from training.sae.model import SAE
from training.sae.train import train
from training.separation.separator import Separator

OTHER_ARCHITECTURES = ("batchtopk", "matryoshka", "jumprelu")
FEATURES, K, STEPS = 1024, 24, 4000
RANDOM_DRAWS = 3
"""Number of random dictionaries of one seed; the first is measured beside every seed's SAE."""
LINEAR_FRAMES = 40_000
"""Frames that PCA and ICA are fitted on."""


@dataclass(frozen=True)
class Material:
    """Material that dictionaries are made from.

    Attributes:
        clips: the trunk's output on random mixtures, `[clips, steps, channels]`.
        unseen: steps of other mixtures, which measure, `[steps, channels]`.
        maps: maps of the bands of the first clips, in half precision, `[clips, steps, detail, bands]`.
        questions: the queries that the head was trained with, `[queries, query_size]`.
    """

    separator: Separator
    clips: Tensor
    unseen: Tensor
    maps: Tensor
    questions: Tensor


@dataclass(frozen=True)
class Dictionary:
    """Directions and how strongly each is present.

    Attributes:
        name: name of its kind; all draws of a random one have the same.
        encode: frames `[..., channels]` -> activities `[..., n]`.
        directions: the change of the trunk by an activity of 1, `[n, channels]`.
        about: variance explained on held-out frames, activities per frame that aren't 0, features that never fire.
        draw: its number among those of its kind and seed.
    """

    name: str
    encode: Callable[[Tensor], Tensor]
    directions: Tensor
    about: dict[str, Any]
    draw: int = 0


def topk_and_random(material: Material, seed: int) -> tuple[Dictionary, Dictionary]:
    """The first two of `first_dictionaries`, the same bits, without the others."""
    topk, seconds = _timed(lambda: _trained(material, "topk", seed))
    return _of_sae("topk SAE", topk, material.unseen, seconds), _random(topk, material, seed)


def first_dictionaries(material: Material, seed: int) -> list[Dictionary]:
    """The dictionaries of every seed: TopK SAE, two trained further from it for its use, random, PCA, channels."""
    topk, seconds = _timed(lambda: _trained(material, "topk", seed))
    generator = torch.Generator().manual_seed(seed)
    trunk_and_maps = material.clips[: len(material.maps)], material.maps
    same_shares, shares_seconds = _timed(
        lambda: end_to_end(topk, material.separator, trunk_and_maps, material.questions, generator)
    )
    lasting, lasting_seconds = _timed(lambda: temporal(topk, material.clips, generator))
    chosen, unseen = _chosen(material, seed), material.unseen
    return [
        _of_sae("topk SAE", topk, unseen, seconds),
        _random(topk, material, seed),
        _of_sae("end-to-end SAE", same_shares, unseen, seconds + shares_seconds),
        _of_sae("temporal SAE", lasting, unseen, seconds + lasting_seconds),
        _pca(chosen, seed),
        channels(chosen),
    ]


def other_dictionaries(material: Material, seed: int) -> list[Dictionary]:
    """The other kinds of SAE, more random ones, and ICA."""
    found = []
    for name in OTHER_ARCHITECTURES:
        sae, seconds = _timed(lambda name=name: _trained(material, name, seed))  # type: ignore[misc]
        found.append(_of_sae(f"{name} SAE", sae, material.unseen, seconds))
    found += [_random(sae, material, seed, draw) for draw in range(1, RANDOM_DRAWS)]
    return [*found, _ica(_chosen(material, seed), seed)]


def _trained(material: Material, architecture: str, seed: int) -> SAE:
    frames = material.clips.flatten(0, 1)
    return train(frames, _config(frames, architecture, seed))


def _random(like: SAE, material: Material, seed: int, draw: int = 0) -> Dictionary:
    """A random dictionary of an SAE's size."""
    control = random_sae(like, 1000 * (seed + 1) + draw)
    return replace(_of_sae("random SAE", control, material.unseen), draw=draw)


def _timed(make: Callable[[], SAE]) -> tuple[SAE, float]:
    """A function's result, and the core-seconds that it took."""
    started = time.process_time()
    return make(), time.process_time() - started


def _chosen(material: Material, seed: int) -> Tensor:
    frames = material.clips.flatten(0, 1)
    order = torch.randperm(len(frames), generator=torch.Generator().manual_seed(seed))
    return frames[order[:LINEAR_FRAMES]]


def direction(with_: Tensor, without: Tensor) -> Dictionary:
    """One direction: the difference between the mean step of clips with a concept and of clips without it.

    Shape: both `[clips, steps, channels]`.
    """
    means = [side.mean((0, 1)) for side in (with_, without)]
    step = means[0] - means[1]
    middle = (means[0] + means[1]) / 2
    return Dictionary(
        "difference of means",
        lambda x: ((x - middle) @ step / step.square().sum())[..., None],
        step[None],
        {},
    )


def _config(frames: Tensor, name: str, seed: int) -> SAEConfig:
    return SAEConfig(
        d_in=frames.shape[1],
        n_features=FEATURES,
        k=K,
        architecture=read_architecture(name),
        steps=STEPS,
        seed=seed,
        checkpoint_every=STEPS,
    )


@torch.no_grad()
def _of_sae(name: str, sae: SAE, held_out: Tensor, seconds: float | None = None) -> Dictionary:
    sae = sae.requires_grad_(False)
    z = sae.normalise(held_out)
    features = torch.cat([sae.encode(part) for part in z.split(4096)])
    about = {
        "explained": round(float(fraction_of_variance_explained(z, sae.decode(features))), 3),
        "active": round(float((features > 0).sum(1).float().mean()), 1),
        "dead": round(float((~(features > 0).any(0)).float().mean()), 3),
    }
    if seconds is not None:
        about["core_seconds"] = round(seconds, 1)
    return Dictionary(name, lambda x: sae.encode(sae.normalise(x)), sae.W_dec * sae.scale, about)


def channels(frames: Tensor) -> Dictionary:
    mean = frames.mean(0)
    return Dictionary("channels", lambda x: x - mean, torch.eye(frames.shape[1]), {})


def _pca(frames: Tensor, seed: int) -> Dictionary:
    from sklearn.decomposition import PCA

    fitted = PCA(random_state=seed).fit(frames.numpy())
    return _linear("PCA", fitted.mean_, fitted.components_.T, fitted.components_)


def _ica(frames: Tensor, seed: int) -> Dictionary:
    from sklearn.decomposition import FastICA

    fitted = FastICA(whiten="unit-variance", random_state=seed, max_iter=400, tol=1e-3).fit(frames.numpy())
    return _linear("ICA", fitted.mean_, fitted.components_.T, fitted.mixing_.T)


def _linear(name: str, mean: Any, analysis: Any, directions: Any) -> Dictionary:
    about, into, out = (
        torch.from_numpy(np.asarray(each, np.float32)) for each in (mean, analysis, directions)
    )
    return Dictionary(name, lambda x: (x - about) @ into, out, {})
