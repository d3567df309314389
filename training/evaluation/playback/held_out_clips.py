"""Clips of unseen labelled recordings, and mixtures made of them, on which stops are measured."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.audio.decoding import header_of
from drawstop.errors import DrawstopError
from training.data.clips import CLIP_SECONDS, as_loud, loud_enough
from training.data.labelled_set import LabelledRecording
from training.data.recordings import load
from training.models.rave.batches import encode_clips
from training.models.rave.model import RaveModel

LEAD_SECONDS = 1.5
"""Sound before each clip, where most recordings are long enough: a sound that is cut in midway begins like a pluck."""
CLIPS_OF_A_RECORDING = 2
"""Most clips of one recording, so that a long recording doesn't outweigh the others."""


@dataclass(frozen=True)
class Clips:
    """Clips as sound and as a RAVE's frames, leads included.

    Attributes:
        concepts: the concepts that may sound in them.
        labels: `[clips, concepts]` bool.
        groups: bootstrap group of each clip: the recordings that it was cut from.
        made: `[clips]` bool: mixed here from two solos, whose own frames are in `parts`.
        new_timbre: `[clips]` bool: has timbres that nothing was trained on.
        latents: `[clips, width, frames]`.
        parts: by concept, its own frames in the mixtures made here; zeros elsewhere. `[clips, width, frames]`.
        originals: mono, without leads: `[clips, samples]`.
        lead: frames of lead, before the measured part.
    """

    concepts: tuple[str, ...]
    labels: Tensor
    groups: tuple[str, ...]
    made: Tensor
    new_timbre: Tensor
    latents: Tensor
    parts: dict[str, Tensor]
    originals: Tensor
    lead: int

    def alone(self, concept: str) -> list[int]:
        """Clips in which only this concept sounds."""
        return self._where(self.having(concept) & (self.labels.sum(1) == 1) & ~self.made)

    def mixed(self, concept: str) -> list[int]:
        """The mixtures made here that have the concept."""
        return self._where(self.having(concept) & self.made)

    def lacking(self, concept: str) -> list[int]:
        """Recorded clips without the concept."""
        return self._where(~self.having(concept) & ~self.made)

    def having(self, concept: str) -> Tensor:
        """Which clips have the concept: `[clips]` bool."""
        return self.labels[:, self.concepts.index(concept)]

    def _where(self, chosen: Tensor) -> list[int]:
        return torch.nonzero(chosen)[:, 0].tolist()


@dataclass(frozen=True)
class _Cut:
    audio: Tensor  # [channels, samples], the lead included
    labels: frozenset[str]
    group: str
    new_timbre: bool


def cut_clips(
    model: RaveModel,
    recordings: Sequence[LabelledRecording],
    concepts: tuple[str, ...],
    most: int,
    seed: int,
) -> Clips:
    """Cuts recordings into clips, mixes pairs of solos that share no concept, as sound, and encodes everything.

    Args:
        recordings: unseen recordings.
        concepts: the concepts that are measured; other labels count as none.
        most: most clips of each set of labels, and most mixtures of each pair of concepts.

    Raises:
        DrawstopError: all recordings are silent.
    """
    rng = np.random.default_rng(seed)
    lengths = _lengths(model, recordings)
    cuts = [cut for recording in recordings for cut in _cuts(model, recording, concepts, *lengths)]
    if not cuts:
        raise DrawstopError("the unseen recordings hold nothing but silence: give some in which sounds play")
    chosen = _at_most_of_each_kind(cuts, most, rng)
    pairs = _pairs(chosen, most, rng)
    mixtures = [_mixture(*pair) for pair in pairs]
    everything = [*chosen, *mixtures]
    audio = torch.stack([cut.audio for cut in everything])
    ratio = model.rates.ratio
    before, _ = lengths
    labels = torch.tensor([[concept in cut.labels for concept in concepts] for cut in everything])
    parts = {
        concept: _parts(model, concept, pairs, len(chosen), audio.shape[-1] // ratio) for concept in concepts
    }
    return Clips(
        concepts,
        labels,
        tuple(cut.group for cut in everything),
        torch.arange(len(everything)) >= len(chosen),
        torch.tensor([cut.new_timbre for cut in everything]),
        encode_clips(model, audio),
        parts,
        audio[..., before:].mean(1),
        before // ratio,
    )


def _lengths(model: RaveModel, recordings: Sequence[LabelledRecording]) -> tuple[int, int]:
    """Samples of a lead and of a clip's measured part: whole latent frames."""
    rate, ratio = model.rates.sample_rate, model.rates.latent_ratio
    seconds = [header_of(recording.path).seconds for recording in recordings]
    long_enough = bool(np.median(seconds) >= LEAD_SECONDS + CLIP_SECONDS)
    lead, length = (round(s * rate) // ratio * ratio for s in (LEAD_SECONDS * long_enough, CLIP_SECONDS))
    return lead, length


def _cuts(
    model: RaveModel, recording: LabelledRecording, concepts: tuple[str, ...], lead: int, length: int
) -> list[_Cut]:
    """A recording's clips, evenly spread; a short one ends in silence, silent ones are left out."""
    audio = load(recording.path, model.rates.sample_rate, model.rates.channels)
    room = audio.shape[-1] - lead - length
    count = max(1, min(CLIPS_OF_A_RECORDING, 1 + 2 * room // length))
    labels = recording.labels & set(concepts)
    found = []
    for start in np.linspace(0, max(0, room), count).astype(int):
        cut = audio[:, start : start + lead + length]
        cut = pad(cut, (0, lead + length - cut.shape[-1]))
        if bool(loud_enough(cut[:, lead:].flatten())):
            found.append(_Cut(cut, labels, recording.group, recording.new_timbre))
    return found


def _at_most_of_each_kind(cuts: list[_Cut], most: int, rng: np.random.Generator) -> list[_Cut]:
    """Random cuts, at most `most` of each set of labels, in their first order."""
    kinds: dict[tuple[str, ...], list[int]] = {}
    for i, cut in enumerate(cuts):
        kinds.setdefault(tuple(sorted(cut.labels)), []).append(i)
    chosen = [int(i) for indices in kinds.values() for i in rng.permutation(indices)[:most]]
    return [cuts[i] for i in sorted(chosen)]


def _pairs(cuts: list[_Cut], most: int, rng: np.random.Generator) -> list[tuple[_Cut, _Cut]]:
    """Pairs of solos of two concepts, both of known timbres or both of new ones."""
    solos: dict[str, list[_Cut]] = {}
    for cut in cuts:
        if len(cut.labels) == 1:
            solos.setdefault(next(iter(cut.labels)), []).append(cut)
    pairs = []
    for first, second in itertools.combinations(sorted(solos), 2):
        every = [
            pair
            for pair in itertools.product(solos[first], solos[second])
            if pair[0].new_timbre == pair[1].new_timbre
        ]
        pairs += [every[i] for i in rng.permutation(len(every))[:most]]
    return pairs


def _mixture(first: _Cut, second: _Cut) -> _Cut:
    """Both clips at once, equally loud."""
    audio = first.audio + as_loud(second.audio[None], first.audio[None])[0]
    group = f"{first.group}+{second.group}"
    return _Cut(audio, first.labels | second.labels, group, first.new_timbre)


def _parts(
    model: RaveModel, concept: str, pairs: list[tuple[_Cut, _Cut]], recorded: int, frames: int
) -> Tensor:
    """A concept's own frames in every mixture, zeros in the recorded clips and the mixtures without it."""
    found = torch.zeros(recorded + len(pairs), model.rates.width, frames)
    for index, (first, second) in enumerate(pairs):
        for cut, audio in (
            (first, first.audio[None]),
            (second, as_loud(second.audio[None], first.audio[None])),
        ):
            if concept in cut.labels:
                found[recorded + index] = encode_clips(model, audio)[0]
    return found
