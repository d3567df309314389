"""The two classifiers that the demo's stops are measured with; no stop was fitted with either."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.classifiers.musicnn import Musicnn, load_musicnn
from training.classifiers.network import ConceptClassifier, load_classifier
from training.data.clips import loud_enough
from training.metrics.predictions import Predictions

JUDGE = "judge"
TAGGER = "tagger"
EPSILON = 1e-6


@dataclass(frozen=True)
class Classifiers:
    """`classifier`: our own network, trained on originals and unsteered reconstructions. `musicnn`: a published one."""

    classifier: ConceptClassifier
    musicnn: Musicnn
    names: tuple[str, ...] = (JUDGE, TAGGER)

    @classmethod
    def open(cls, demo: Path) -> Classifiers:
        """The shipped classifiers of a demo folder."""
        return cls(load_classifier(demo / "judge.safetensors"), load_musicnn(demo / "tagger.safetensors"))

    @torch.no_grad()
    def predict(self, audio: Tensor) -> dict[str, Predictions]:
        """What each classifier detects in `[items, samples]`."""
        rate = self.classifier.sample_rate
        parts = audio.split(16)
        logits = torch.cat([self.classifier.clip_logits(part) for part in parts])
        scores = torch.cat([self.musicnn.scores(part, rate) for part in parts])
        loud = loud_enough(audio)[:, None]
        judged = (logits > 0) & loud
        tagged = (scores > torch.tensor(self.musicnn.thresholds)) & loud
        return {
            JUDGE: Predictions(self.classifier.concepts, judged, logits),
            TAGGER: Predictions(self.musicnn.concepts, tagged, scores.logit(EPSILON)),
        }
