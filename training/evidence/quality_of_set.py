"""From a heard set to the section on the features: unseen recordings measure, SAEs to compare with learn from the others."""

from __future__ import annotations

import torch

from training.evidence.clips import HeardSet
from training.evidence.quality_section import quality_section
from training.evidence.recovered import LossRecovered
from training.evidence.section import Section
from training.evidence.subject import Options
from training.material import Progress

SAE_STEPS, QUICK_SAE_STEPS = 1500, 400
"""Of the SAEs that the bank's is compared with, at most: each takes a minute of a core."""


def unseen(heard: HeardSet) -> list[int]:
    """The rows of the test split."""
    return [row for row, split in enumerate(heard.splits) if split == "test"]


def quality_of(
    heard: HeardSet, recovered: LossRecovered, options: Options, progress: Progress | None = None
) -> Section:
    """How good the SAE is that a set was heard by; see `quality_section`.

    Args:
        recovered: of the model's own loss, on unseen recordings.
    """
    sae, rows = heard.sae, unseen(heard)
    frames = [sae.denormalise(torch.from_numpy(z)) for z in heard.frames]
    held_out = set(rows)
    return quality_section(
        sae,
        [x for row, x in enumerate(frames) if row not in held_out],
        [frames[row] for row in rows],
        {concept: heard.labels[rows, place].tolist() for place, concept in enumerate(heard.concepts)},
        [heard.groups[row] for row in rows],
        recovered=recovered,
        seed=options.seed,
        steps=min(QUICK_SAE_STEPS if options.quick else SAE_STEPS, sae.config.steps),
        quick=options.quick,
        told=progress,
    )
