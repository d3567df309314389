"""A MusicGen for training: its layers' frames by a forward pass over a piece of a recording, without a description."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from training.models.musicgen.model import MusicGenModel

PIECE_SECONDS = 10.0
"""Length of a recording's pieces, at most: the usual length of generated pieces."""


@dataclass(frozen=True)
class LayerRates:
    """Size and rate of a layer's frames (`protocols.SiteRates`)."""

    width: int
    ratio: int


class MusicGenLayers:
    """A `protocols.LayeredModel`. Its frames have a mean that isn't 0: an SAE of them is centred, with biases."""

    centred = True

    def __init__(self, musicgen: MusicGenModel) -> None:
        self.musicgen = musicgen
        self.fingerprint = musicgen.fingerprint
        seconds = min(PIECE_SECONDS, musicgen.max_seconds)
        self.piece_frames: int | None = int(seconds * musicgen.frame_rate)

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz."""
        return self.musicgen.sample_rate

    @property
    def channels(self) -> int:
        """Channels of its audio."""
        return self.musicgen.channels

    def sites(self) -> dict[str, LayerRates]:
        """Every layer, with its rates."""
        return {site: LayerRates(self.musicgen.width, self.musicgen.ratio) for site in self.musicgen.sites()}

    def frames(self, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
        """Teacher-forced frames of all sites in one pass. `[batch, channels, samples]` -> `[batch, width, frames]` each."""
        return self.musicgen.frames(audio, list(sites))
