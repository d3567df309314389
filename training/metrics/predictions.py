"""A classifier's predictions."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Predictions:
    """One classifier's predictions for some items: `[items, concepts]`, concepts in the classifier's order."""

    concepts: tuple[str, ...]
    detected: Tensor
    logits: Tensor

    def of(self, concept: str) -> tuple[Tensor, Tensor]:
        """Detected (bool) and logits of one concept, `[items]` each."""
        index = self.concepts.index(concept)
        return self.detected[:, index], self.logits[:, index]
