"""Few-shot samples: a few recordings with and without a concept, and the scores of classifiers that learn from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drawstop.errors import DrawstopError
from training.data.recordings import Split
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.classification.measure import control_shares
from training.evaluation.probes.few_shot import (
    FEATURES,
    FewShotScore,
    difference_of_means,
    five_features,
    logistic,
)
from training.metrics.auroc import auroc

PERMUTATIONS = 200

SAE_FEATURES = f"{FEATURES} SAE features"
MEANS = "difference of means"
LOG_MEL = "log-mel"
RANDOM_FEATURES = f"{FEATURES} random features"
RANDOM_SAE = f"random SAE, {FEATURES} best"

Values: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledFeatures:
    """The features, labels and splits of n recordings.

    Attributes:
        features: means of the SAE's features, `[n, n_features]`.
        raw: statistics of the model's own frames, `[n, d]`, for the difference of means.
        mel: statistics of the log-mel spectrum, `[n, m]`.
        labels: which concepts sound, `[n, concepts]`.
        concepts: their names.
        splits: classifiers learn from `train` and are measured on another split.
        groups: the group of each recording, which the bootstrap draws as a whole; empty: every recording is its own.
        random_features: the same as `features` from an SAE with random weights; None leaves that control out.
        parts: masks `[n]` of recordings that are also reported alone, by name: new timbres, mixtures.

    Raises:
        DrawstopError: rows or concepts that don't belong together.
    """

    features: Values
    raw: Values
    mel: Values
    labels: Mask
    concepts: tuple[str, ...]
    splits: Sequence[Split]
    groups: Sequence[Hashable] = ()
    random_features: Values | None = None
    parts: Mapping[str, Mask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.splits)
        arrays = [self.features, self.raw, self.mel, self.labels, *self.parts.values()]
        arrays += [] if self.random_features is None else [self.random_features]
        lengths = {len(array) for array in arrays} | ({len(self.groups)} if self.groups else set())
        if lengths != {count}:
            raise DrawstopError(
                f"expected a row for each of {count} recordings, got {sorted(lengths)}: encode them again"
            )
        if self.labels.shape[1] != len(self.concepts):
            raise DrawstopError(
                f"expected labels of {len(self.concepts)} concepts, got {self.labels.shape[1]}"
            )

    def rows(self, split: Split) -> Rows:
        """The indices of a split's recordings."""
        return np.flatnonzero(np.array([each == split for each in self.splits]))

    def spread(self, x: Values) -> Values:
        """The standard deviation of each column over the training recordings, whatever their labels."""
        found: Values = x[self.rows("train")].std(0)
        return found

    def labels_of(self, concept: str) -> Mask:
        """Whether a concept sounds in each recording, `[n]`."""
        labels: Mask = self.labels[:, self.concepts.index(concept)]
        return labels

    def draw(self, concept: str, size: int, number: int, seed: int) -> Rows | None:
        """`size` training recordings with the concept and as many without; None where there are too few."""
        train, labels = self.rows("train"), self.labels_of(concept)
        sides = [train[labels[train]], train[~labels[train]]]
        if min(map(len, sides)) < size:
            return None
        rng = np.random.default_rng([seed, self.concepts.index(concept), size, number])
        return np.concatenate([rng.choice(side, size, replace=False) for side in sides])


def scores_of(
    examples: LabelledFeatures,
    concept: str,
    size: int,
    draws: int,
    seed: int = 0,
    split: Split = "test",
    wanted: Sequence[str] = (),
) -> dict[str, Values]:
    """By method, its scores of a split's recordings after learning from each draw: `[draws, n]`.

    Empty where the concept has too few training recordings, or where the split lacks recordings with or without it.

    Args:
        wanted: the methods; empty for all.
    """
    tested, labels = examples.rows(split), examples.labels_of(concept)
    if labels[tested].all() or not labels[tested].any():
        return {}
    drawn = [examples.draw(concept, size, number, seed) for number in range(draws)]
    rows = [each for each in drawn if each is not None]
    known = methods(examples, (seed, examples.concepts.index(concept), size)) if rows else {}
    return {
        method: np.stack([learn(x[each], labels[each])(x[tested]) for each in rows])
        for method, (x, learn) in known.items()
        if method in wanted or not wanted
    }


Learn: TypeAlias = Callable[[Values, Mask], FewShotScore]


def methods(examples: LabelledFeatures, seed: tuple[int, ...]) -> dict[str, tuple[Values, Learn]]:
    """By method, its input `[n, ...]`, and a function that fits a classifier to some rows of it and their labels.

    Args:
        seed: of the randomly chosen features; each fit draws new ones.
    """
    rng, count = np.random.default_rng(seed), examples.features.shape[1]
    spread = examples.spread(examples.raw)
    found: dict[str, tuple[Values, Learn]] = {
        SAE_FEATURES: (examples.features, _best(examples, examples.features)),
        MEANS: (examples.raw, lambda x, labels: difference_of_means(x, labels, spread)),
        LOG_MEL: (examples.mel, logistic),
        RANDOM_FEATURES: (
            examples.features,
            lambda x, labels: logistic(x, labels, rng.choice(count, FEATURES, replace=False)),
        ),
    }
    if examples.random_features is not None:
        found[RANDOM_SAE] = (examples.random_features, _best(examples, examples.random_features))
    return found


def examples_of(encoded: EncodedSet, seed: int) -> LabelledFeatures:
    """An encoded set as `LabelledFeatures`; its validation recordings count as training recordings."""
    splits: list[Split] = ["test" if split == "test" else "train" for split in encoded.splits]
    new = np.array([each.new_timbre for each in encoded.data.recordings])
    mixed = encoded.labels.sum(1) > 1
    parts = {
        name: mask
        for name, mask in (("new timbres", new), ("several at once", mixed))
        if mask[[split == "test" for split in splits]].any()
    }
    return LabelledFeatures(
        encoded.shares,
        encoded.raw,
        encoded.log_mel,
        encoded.labels,
        encoded.concepts,
        splits,
        encoded.groups,
        control_shares(encoded, seed),
        parts,
    )


def permuted_aurocs(
    examples: LabelledFeatures, size: int, seed: int = 0, split: Split = "test"
) -> list[float]:
    """AUROCs of PERMUTATIONS classifiers on SAE features that learned from permuted labels, concepts in turn: chance.

    The labels of all training recordings are permuted, then some recordings are drawn as always.
    """
    tested, train, learn = examples.rows(split), examples.rows("train"), _best(examples, examples.features)
    usable = [each for each in examples.concepts if examples.draw(each, size, 0, seed) is not None]
    found = []
    for i in range(PERMUTATIONS):
        labels = examples.labels.copy()
        labels[train] = np.random.default_rng([seed, i]).permutation(labels[train])
        concept, permuted = usable[i % len(usable)], replace(examples, labels=labels)
        rows = permuted.draw(concept, size, i, seed)
        assert rows is not None
        score = learn(examples.features[rows], permuted.labels_of(concept)[rows])
        found.append(auroc(score(examples.features[tested]), examples.labels_of(concept)[tested]))
    return found


def _best(examples: LabelledFeatures, x: Values) -> Learn:
    spread = examples.spread(x)
    return lambda rows, labels: five_features(rows, labels, spread)
