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
from training.evaluation.probes.few_shot import FEATURES, Score, difference_of_means, five_features, logistic
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
class Examples:
    """What is known of each of n recordings.

    Attributes:
        features: means of the SAE's features, `[n, n_features]`.
        raw: statistics of the model's own frames, `[n, d]`: difference of means is taken there.
        mel: statistics of the log-mel spectrum, `[n, m]`.
        labels: which concepts sound, `[n, concepts]`.
        concepts: their names.
        splits: classifiers learn from `train`; figures are of another.
        groups: of each recording, what the bootstrap draws as a whole; empty: each for itself.
        random_features: as `features`, of an SAE with random weights; None leaves that control out.
        parts: masks `[n]` of recordings that are also reported alone, by name: unheard timbres, mixtures.

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
        """Where the recordings of a split are."""
        return np.flatnonzero(np.array([each == split for each in self.splits]))

    def spread(self, x: Values) -> Values:
        """The standard deviation of each column over the training recordings, whatever their labels."""
        found: Values = x[self.rows("train")].std(0)
        return found

    def labels_of(self, concept: str) -> Mask:
        """In which recordings a concept sounds, `[n]`."""
        labels: Mask = self.labels[:, self.concepts.index(concept)]
        return labels

    def draw(self, concept: str, size: int, number: int, seed: int) -> Rows | None:
        """So many training recordings with the concept and as many without; None where there are too few."""
        train, labels = self.rows("train"), self.labels_of(concept)
        sides = [train[labels[train]], train[~labels[train]]]
        if min(map(len, sides)) < size:
            return None
        rng = np.random.default_rng([seed, self.concepts.index(concept), size, number])
        return np.concatenate([rng.choice(side, size, replace=False) for side in sides])


def scores_of(
    examples: Examples,
    concept: str,
    size: int,
    draws: int,
    seed: int = 0,
    split: Split = "test",
    wanted: Sequence[str] = (),
) -> dict[str, Values]:
    """What each method says of the recordings of a split, after learning from each draw: `[draws, n]` by method.

    Empty where the concept has too few training recordings, or none with or none without in the split.

    Args:
        wanted: the methods; empty for all.
    """
    asked, labels = examples.rows(split), examples.labels_of(concept)
    if labels[asked].all() or not labels[asked].any():
        return {}
    drawn = [examples.draw(concept, size, number, seed) for number in range(draws)]
    rows = [each for each in drawn if each is not None]
    known = methods(examples, (seed, examples.concepts.index(concept), size)) if rows else {}
    return {
        method: np.stack([learn(x[each], labels[each])(x[asked]) for each in rows])
        for method, (x, learn) in known.items()
        if method in wanted or not wanted
    }


Learn: TypeAlias = Callable[[Values, Mask], Score]


def methods(examples: Examples, seed: tuple[int, ...]) -> dict[str, tuple[Values, Learn]]:
    """Every kind of classifier: what it sees, `[n, ...]`, and how it learns from some rows of that and their labels.

    Args:
        seed: of the features that are taken at random, others each time.
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


def examples_of(encoded: EncodedSet, seed: int) -> Examples:
    """What classifiers of a few examples draw from. What the data set calls validation is learned from too."""
    splits: list[Split] = ["test" if split == "test" else "train" for split in encoded.splits]
    new = np.array([each.new_timbre for each in encoded.data.recordings])
    mixed = encoded.labels.sum(1) > 1
    parts = {
        name: mask
        for name, mask in (("new timbres", new), ("several at once", mixed))
        if mask[[split == "test" for split in splits]].any()
    }
    return Examples(
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


def permuted_aurocs(examples: Examples, size: int, seed: int = 0, split: Split = "test") -> list[float]:
    """AUROCs of PERMUTATIONS classifiers on SAE features that learned from shuffled labels, the concepts in turn: chance.

    The labels of all training recordings are shuffled, then some are drawn as always.
    """
    asked, train, learn = examples.rows(split), examples.rows("train"), _best(examples, examples.features)
    usable = [each for each in examples.concepts if examples.draw(each, size, 0, seed) is not None]
    found = []
    for i in range(PERMUTATIONS):
        labels = examples.labels.copy()
        labels[train] = np.random.default_rng([seed, i]).permutation(labels[train])
        concept, shuffled = usable[i % len(usable)], replace(examples, labels=labels)
        rows = shuffled.draw(concept, size, i, seed)
        assert rows is not None
        score = learn(examples.features[rows], shuffled.labels_of(concept)[rows])
        found.append(auroc(score(examples.features[asked]), examples.labels_of(concept)[asked]))
    return found


def _best(examples: Examples, x: Values) -> Learn:
    spread = examples.spread(x)
    return lambda rows, labels: five_features(rows, labels, spread)
