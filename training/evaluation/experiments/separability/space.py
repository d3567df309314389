"""A model's own numbers for the separability experiment: changes by stops, their features, and clips of one concept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.control_edits import ConstantEdit
from training.evaluation.context import EvaluationContext
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.playback.playback import STOP
from training.evaluation.playback.rave import RavePlayback
from training.evaluation.rave_context import RaveContext

CHANGED = 24
"""Most recordings whose frames are edited at a MusicGen's layers, evenly spread."""


class Space(Protocol):
    """One model's numbers at one or more of its sites."""

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites at which clips are described; a single one has an empty name."""

    def change(self, concept: str, value: float) -> Tensor:
        """What a stop at a value adds to some frames, the same frames for every stop."""

    def shares(self, concept: str) -> Tensor:
        """A stop's shares of all features."""

    def solo_levels(self, concept: str, value: float, site: str) -> Tensor:
        """RMS over time of clips of this concept alone, with its own stop at a value, `[clips, width]`."""

    def groups(self, concept: str) -> list[str]:
        """The group of each of those clips; a group stays on one side of a split."""


class RaveSpace:
    """The `Space` of a RAVE: the clips of its playback."""

    sites = ("",)

    def __init__(self, playback: RavePlayback) -> None:
        self.playback, self.edit = playback, playback.edits()[STOP]
        self._some = playback.clips.latents[playback.spread(range(len(playback.clips.groups)))]

    def change(self, concept: str, value: float) -> Tensor:
        """What a stop at a value adds to the latents of some clips."""
        return self._edited(self._some, concept, value) - self._some

    def shares(self, concept: str) -> Tensor:
        """The stop's removal weights, `[n_features]`."""
        return self.playback.context.bank.stop(concept).removal_weights

    def solo_levels(self, concept: str, value: float, site: str) -> Tensor:
        """Level of each latent in clips of the concept alone, with the stop at a value: `[clips, latents]`."""
        z = self.playback.clips.latents[self.playback.clips.alone(concept)]
        return _levels(self._edited(z, concept, value) if value else z)

    def groups(self, concept: str) -> list[str]:
        """The recording that each of those clips was cut from."""
        return self.playback.groups_of(self.playback.clips.alone(concept))

    def _edited(self, z: Tensor, concept: str, value: float) -> Tensor:
        return self.edit(z, {self.playback.slugs[concept]: value})


class LayersSpace:
    """Unseen recordings at the layers of a MusicGen that have stops, each layer edited alone: the `Space` of its banks.

    Args:
        banks: by site, those with stops.
        encoded: by site, the recordings encoded there.
        concepts: the concepts that are measured; other labels count as none.
    """

    def __init__(
        self, banks: Mapping[str, StopBank], encoded: Mapping[str, EncodedSet], concepts: tuple[str, ...]
    ) -> None:
        self.banks, self.encoded, self.concepts = banks, encoded, frozenset(concepts)
        self.sites = tuple(banks)
        self._edits = {site: ConstantEdit(bank) for site, bank in banks.items()}
        self._any = next(iter(encoded.values()))

    def change(self, concept: str, value: float) -> Tensor:
        """What a stop at a value adds to some recordings, in units of each layer's own scale, one layer after another."""
        every = self._places(None)
        indices = every[:: -(-len(every) // CHANGED)]
        return torch.cat(
            [
                (self._edited(site, index, concept, value) - self._frames(site, index)).flatten()
                / self.banks[site].sae.scale
                for site in self.sites
                for index in indices
            ]
        )

    def shares(self, concept: str) -> Tensor:
        """The stop's removal weights at all layers in a row; zeros at a layer without the stop."""
        return torch.cat([_shares(bank, concept) for bank in self.banks.values()])

    def solo_levels(self, concept: str, value: float, site: str) -> Tensor:
        """Level of each of the layer's normalised numbers in recordings of the concept alone: `[recordings, width]`."""
        sae = self.banks[site].sae
        clips = [self._edited(site, index, concept, value) for index in self._places(concept)]
        described = [_levels(sae.normalise(x.mT).mT)[0] for x in clips]
        return torch.stack(described) if described else torch.zeros(0, sae.config.d_in)

    def groups(self, concept: str) -> list[str]:
        """The recording that each of those levels comes from."""
        return [self._any.groups[index] for index in self._places(concept)]

    def _places(self, concept: str | None) -> list[int]:
        """Indices of unseen recordings that aren't silent: all of them, or those of a concept alone."""
        encoded = self._any
        wanted = None if concept is None else {concept}
        return [
            index
            for index, each in enumerate(encoded.data.recordings)
            if each.split == "test" and encoded.loud[index] and wanted in (None, each.labels & self.concepts)
        ]

    def _frames(self, site: str, index: int) -> Tensor:
        """The layer's own frames of a recording, `[1, width, frames]`."""
        encoded = self.encoded[site]
        return encoded.sae.denormalise(torch.from_numpy(encoded.frames[index])).T[None]

    def _edited(self, site: str, index: int, concept: str, value: float) -> Tensor:
        x = self._frames(site, index)
        knobs = [value if stop.name == concept else 0.0 for stop in self.banks[site].stops]
        return self._edits[site](x, knobs) if any(knobs) else x


def space_of(context: EvaluationContext) -> Space:
    """The numbers of a context's model: a RAVE's clips, or a MusicGen's layers."""
    if isinstance(context, RaveContext):
        return RaveSpace(context.playback)
    assert isinstance(context, MusicGenContext)
    return LayersSpace(context.steered_banks, context.encoded, context.playback.items.concepts)


def _shares(bank: StopBank, concept: str) -> Tensor:
    found = [stop.removal_weights for stop in bank.stops if stop.name == concept]
    return found[0] if found else torch.zeros(bank.sae.config.n_features)


def _levels(frames: Tensor) -> Tensor:
    """Root mean squares over time: `[clips, width, frames]` -> `[clips, width]`."""
    return frames.square().mean(-1).sqrt()
