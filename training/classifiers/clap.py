"""A published classifier from a local folder: CLAP, asked in words whether a concept sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.audio.files import resample
from drawstop.errors import DrawstopError
from training.classifiers.classifier import AT_ONCE
from training.data.clips import loud_enough
from training.metrics.predictions import Predictions

WITH, WITHOUT = "the sound of {}", "music without any {}"


class ClapClassifier:
    """Zero-shot detection: a clip has a concept if its sound is nearer to the text with it than to the text without it.

    Args:
        folder: a CLAP of the transformers library: config.json, weights, preprocessor and tokenizer files.

    Raises:
        DrawstopError: no such folder, or one that transformers can't read.
    """

    name = "CLAP"

    def __init__(self, folder: Path, concepts: Sequence[str]) -> None:
        self.concepts = tuple(concepts)
        self.kind = f"the published CLAP in {folder.name}, asked in words"
        if not (folder / "config.json").is_file():
            raise DrawstopError(f"expected a CLAP's folder (config.json and weights), found none at {folder}")
        from transformers import AutoProcessor, ClapModel

        try:
            self.model: Any = ClapModel.from_pretrained(folder, local_files_only=True).eval()
            self.processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise DrawstopError(f"{folder} holds no readable CLAP ({error}): download it again") from error
        self.sample_rate = int(self.processor.feature_extractor.sampling_rate)

    @torch.no_grad()
    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        """Predictions by each concept's two texts: a logit is the difference of their similarities, scaled as the model does."""
        words = [form.format(concept) for concept in self.concepts for form in (WITH, WITHOUT)]
        logits = torch.cat([self._similar(part, sample_rate, words) for part in audio.split(AT_ONCE)])
        logits = logits[:, 0::2] - logits[:, 1::2]
        return Predictions(self.concepts, (logits > 0) & loud_enough(audio)[:, None], logits)

    def _similar(self, audio: Tensor, sample_rate: int, words: list[str]) -> Tensor:
        sounds = resample(audio.numpy(), sample_rate, self.sample_rate)
        given = self.processor(
            text=words, audio=list(sounds), sampling_rate=self.sample_rate, return_tensors="pt", padding=True
        )
        similar: Tensor = self.model(**given).logits_per_audio.float()
        return similar
