"""Generated pieces of a MusicGen, steered or not, and a classifier that detects the concept in them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.progress import StepReport
from training.classifiers.classifier import NetworkClassifier
from training.classifiers.concept_classifier import CONCEPT_OPTIONS, train_concept_classifier
from training.classifiers.training import ClassifierOptions
from training.data.recordings import load
from training.models.musicgen.hooks import Edit
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

PROMPT_SECONDS = 1.0
"""Length of a recording's cut that a piece goes on from, where no description makes the concept sound."""


@dataclass(frozen=True)
class CodecRates:
    """Sample rate in Hz, channels, and samples per frame (`protocols.SoundRates`)."""

    sample_rate: int
    channels: int
    ratio: int


class Codec:
    """A MusicGen's EnCodec as the autoencoder that a classifier is trained on: pieces are always its sound."""

    def __init__(self, musicgen: MusicGenModel) -> None:
        self.musicgen = musicgen
        self.rates = CodecRates(musicgen.sample_rate, musicgen.channels, musicgen.ratio)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Tensor:
        """`[batch, channels, samples]` -> codes."""
        return self.musicgen.encode(audio)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Codes -> `[batch, channels, samples]` on the CPU."""
        return self.musicgen.model.compression_model.decode(codes).float().cpu()

    def voices(self) -> int:
        """The largest batch."""
        return 16


@dataclass(frozen=True)
class PieceOptions:
    """How pieces are generated, and how the classifier for them is trained.

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
    classifier: ClassifierOptions = field(default_factory=lambda: CONCEPT_OPTIONS)


class PieceClassifier:
    """A classifier trained on the user's recordings, and the generated pieces that it is applied to.

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
        options: PieceOptions,
        report: StepReport | None = None,
    ) -> None:
        self.musicgen, self.options, self.starts = musicgen, options, starts
        training = replace(options.classifier, seed=options.seed)
        network = train_concept_classifier(
            Codec(musicgen), name, list(kinds[0]), list(kinds[1]), training, report
        )
        self.classifier = NetworkClassifier(network)

    def with_starts(self, starts: tuple[Sequence[Path], Sequence[Path]]) -> PieceClassifier:
        """The same classifier, for pieces that go on from other recordings."""
        other = copy.copy(self)
        other.starts = starts
        return other

    def logits(self, side: int, edits: Mapping[str, Edit], seed: int) -> tuple[Tensor, Tensor]:
        """How sure the classifier is of the concept in pieces of a side, and whether it detects it: `[pieces]` each."""
        audio = self.generate(side, edits, seed).mean(1)
        predictions = self.classifier.predict(audio, self.musicgen.sample_rate)
        return predictions.logits[:, 0], predictions.detected[:, 0]

    def detected(self, side: int, edits: Mapping[str, Edit], seed: int) -> float:
        """The share of pieces in which the classifier detects the concept."""
        return float(self.logits(side, edits, seed)[1].float().mean())

    def generate(self, side: int, edits: Mapping[str, Edit], seed: int) -> Tensor:
        """Pieces of a side, without what they go on from: `[pieces, channels, samples]`."""
        options, count = self.options, self.options.pieces
        sampling = Sampling(
            seconds=options.seconds,
            seed=seed,
            cfg_coef=options.cfg_coef,
        )
        if options.prompts[side]:
            prompts = [options.prompts[side][i % len(options.prompts[side])] for i in range(count)]
            return self.musicgen.generate(prompts, sampling, edits=edits).audio
        start = self._start(side, seed)
        longer = replace(sampling, seconds=options.seconds + PROMPT_SECONDS)
        made = self.musicgen.generate([None] * count, longer, edits=edits, audio_prompt=start).audio
        return made[..., start.shape[-1] :]

    def _start(self, side: int, seed: int) -> Tensor:
        """Cuts of recordings, from positions drawn by the seed: `[pieces, channels, samples]`."""
        generator = torch.Generator().manual_seed(seed)
        length, cuts = int(PROMPT_SECONDS * self.musicgen.sample_rate), []
        for i in range(self.options.pieces):
            path = self.starts[side][i % len(self.starts[side])]
            audio = load(path, self.musicgen.sample_rate, self.musicgen.channels)
            room = max(1, audio.shape[-1] - length)
            first = int(torch.randint(room, (1,), generator=generator))
            cut = audio[:, first : first + length]
            cuts.append(torch.nn.functional.pad(cut, (0, length - cut.shape[-1])))
        return torch.stack(cuts)
