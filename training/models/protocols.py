"""Protocols of the models, of whatever kind, whose layers training reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from drawstop.errors import DrawstopError


class SiteRates(Protocol):
    """A site's size and rate."""

    @property
    def width(self) -> int:
        """Numbers per frame."""

    @property
    def ratio(self) -> int:
        """Samples per frame."""


class LayeredModel(Protocol):
    """A model that gives the frames of several of its layers in one pass over a sound."""

    fingerprint: str
    piece_frames: int | None
    """Frames of a piece that is computed at once, at most; None: a whole recording."""
    centred: bool
    """True if an SAE should subtract the frames' mean; False if a frame of zeros is silence, which it should stay."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz."""

    @property
    def channels(self) -> int:
        """Channels of its sound."""

    def sites(self) -> Mapping[str, SiteRates]:
        """Every site (a hook point) whose frames can be read, in the order of the computation."""

    def frames(self, audio: Tensor, sites: Sequence[str]) -> Mapping[str, Tensor]:
        """Frames of some sites, without gradients. `[batch, channels, samples]` -> `[batch, width, frames]` each; frames that
        begin after the sound's end may follow."""


@runtime_checkable
class PiecewiseModel(Protocol):
    """A model that carries its caches over from piece to piece, so that memory doesn't grow with a recording."""

    def frames_in_pieces(
        self, blocks: Iterable[Tensor], sites: Sequence[str]
    ) -> Iterator[Mapping[str, Tensor]]:
        """`LayeredModel.frames` of a recording that comes in blocks `[batch, channels, samples]`, piece after piece."""


class SoundRates(Protocol):
    """Rates of an autoencoder of sound."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz."""

    @property
    def channels(self) -> int:
        """Channels of its sound."""

    @property
    def ratio(self) -> int:
        """Samples per frame."""


class Autoencoder(Protocol):
    """A model that encodes sound and decodes it again: a RAVE, or a MusicGen's EnCodec."""

    @property
    def rates(self) -> SoundRates:
        """Sample rate, channels, and samples per frame."""

    def encode(self, audio: Tensor) -> Tensor:
        """Sound `[batch, channels, samples]` -> x, as `decode` takes it."""

    def decode(self, x: Tensor) -> Tensor:
        """x, as `encode` gives it -> sound `[batch, channels, samples]`."""

    def voices(self) -> int:
        """The largest batch."""


ALL = ("all", "layers.all")
"""Names of every site."""
LATENT = "latent"


def usual_sites(model: LayeredModel, wanted: Sequence[str] | None) -> Sequence[str]:
    """The sites that are asked for; if none is, the latent of a model that has one, else every site."""
    return wanted or ([LATENT] if LATENT in model.sites() else ["all"])


def choose_sites(model: LayeredModel, wanted: Sequence[str]) -> dict[str, SiteRates]:
    """The sites of some names, `all` for every one, in the model's own order.

    Raises:
        DrawstopError: a site that isn't there.
    """
    there = model.sites()
    for name in wanted:
        if name not in ALL and name not in there:
            raise DrawstopError(f"no site {name!r} in this model: expected all or some of {', '.join(there)}")
    every = any(name in ALL for name in wanted)
    return {name: rates for name, rates in there.items() if every or name in wanted}
