"""Ranks features by how well they distinguish recordings with a concept from others, by clip statistics.

Frames of one recording are not independent, so everything here counts recordings, not frames.
"""

from torch import Tensor

from training.metrics.auroc import auroc_of_columns as auroc


def concept_scores(means: Tensor, labels: Tensor) -> Tensor:
    """How much more of the clips' activation a feature carries where the concept sounds (SAeUron, arXiv 2501.18052, eq. 4).

    Shape: clip means `[clips, n_features]`, labels `[clips]` bool -> `[n_features]`.
    """
    parts = means / means.sum(1, keepdim=True).clamp(min=1e-12)
    return parts[labels].mean(0) - parts[~labels].mean(0)


def held_out_auroc(means: Tensor, labels: Tensor, chosen_on: Tensor, top: int = 20) -> float:
    """Chooses features on some clips and measures how well their sum detects the concept on the others.

    Args:
        means: clip means `[clips, n_features]`.
        labels: `[clips]` bool.
        chosen_on: `[clips]` bool: the clips to choose on; the rest is measured. Both need both labels.
        top: how many features are summed.

    Returns:
        AUROC on the clips that didn't choose; .5 is chance. NaN where a part lacks a label.
    """
    both = (labels[chosen_on], labels[~chosen_on])
    if any(bool(part.all()) or not bool(part.any()) for part in both):
        return float("nan")
    best = concept_scores(means[chosen_on], labels[chosen_on]).topk(min(top, means.shape[1])).indices
    parts = means / means.sum(1, keepdim=True).clamp(min=1e-12)
    return float(auroc(parts[~chosen_on][:, best].sum(1, keepdim=True), labels[~chosen_on]))
