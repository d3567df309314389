"""The ears of the demo's figures: two judges of different kinds, neither of which any stop was fitted with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.classifiers.musicnn import Tagger, load_tagger
from training.classifiers.network import Judge, load_judge
from training.data.clips import loud_enough
from training.metrics.predictions import Predictions

JUDGE = "judge"
TAGGER = "tagger"
EPSILON = 1e-6


@dataclass(frozen=True)
class Ears:
    """`judge`: our own network, trained on originals and unsteered reconstructions. `tagger`: a published one."""

    judge: Judge
    tagger: Tagger
    names: tuple[str, ...] = (JUDGE, TAGGER)

    @classmethod
    def open(cls, demo: Path) -> Ears:
        """The shipped judges of a demo folder."""
        return cls(load_judge(demo / "judge.safetensors"), load_tagger(demo / "tagger.safetensors"))

    @torch.no_grad()
    def hear(self, audio: Tensor) -> dict[str, Predictions]:
        """What each ear hears in `[items, samples]`."""
        rate = self.judge.sample_rate
        parts = audio.split(16)
        logits = torch.cat([self.judge.clip_logits(part) for part in parts])
        scores = torch.cat([self.tagger.scores(part, rate) for part in parts])
        loud = loud_enough(audio)[:, None]
        judged = (logits > 0) & loud
        tagged = (scores > torch.tensor(self.tagger.thresholds)) & loud
        return {
            JUDGE: Predictions(self.judge.concepts, judged, logits),
            TAGGER: Predictions(self.tagger.concepts, tagged, scores.logit(EPSILON)),
        }
