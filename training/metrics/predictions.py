"""What a classifier says of some items."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Predictions:
    """One ear's answer for some items: `[items, concepts]`, concepts in the ear's order."""

    concepts: tuple[str, ...]
    heard: Tensor
    logits: Tensor

    def of(self, concept: str) -> tuple[Tensor, Tensor]:
        """Heard (bool) and logits of one concept, `[items]` each."""
        place = self.concepts.index(concept)
        return self.heard[:, place], self.logits[:, place]
