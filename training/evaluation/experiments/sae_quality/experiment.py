"""The SAE quality experiment: how good an SAE is, independent of any stop."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.data.recordings import load
from training.evaluation.context import EvaluationContext, Options
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.sae_quality import describe, dictionary_comparison, tables
from training.evaluation.experiments.sae_quality.dictionary_comparison import MATCHED_COSINE
from training.evaluation.experiments.sae_quality.loss_recovered import (
    LossRecovered,
    predictions_recovered,
    sound_recovered,
)
from training.evaluation.experiments.sae_quality.tables import Quality, result_of
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.probes import sparse_probe
from training.evaluation.probes.sparse_probe import KS, SparseProbe
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Goal, Result
from training.sae.model import SAE
from training.sae.train import train

TITLE = tables.TITLE
SAE_STEPS, QUICK_SAE_STEPS = 1500, 400
"""Most training steps of the SAEs for comparison; each takes about a minute of a core."""
NARROWER = 4
"""Factor by which the narrow dictionary, whose features are followed into the SAE, is smaller."""
QUICK_STEPS = 500


def run(context: EvaluationContext, options: Options) -> Result:
    """Measures a RAVE bank's SAE, or those of a MusicGen's layers that have stops, on the encoded recordings."""
    if isinstance(context, RaveContext):
        encoded = context.encoded
        frames = [encoded.sae.denormalise(torch.from_numpy(encoded.frames[row])) for row in unseen(encoded)]
        recovered = sound_recovered(context.model, encoded.sae, frames, options.seed)
        return _quality_of(encoded, recovered, options, context.progress)
    assert isinstance(context, MusicGenContext)
    return by_layer({site: _of_layer(context, encoded) for site, encoded in context.encoded.items()})


def unseen(encoded: EncodedSet) -> list[int]:
    """The rows of the test split."""
    return [row for row, split in enumerate(encoded.splits) if split == "test"]


def by_layer(results: Mapping[str, Result]) -> Result:
    """One result for all layers: each table, goal and answer named by its layer, metrics and settings by layer.

    A single layer's result is returned unchanged.

    Args:
        results: one experiment's results, by layer.
    """
    assert results, "an experiment is of at least one layer"
    first = next(iter(results.values()))
    if len(results) == 1:
        return first
    return replace(
        first,
        answer=" ".join(f"{layer}: {each.answer}" for layer, each in results.items()),
        content=tuple(
            replace(block, title=f"{layer}: {block.title}")
            for layer, each in results.items()
            for block in each.content
        ),
        goals=tuple(
            Goal(f"{layer}: {goal.goal}", goal.seen, goal.reached)
            for layer, each in results.items()
            for goal in each.goals
        ),
        metrics={layer: each.metrics for layer, each in results.items()},
        settings={layer: each.settings for layer, each in results.items()},
    )


def _of_layer(context: MusicGenContext, encoded: EncodedSet) -> Result:
    """Measures one layer's SAE, with how well the model predicts unseen recordings through it."""
    rows, model = [row for row in unseen(encoded) if encoded.loud[row]], context.model
    recordings = encoded.data.recordings
    sounds = [load(recordings[row].path, model.sample_rate, model.channels) for row in rows]
    recovered = predictions_recovered(model, encoded.sae, encoded.site, sounds, context.options.seed)
    return _quality_of(encoded, recovered, context.options, context.progress)


def _quality_of(
    encoded: EncodedSet, recovered: LossRecovered, options: Options, progress: Progress | None = None
) -> Result:
    """Measures the SAE that a set was encoded with; see `quality_result`.

    Args:
        recovered: the share of the model's own loss that is recovered, on unseen recordings.
    """
    sae, rows = encoded.sae, unseen(encoded)
    frames = [sae.denormalise(torch.from_numpy(z)) for z in encoded.frames]
    held_out = set(rows)
    return quality_result(
        sae,
        [x for row, x in enumerate(frames) if row not in held_out],
        [frames[row] for row in rows],
        {concept: encoded.labels[rows, place].tolist() for place, concept in enumerate(encoded.concepts)},
        [encoded.groups[row] for row in rows],
        recovered=recovered,
        seed=options.seed,
        steps=min(QUICK_SAE_STEPS if options.quick else SAE_STEPS, sae.config.steps),
        quick=options.quick,
        on_progress=progress,
    )


def quality_result(
    sae: SAE,
    training: Sequence[Tensor],
    held_out: Sequence[Tensor],
    labels: Mapping[str, Sequence[bool]],
    groups: Sequence[Hashable] = (),
    *,
    recovered: LossRecovered | None = None,
    seed: int = 0,
    steps: int | None = None,
    quick: bool = False,
    on_progress: Progress | None = None,
) -> Result:
    """Measures an SAE. Two more SAEs are trained for it, a third one unless `quick`.

    Args:
        training: frames of the recordings that the SAE was trained on, `[frames, width]` each; the others are trained
            on them too.
        held_out: frames of recordings that it wasn't trained on.
        labels: by concept, whether each held-out recording has it; a concept with too few of either kind is left out.
        groups: the group of each held-out recording, which stays on one side of a split.
        recovered: from `loss_recovered.sound_recovered` or `loss_recovered.predictions_recovered`, on held-out
            recordings.
        steps: training steps of the other SAEs; None: as many as this SAE had, or QUICK_STEPS.

    Raises:
        DrawstopError: no frames, or frames of another width.
    """
    steps = steps or (min(QUICK_STEPS, sae.config.steps) if quick else sae.config.steps)
    settings: dict[str, Any] = {
        "seed": seed,
        "steps": steps,
        "quick": quick,
        "matched_cosine": MATCHED_COSINE,
    }
    settings |= {"sae": sae.config.described(), "probe_folds": sparse_probe.FOLDS}
    measured = measure_quality(
        sae,
        training,
        held_out,
        labels,
        groups,
        recovered,
        seed,
        steps,
        quick,
        on_progress or (lambda *_: None),
    )
    return result_of(measured, settings)


def measure_quality(
    sae: SAE,
    training: Sequence[Tensor],
    held_out: Sequence[Tensor],
    labels: Mapping[str, Sequence[bool]],
    groups: Sequence[Hashable],
    recovered: LossRecovered | None,
    seed: int,
    steps: int,
    quick: bool,
    on_progress: Progress,
) -> Quality:
    """The measurements of `quality_result`, which has the same arguments."""
    described = describe.describe(sae, held_out, seed)
    other = _another(
        sae, training, on_progress, "training another seed", seed=sae.config.seed + 1 + seed, steps=steps
    )
    pairs = {"this SAE and another seed": dictionary_comparison.stability(sae, other, held_out, seed)}
    if not quick:
        third = _another(
            sae, training, on_progress, "training a third seed", seed=sae.config.seed + 2 + seed, steps=steps
        )
        pairs["two other seeds"] = dictionary_comparison.stability(other, third, held_out, seed)
    features = max(sae.config.n_features // NARROWER, sae.config.k)
    narrow = _another(sae, training, on_progress, "training a narrower one", n_features=features, steps=steps)
    probes = {}
    for concept, each in labels.items():
        if _enough(each, groups):
            probes[concept] = _probes(sae, held_out, each, groups, seed, quick)
        on_progress("probing", len(probes), len(labels))
    return Quality(
        described,
        recovered,
        pairs,
        dictionary_comparison.splitting(narrow, sae, held_out),
        steps,
        probes,
        len(held_out),
    )


def _another(sae: SAE, training: Sequence[Tensor], on_progress: Progress, doing: str, **changed: Any) -> SAE:
    """Another SAE, trained on the same frames with some settings changed."""
    config = replace(sae.config, **changed)
    config = replace(config, checkpoint_every=config.steps)
    return train(
        torch.cat(list(training)), config, progress=lambda step, loss: on_progress(doing, step, config.steps)
    )


def _probes(
    sae: SAE,
    frames: Sequence[Tensor],
    labels: Sequence[bool],
    groups: Sequence[Hashable],
    seed: int,
    quick: bool,
) -> dict[str, tuple[SparseProbe, ...]]:
    permutations = 0 if quick else sparse_probe.PERMUTATIONS
    probed = {
        "features": describe.clip_means(sae, frames),
        "frames": torch.stack([sae.normalise(x).mean(0) for x in frames]),
        "random": describe.clip_means(describe.control(sae, seed), frames),
    }
    return {
        name: tuple(
            sparse_probe.probe(
                means,
                labels,
                k,
                groups,
                seed=seed,
                permutations=permutations if name == "features" else 0,
            )
            for k in KS
        )
        for name, means in probed.items()
    }


def _enough(labels: Sequence[bool], groups: Sequence[Hashable]) -> bool:
    names = groups if len(groups) else range(len(labels))
    sides = [{name for name, has in zip(names, labels, strict=True) if has == side} for side in (True, False)]
    return min(map(len, sides)) >= 2
