"""What each feature responds to: correlations with descriptors of the sound, AUROC for each label, a proposed name.

Key idea: neighbouring frames are alike, so a plain significance test calls every correlation significant. The null
distribution comes from shifting the descriptors in time against the features, which keeps both courses and destroys
their relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.encoded_set import EncodedSet
from training.evaluation.probes.clip_statistics import features_of
from training.evaluation.probes.linear_probe import Indices, Numbers
from training.metrics.descriptors import DESCRIPTORS
from training.metrics.types import Bools, Floats

STEP_SECONDS = 0.1
SIGNIFICANT = 0.05
"""False discovery rate up to which a correlation or an AUROC is significant (Benjamini & Hochberg 1995)."""
FOLLOWS = 0.3
"""Strength from which a descriptor is part of the name; see `Following.strengths`."""
NAMED_FROM_AUROC = 0.75
"""AUROC from which a label is part of the name."""
MOST_WORDS = 3
MOMENTS = 3
"""Moments listed for a feature, at most."""
_FEWEST = 3  # recordings with and without a label, for an AUROC
WORDS = {
    "pitch": ("high", "low"),
    "loudness": ("loud", "quiet"),
    "brightness": ("bright", "dark"),
    "onset": ("attack", "sustained"),
    "noisiness": ("noisy", "tonal"),
}
"""The names of a feature that rises with a descriptor, and of one that falls."""


@dataclass(frozen=True)
class Following:
    """How features follow descriptors. All `[n_features, 5]`.

    Attributes:
        correlations: Spearman's.
        strengths: correlations as shares of the largest that the feature's ties (its pauses) allow.
        q: false discovery rate of each correlation, against the null distribution of time shifts.
        control: the same for descriptors that were themselves shifted; almost none should be significant.
    """

    correlations: Numbers
    strengths: Numbers
    q: Numbers
    control: Numbers


def follow(values: Floats, descriptors: Floats, least_shift: int, seed: int, shifts: int) -> Following:
    """Correlates every feature with every descriptor, over steps of time.

    Args:
        values: `[steps, n_features]`, recordings one after another.
        descriptors: `[steps, 5]`; steps in which a descriptor is NaN are left out for it.
        least_shift: least shift of the descriptors, in steps: the longest recording's length.
        shifts: how many shifts the null distribution has.
    """
    from scipy.stats import t

    rng = np.random.default_rng(seed)
    found = [_follow_one(values, column, least_shift, rng, shifts) for column in descriptors.T]
    rho, strength, far, control = (np.stack(each, 1) for each in zip(*found, strict=True))
    p, shifted = (2 * t.sf(np.abs(each), shifts - 1) for each in (far, control))
    return Following(rho, strength, discovery_rates(p), discovery_rates(shifted))


def _follow_one(
    values: Floats, descriptor: Floats, least_shift: int, rng: np.random.Generator, shifts: int
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Correlation, strength, Student's t against the null distribution, and the same t of a shifted descriptor."""
    from scipy.stats import rankdata

    known = np.isfinite(descriptor)
    if known.sum() < 3 or np.ptp(descriptor[known]) == 0:
        nothing = np.zeros(values.shape[1])
        return nothing, nothing, nothing, nothing
    x = _standard(rankdata(values[known], axis=0))
    y = _standard(rankdata(descriptor[known])[:, None])[:, 0]
    count = len(y)
    rho = y @ x / count
    most = np.sort(y) @ np.sort(x, axis=0) / count
    least = min(least_shift, count // 3)
    moved = rng.integers(least, max(count - least, least + 1), size=shifts + 1)
    by_chance = np.stack([np.roll(y, shift) for shift in moved]) @ x / count
    mean, spread = by_chance[1:].mean(0), by_chance[1:].std(0, ddof=1) * np.sqrt(1 + 1 / shifts)
    far = [_ratio(each - mean, spread) for each in (rho, by_chance[0])]
    return rho, _ratio(rho, most), far[0], far[1]


def _standard(x: Numbers) -> Numbers:
    """Columns of mean 0 and standard deviation 1; constant ones are 0."""
    centred = x - x.mean(0)
    return _ratio(centred, centred.std(0))


def _ratio(x: Numbers, y: Numbers) -> Numbers:
    return np.divide(x, y, out=np.zeros_like(x), where=np.broadcast_to(y > 1e-12, x.shape))


def discovery_rates(p: Numbers) -> Numbers:
    """P values as false discovery rates, all tests together (Benjamini & Hochberg 1995); same shape."""
    flat = p.reshape(-1)
    order = np.argsort(flat)
    raised = flat[order] * len(flat) / np.arange(1, len(flat) + 1)
    rates = np.empty_like(flat)
    rates[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return rates.reshape(p.shape)


def label_aurocs(shares: Floats, labels: Bools) -> tuple[Numbers, Numbers]:
    """AUROC of each feature's share against each label, over recordings, and its false discovery rate (Mann-Whitney).

    Shape: shares `[n, n_features]`, labels `[n, concepts]` -> `[n_features, concepts]` twice; NaN and 1 where a label has too
    few recordings with or without it.
    """
    from scipy.stats import mannwhitneyu

    auroc = np.full((shares.shape[1], labels.shape[1]), np.nan)
    p = np.ones_like(auroc)
    alive = np.ptp(shares, axis=0) > 0
    for c, own in enumerate(labels.T):
        if min(own.sum(), (~own).sum()) < _FEWEST:
            continue
        auroc[:, c] = 0.5
        test = mannwhitneyu(shares[own][:, alive], shares[~own][:, alive], axis=0, method="asymptotic")
        auroc[alive, c] = test.statistic / (own.sum() * (~own).sum())
        p[alive, c] = test.pvalue
    return auroc, discovery_rates(p)


@dataclass(frozen=True)
class Moment:
    """A moment at which a feature is loud.

    Attributes:
        recording: its index in the set.  seconds: the time in the file.  value: the feature's, in units of z.
    """

    recording: int
    seconds: float
    value: float


@dataclass(frozen=True)
class Atlas:
    """Numbers of all features.

    Attributes:
        density: share of frames in which each feature is active, `[n_features]`.
        moments: each feature's loudest moments, from different recordings.
        auroc, auroc_q: see `label_aurocs`.
        names: proposed names, empty where nothing is strong enough for one.
    """

    density: Numbers
    moments: tuple[tuple[Moment, ...], ...]
    following: Following
    auroc: Numbers
    auroc_q: Numbers
    names: tuple[str, ...]

    def by_informativeness(self) -> Indices:
        """Active features, the most informative first."""
        strongest = np.where(self.following.q <= SIGNIFICANT, np.abs(self.following.strengths), 0.0).max(1)
        label = np.where(self.auroc_q <= SIGNIFICANT, np.abs(2 * self.auroc - 1), 0.0)
        score = np.maximum(strongest, label.max(1, initial=0.0))
        order = np.lexsort((-self.density, -score))
        return order[self.density[order] > 0]


def make_atlas(
    encoded: EncodedSet, descriptors: Sequence[Floats], step_frames: int, seed: int = 0, shifts: int = 100
) -> Atlas:
    """Describes every feature.

    Args:
        descriptors: each recording's, `[steps, 5]`, from `descriptors.describe`; empty where it wasn't described.
        step_frames: frames in a step.
    """
    on, frames = np.zeros(encoded.sae.config.n_features), 0
    tops, steps = [], []
    for z, described in zip(encoded.frames, descriptors, strict=True):
        features = features_of(encoded.sae, z)
        on, frames = on + (features > 0).sum(0), frames + len(features)
        tops.append((features.max(0), features.argmax(0)))
        if len(described):
            values = features if encoded.sae.config.centre else _at_one_level(features, z)
            steps.append(_in_steps(values, step_frames, len(described)))
    described = np.concatenate([each for each in descriptors if len(each)])
    longest = max(len(each) for each in steps)
    following = follow(np.concatenate(steps), described, longest, seed, shifts)
    loud = encoded.loud
    auroc, q = label_aurocs(encoded.shares[loud], encoded.labels[loud])
    names = tuple(
        name_of(following.strengths[i], following.q[i], auroc[i], q[i], encoded.concepts)
        for i in range(len(on))
    )
    return Atlas(on / frames, _loudest(tops, encoded), following, auroc, q, names)


def name_of(strengths: Numbers, q: Numbers, auroc: Numbers, auroc_q: Numbers, concepts: Sequence[str]) -> str:
    """A feature's proposed name: descriptors it follows and labels it detects, the strongest first, at most MOST_WORDS.

    Shape: strengths and q `[5]`, auroc and auroc_q `[concepts]`.
    """
    found = [
        (abs(strength), WORDS[descriptor][int(strength < 0)])
        for descriptor, strength, rate in zip(DESCRIPTORS, strengths, q, strict=True)
        if abs(strength) >= FOLLOWS and rate <= SIGNIFICANT
    ]
    found += [
        (2 * own - 1, concept)
        for concept, own, rate in zip(concepts, auroc, auroc_q, strict=True)
        if own >= NAMED_FROM_AUROC and rate <= SIGNIFICANT
    ]
    return ", ".join(word for _, word in sorted(found, reverse=True)[:MOST_WORDS])


def _at_one_level(features: Floats, z: Floats) -> Floats:
    """Features divided by the frame's norm. Only for an SAE without biases: its features scale with loudness."""
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    return np.divide(features, norm, out=np.zeros_like(features), where=norm > 0)


def _in_steps(values: Floats, step_frames: int, steps: int) -> Floats:
    """Means over the frames of each step: `[frames, n]` -> `[steps, n]`."""
    whole: Floats = values[: steps * step_frames].reshape(steps, step_frames, -1).mean(1)
    return whole


def _loudest(tops: Sequence[tuple[Floats, Indices]], encoded: EncodedSet) -> tuple[tuple[Moment, ...], ...]:
    """At most MOMENTS moments of each feature, from different groups of recordings."""
    values = np.stack([value for value, _ in tops])
    frames = np.stack([frame for _, frame in tops])
    order = np.argsort(-values, axis=0, kind="stable")
    found = []
    for feature in range(values.shape[1]):
        moments: list[Moment] = []
        seen: set[str] = set()
        for i in order[:, feature]:
            if values[i, feature] <= 0 or len(moments) == MOMENTS:
                break
            if encoded.groups[i] not in seen:
                seconds = encoded.starts[i] + float(frames[i, feature]) / encoded.frame_rate
                moments.append(Moment(int(i), round(seconds, 2), round(float(values[i, feature]), 4)))
                seen.add(encoded.groups[i])
        found.append(tuple(moments))
    return tuple(found)
