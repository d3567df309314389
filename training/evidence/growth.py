"""From a heard set to what its experiments on growth ask: examples to draw from, and SAEs of ever more of the sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from training.evidence.classification import control_shares
from training.evidence.clip_statistics import mean_features, shares_of
from training.evidence.clips import HeardSet
from training.evidence.draws import Examples
from training.recordings import Split
from training.sae.model import SAE
from training.sae.train import train

SHARES = (0.125, 0.25, 0.5, 1.0)
"""Of the training recordings, for SAEs of ever more sound."""
STEPS, QUICK_STEPS = 400, 150
LEAST_FRAMES = 512

Values = NDArray[np.float32]


def examples_of(heard: HeardSet, seed: int) -> Examples:
    """What classifiers of a few examples draw from. What the data set calls validation is learned from too."""
    splits: list[Split] = ["test" if split == "test" else "train" for split in heard.splits]
    new = np.array([each.new_timbre for each in heard.data.recordings])
    mixed = heard.labels.sum(1) > 1
    parts = {
        name: mask
        for name, mask in (("new timbres", new), ("several at once", mixed))
        if mask[[split == "test" for split in splits]].any()
    }
    return Examples(
        heard.shares,
        heard.raw,
        heard.log_mel,
        heard.labels,
        heard.concepts,
        splits,
        heard.groups,
        control_shares(heard, seed),
        parts,
    )


def features_by_minutes(heard: HeardSet, seed: int, quick: bool = False) -> dict[float, Values]:
    """Every recording's features, `[recordings, n_features]`, by SAEs of more and more minutes of the training recordings."""
    learned = [i for i, split in enumerate(heard.splits) if split != "test"]
    order = np.random.default_rng(seed).permutation(learned)
    found = {}
    for share in SHARES[-2:] if quick else SHARES:
        chosen = order[: max(1, round(share * len(order)))]
        frames = torch.from_numpy(np.concatenate([heard.frames[i] for i in chosen]))
        if len(frames) < LEAST_FRAMES:
            continue
        config = replace(
            heard.sae.config,
            architecture="topk",
            steps=QUICK_STEPS if quick else STEPS,
            batch_size=min(512, len(frames)),
            seed=seed,
        )
        sae = train(heard.sae.denormalise(frames), config)
        found[round(len(frames) / heard.frame_rate / 60, 2)] = _shares(sae, heard)
    return found


def _shares(sae: SAE, heard: HeardSet) -> Values:
    """The features' shares in every recording, its frames normalised by this SAE's own mean and scale."""
    own = [sae.normalise(heard.sae.denormalise(torch.from_numpy(z))) for z in heard.frames]
    return shares_of(np.stack([mean_features(sae, z.numpy()) for z in own]))
