"""The learning curve over the SAE's training sound: features of SAEs that were trained on more and more of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np
import torch

from drawstop.errors import DrawstopError
from training.data.recordings import Split
from training.evaluation.context import Options
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.learning_curves.experiment import (
    BAND,
    DRAWS,
    GOAL_SIZE,
    QUICK_DRAWS,
    curve_line,
    examples_in,
    over_concepts,
    text_of,
)
from training.evaluation.experiments.learning_curves.samples import (
    SAE_FEATURES,
    LabelledFeatures,
    Values,
    scores_of,
)
from training.evaluation.probes.clip_statistics import mean_features, shares_of
from training.evaluation.probes.few_shot import FEATURES
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Plot, Result
from training.metrics.bootstrap import Estimate
from training.sae.model import SAE
from training.sae.train import train

TITLE = "From more sound"
SHARES = (0.125, 0.25, 0.5, 1.0)
"""Shares of the training recordings on which SAEs are trained."""

STEPS, QUICK_STEPS = 400, 150

LEAST_FRAMES = 512


def run(context: RaveContext, options: Options) -> Result:
    """Trains SAEs on more and more of the training recordings, and measures each with ten examples of every concept."""
    features = features_by_minutes(context.encoded, options.seed, options.quick)
    return training_growth(features, examples_in(context), options.seed, options.quick)


def training_growth(
    features: Mapping[float, Values],
    examples: LabelledFeatures,
    seed: int = 0,
    quick: bool = False,
    split: Split = "test",
) -> Result:
    """AUROC from ten examples with and ten without, against the minutes of sound that the SAE was trained on.

    Args:
        features: the features `[n, n_features]` of each SAE, by its minutes of sound.
        examples: the same recordings; their own features aren't used.

    Raises:
        DrawstopError: nothing to compare, or as `few_examples`.
    """
    if not features:
        raise DrawstopError("expected features of at least one SAE, got none: train one")
    draws, curve = QUICK_DRAWS if quick else DRAWS, dict[float, Estimate]()
    for minutes, of_sae in sorted(features.items()):
        of_minutes = replace(examples, features=of_sae, random_features=None)
        found = {
            each: scores_of(of_minutes, each, GOAL_SIZE, draws, seed, split, [SAE_FEATURES])
            for each in examples.concepts
        }
        enough = {concept: scores for concept, scores in found.items() if scores}
        if not enough:
            raise DrawstopError(
                f"expected a concept with {GOAL_SIZE} training recordings, got none: add recordings"
            )
        curve[minutes] = over_concepts(of_minutes, enough, seed, split)[SAE_FEATURES]
    first, last = curve[min(curve)], curve[max(curve)]
    line = curve_line(SAE_FEATURES, curve)
    return Result(
        slug="training-growth",
        title=TITLE,
        question="Does an SAE that was trained on more sound detect concepts better?",
        answer=f"Mean AUROC over concepts: {text_of(first)} with {min(curve):g} minutes, {text_of(last)} with {max(curve):g}.",
        content=(
            Plot("AUROC and the SAE's training", "minutes of sound", "AUROC", (line,), log_x=True, note=BAND),
        ),
        metrics={"auroc": {f"{minutes:g}": asdict(estimate) for minutes, estimate in curve.items()}},
        settings={"seed": seed, "draws": draws, "examples": GOAL_SIZE, "features": FEATURES, "split": split},
    )


def features_by_minutes(encoded: EncodedSet, seed: int, quick: bool = False) -> dict[float, Values]:
    """Every recording's features, `[recordings, n_features]`, by SAEs of more and more minutes of the training recordings."""
    learned = [i for i, split in enumerate(encoded.splits) if split != "test"]
    order = np.random.default_rng(seed).permutation(learned)
    found = {}
    for share in SHARES[-2:] if quick else SHARES:
        chosen = order[: max(1, round(share * len(order)))]
        frames = torch.from_numpy(np.concatenate([encoded.frames[i] for i in chosen]))
        if len(frames) < LEAST_FRAMES:
            continue
        config = replace(
            encoded.sae.config,
            architecture="topk",
            steps=QUICK_STEPS if quick else STEPS,
            batch_size=min(512, len(frames)),
            seed=seed,
        )
        sae = train(encoded.sae.denormalise(frames), config)
        found[round(len(frames) / encoded.frame_rate / 60, 2)] = _shares(sae, encoded)
    return found


def _shares(sae: SAE, encoded: EncodedSet) -> Values:
    """The features' shares in every recording, its frames normalised by this SAE's own mean and scale."""
    own = [sae.normalise(encoded.sae.denormalise(torch.from_numpy(z))) for z in encoded.frames]
    return shares_of(np.stack([mean_features(sae, z.numpy()) for z in own]))
