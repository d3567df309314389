"""Recordings with and without a concept, as latents, split by recording: what a stop is found from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.progress import Progress
from training.data.augmentation import Augmentation, vary
from training.data.phrases import deal_files, is_like, phrase_of
from training.data.recordings import Split, deal, load
from training.models.rave.model import RaveModel

IN_PLACE = Augmentation(pitch_share=0.0, equaliser_share=1.0, reverb_share=0.5)
"""Variations that keep every note where it is, so that parallel recordings stay parallel."""

TRANSPOSED = Augmentation(
    pitch_share=1.0, semitones=5.0, equaliser_share=0.8, equaliser=9.0, reverb_share=0.3
)
"""Variations that move notes and formants together, as a smaller or larger instrument would."""


@dataclass(frozen=True)
class EncodedRecordings:
    """Recordings of one kind: latents `[latents, frames]` of each and of its variations, and its split.

    Attributes:
        varied: variations in place (equaliser, room): what was parallel stays parallel.
        transposed: variations that play other notes, at another speed and with other formants: more timbres.
    """

    paths: list[Path]
    latents: list[Tensor]
    varied: list[list[Tensor]]
    splits: list[Split]
    transposed: list[list[Tensor]]

    def learned(self) -> list[Tensor]:
        """Latents to learn from, with all their variations; all of them where the split leaves none."""
        latents: list[Tensor] = []
        for index in self._of("train"):
            latents += [self.latents[index], *self.varied[index], *self.transposed[index]]
        return latents

    def learned_paths(self) -> list[Path]:
        """The training recordings' files."""
        return [self.paths[index] for index in self.indices("train")]

    def unseen(self, split: Split) -> list[Tensor]:
        """Latents of the validation or the test split, as they were recorded; of all where there are none."""
        return [self.latents[index] for index in self._of(split)]

    def indices(self, split: Split) -> list[int]:
        """Which recordings are in a split."""
        return [index for index, each in enumerate(self.splits) if each == split]

    def _of(self, split: Split) -> list[int]:
        return self.indices(split) or list(range(len(self.paths)))


def concatenated(parts: Sequence[EncodedRecordings]) -> EncodedRecordings:
    """Several kinds as one; every recording keeps its split."""
    return EncodedRecordings(
        *([item for part in parts for item in getattr(part, each.name)] for each in fields(EncodedRecordings))
    )


def encode_recordings(
    model: RaveModel,
    paths: list[Path],
    seed: int,
    variations: int,
    transpositions: int,
    what: str,
    progress: Progress | None,
    splits: Sequence[Split] | None = None,
) -> EncodedRecordings:
    """Encodes recordings, and seeded variations of each in the training split: in place, and transposed.

    Args:
        splits: the recordings' splits; None: dealt by their hashes.
    """
    latents: list[Tensor] = []
    varied: list[list[Tensor]] = []
    transposed: list[list[Tensor]] = []
    kinds = [(varied, IN_PLACE, variations, 0), (transposed, TRANSPOSED, transpositions, variations)]
    hashes = [sha256_file(path) for path in paths]
    splits = deal(hashes, seed) if splits is None else splits
    for index, (path, hash) in enumerate(zip(paths, hashes, strict=True)):
        audio = load(path, model.rates.sample_rate, model.rates.channels)
        latents.append(model.encode(audio.unsqueeze(0))[0])
        for variants, how, count, first in kinds:
            numbers = range(first, first + count) if splits[index] == "train" else range(0)
            rngs = [np.random.default_rng((seed, number, int(hash[:8], 16))) for number in numbers]
            sounds = [vary(audio, model.rates.sample_rate, rng, how) for rng in rngs]
            variants.append([model.encode(sound.unsqueeze(0))[0] for sound in sounds])
        if progress:
            progress(what, index + 1, len(paths))
    return EncodedRecordings(paths, latents, varied, list(splits), transposed)


def encode_both(
    model: RaveModel,
    paths: tuple[list[Path], list[Path]],
    seed: int,
    variations: int,
    transpositions: int,
    progress: Progress | None,
) -> tuple[EncodedRecordings, EncodedRecordings]:
    """`encode_recordings` of those with and without a concept; parallel ones share a split."""
    splits = deal_files(paths, seed)
    having, lacking = (
        encode_recordings(
            model, kind, seed, variations, transpositions, f"listening to recordings {name}", progress, dealt
        )
        for kind, name, dealt in zip(paths, ("with", "without"), splits, strict=True)
    )
    return having, lacking


def encode_file(model: RaveModel, path: Path) -> Tensor:
    """Latents `[latents, frames]` of a recording."""
    return model.encode(load(path, model.rates.sample_rate, model.rates.channels).unsqueeze(0))[0]


def refuse_overlap(with_paths: list[Path], without_paths: list[Path]) -> None:
    """Raises DrawstopError where there is too little to learn from, or one recording counts as both."""
    for paths, kind in ((with_paths, "with"), (without_paths, "without")):
        if len(paths) < 2:
            raise DrawstopError(
                f"expected two recordings or more {kind} the concept, got {len(paths)}: ten are a good start"
            )
    both = {sha256_file(path) for path in with_paths} & {sha256_file(path) for path in without_paths}
    if both:
        raise DrawstopError(
            f"{len(both)} recording(s) lie in both folders: a recording either has the concept or hasn't"
        )


def parallel_pairs(
    with_concept: EncodedRecordings,
    without: EncodedRecordings,
    like: str = "*",
    splits: Sequence[Split] = ("train",),
) -> list[tuple[int, int]]:
    """Indices of recordings with and without in the same of some splits that play the same phrase (see `phrase_of`).

    Args:
        like: pattern of the file names with the concept that count.
    """
    return [
        (i, j)
        for split in splits
        for i in with_concept.indices(split)
        if is_like(with_concept.paths[i], like)
        for j in without.indices(split)
        if phrase_of(with_concept.paths[i]) == phrase_of(without.paths[j])
    ]


def paired_latents(
    with_concept: EncodedRecordings, without: EncodedRecordings, pairs: list[tuple[int, int]]
) -> tuple[Tensor, Tensor]:
    """Latents of parallel recordings without and with the concept, `[pairs, latents, frames]` each.

    Each variation of the one without is one more pair; shorter recordings end in silence.
    """
    sources = [[without.latents[j], *without.varied[j]] for _, j in pairs]
    targets = [with_concept.latents[i] for i, _ in pairs]
    frames = max(z.shape[-1] for z in (*targets, *(z for group in sources for z in group)))
    stacked = [_padded(z, frames) for group in sources for z in group]
    repeated = [
        _padded(target, frames) for target, group in zip(targets, sources, strict=True) for _ in group
    ]
    return torch.stack(stacked), torch.stack(repeated)


def _padded(z: Tensor, frames: int) -> Tensor:
    return pad(z, (0, frames - z.shape[-1]))
