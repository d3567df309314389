"""A classifier for generated music: how surely a MusicGen, steered or not, makes the concept audible; on given seeds."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from training.classifiers.concept_classifier import CONCEPT_OPTIONS, train_concept_classifier
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions, Report
from training.data.clips import loud_enough
from training.data.recordings import load
from training.models.musicgen.hooks import Edit
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

PROMPT_SECONDS = 1.0
"""Of a recording, to go on from, where no description makes the concept sound."""


@dataclass(frozen=True)
class CodecRates:
    """See `layered.SoundRates`."""

    sample_rate: int
    channels: int
    ratio: int


class Codec:
    """A MusicGen's EnCodec as the autoencoder that a classifier is trained on: what is heard is always its sound."""

    def __init__(self, musicgen: MusicGenModel) -> None:
        self.model, self.device = musicgen.model.compression_model, musicgen.device
        self.rates = CodecRates(musicgen.sample_rate, musicgen.channels, musicgen.ratio)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Tensor:
        """`[batch, channels, samples]` -> codes."""
        return self.model.encode(audio.to(self.device))[0]

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Codes -> `[batch, channels, samples]` on the CPU."""
        return self.model.decode(codes).float().cpu()

    def voices(self) -> int:
        """The largest batch."""
        return 16


@dataclass(frozen=True)
class PieceOptions:
    """How generated music is asked for and listened to.

    Attributes:
        prompts: by side (0: pieces that should have the concept, taken away from them; 1: pieces without it): descriptions.
            Empty: pieces go on from recordings of that kind.
        pieces: how many pieces each trial generates.
        seconds: length of each.
    """

    prompts: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    pieces: int = 16
    seconds: float = 4.0
    cfg_coef: float = 3.0
    seed: int = 0
    classifier: ClassifierOptions = CONCEPT_OPTIONS


class ClassifiedPieces:
    """A classifier of the user's own recordings, and the pieces that it listens to.

    Args:
        kinds: training recordings with and without the concept.
        starts: recordings to go on from, of both kinds.
    """

    def __init__(
        self,
        musicgen: MusicGenModel,
        name: str,
        kinds: tuple[Sequence[Path], Sequence[Path]],
        starts: tuple[Sequence[Path], Sequence[Path]],
        pieces: PieceOptions,
        report: Report | None = None,
    ) -> None:
        self.musicgen, self.pieces, self.starts = musicgen, pieces, starts
        options = replace(pieces.classifier, seed=pieces.seed)
        self.classifier: ConceptClassifier = train_concept_classifier(
            Codec(musicgen), name, list(kinds[0]), list(kinds[1]), options, report
        )

    def going_on_from(self, starts: tuple[Sequence[Path], Sequence[Path]]) -> ClassifiedPieces:
        """The same classifier, with pieces that go on from other recordings."""
        other = copy.copy(self)
        other.starts = starts
        return other

    def logits(self, side: int, edits: Mapping[str, Edit], seed: int) -> tuple[Tensor, Tensor]:
        """How sure the classifier is of the concept in pieces of a side, and whether it detects it: `[pieces]` each."""
        audio = self.generate(side, edits, seed).mean(1)
        logits = torch.cat([self.classifier.clip_logits(part)[:, 0] for part in audio.split(16)])
        return logits, (logits > 0) & loud_enough(audio)

    def heard(self, side: int, edits: Mapping[str, Edit], seed: int) -> float:
        """The share of pieces in which the classifier detects the concept."""
        return float(self.logits(side, edits, seed)[1].float().mean())

    def generate(self, side: int, edits: Mapping[str, Edit], seed: int) -> Tensor:
        """Pieces of a side, without what they go on from: `[pieces, channels, samples]`."""
        asked, count = self.pieces, self.pieces.pieces
        sampling = Sampling(
            seconds=asked.seconds, seed=seed, cfg_coef=asked.cfg_coef, top_k=min(250, self.musicgen.lm.card)
        )
        if asked.prompts[side]:
            prompts = [asked.prompts[side][i % len(asked.prompts[side])] for i in range(count)]
            return self.musicgen.generate(prompts, sampling, edits=edits).audio
        start = self._start(side, seed)
        longer = replace(sampling, seconds=asked.seconds + PROMPT_SECONDS)
        made = self.musicgen.generate([None] * count, longer, edits=edits, audio_prompt=start).audio
        return made[..., start.shape[-1] :]

    def _start(self, side: int, seed: int) -> Tensor:
        """Beginnings of recordings, from places drawn by the seed: `[pieces, channels, samples]`."""
        generator = torch.Generator().manual_seed(seed)
        length, found = int(PROMPT_SECONDS * self.musicgen.sample_rate), []
        for i in range(self.pieces.pieces):
            path = self.starts[side][i % len(self.starts[side])]
            audio = load(path, self.musicgen.sample_rate, self.musicgen.channels)
            room = max(1, audio.shape[-1] - length)
            place = int(torch.randint(room, (1,), generator=generator))
            cut = audio[:, place : place + length]
            found.append(torch.nn.functional.pad(cut, (0, length - cut.shape[-1])))
        return torch.stack(found)
