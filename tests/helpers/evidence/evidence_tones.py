"""A model whose effects are known by construction: tones, one a concept, that stops take away and bring in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from training.evaluation.context import Options
from training.evaluation.playback.musicgen import Pieces
from training.evaluation.playback.playback import MEANS, RANDOM, STOP, Accuracy, Playback
from training.metrics.predictions import Predictions

RATE = 16000
CLIPS = 24
"""Number of clips of each combination of tones."""


class TuningFork:
    """Detects a tone by its share of the energy at its frequency."""

    name = "fork"
    kind = "a Goertzel filter"

    def __init__(self, hertz: Mapping[str, float]) -> None:
        self.hertz, self.concepts = hertz, tuple(hertz)

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        time = torch.arange(audio.shape[1]) / sample_rate
        level = []
        for hertz in self.hertz.values():
            wave = torch.exp(-2j * torch.pi * hertz * time)
            level.append(2 * (audio * wave).mean(1).abs())
        amplitude = torch.stack(level, 1)
        logits = 8 * (amplitude - 0.05) / 0.1
        return Predictions(self.concepts, logits > 0, logits)


class Tones(Playback):
    """Items are tones; a stop's value v sets its tone's amplitude to 0.1 (present + v), within 0 and 1.

    The weak edit works in three clips of four.
    """

    def __init__(self, pieces: Pieces, fork: TuningFork) -> None:
        self.hertz = fork.hertz
        super().__init__(pieces, [fork], RATE, {c: c for c in fork.concepts}, Options(quick=True), None)

    def play_neutral(self) -> Tensor:
        return self.sound("none", range(len(self.items.groups)), {})

    def edits(self) -> dict[str, str]:
        return {STOP: "strong", MEANS: "weak", RANDOM: "none"}

    def sound(self, edit: str, indices: Sequence[int], values: Mapping[str, float]) -> Tensor:
        time = torch.arange(RATE) / RATE
        sounds = []
        for index in indices:
            works = edit == "strong" or (edit == "weak" and index % 4 != 0)
            sound = 1e-3 * torch.randn(RATE, generator=torch.Generator().manual_seed(index))
            for column, (concept, hertz) in enumerate(self.hertz.items()):
                present = float(self.items.labels[index, column])
                amplitude = min(1.0, max(0.0, present + values.get(concept, 0.0) * works))
                sound = sound + 0.1 * amplitude * torch.sin(2 * torch.pi * hertz * time)
            sounds.append(sound)
        return torch.stack(sounds)

    def accuracy(self) -> dict[str, Accuracy]:
        perfect = {concept: {"accuracy": 1.0, "auroc": 1.0} for concept in self.hertz}
        return {"fork": {"as recorded": perfect, "through the model": perfect}}


def tones_of(hertz: Mapping[str, float]) -> Tones:
    """CLIPS clips of every combination of some tones, by concept."""
    rows = [row for row in itertools.product((1, 0), repeat=len(hertz)) for _ in range(CLIPS)]
    labels = torch.tensor(rows, dtype=torch.bool)
    new = torch.zeros(len(rows), dtype=torch.bool)
    pieces = Pieces(tuple(hertz), labels, tuple(map(str, range(len(rows)))), new, tuple(range(len(rows))))
    return Tones(pieces, TuningFork(hertz))
