"""Sites of a RAVE: its latent, or the output of a layer of its encoder or decoder."""

import re
from dataclasses import dataclass

from drawstop.errors import DrawstopError

LATENT = "latent"


@dataclass(frozen=True)
class Site:
    """A site (a hook point): where frames are read and written. Side `latent`, or `encoder` and `decoder` with a layer from 0."""

    side: str
    layer: int = -1

    def __str__(self) -> str:
        return self.side if self.side == LATENT else f"{self.side}.{self.layer}"


def read_site(name: str, encoder_layers: int, decoder_layers: int) -> Site:
    """The site of a name in a model with so many layers.

    Raises:
        DrawstopError: no such site.
    """
    if name == LATENT:
        return Site(LATENT)
    match = re.fullmatch(r"(encoder|decoder)\.(\d+)", name)
    layers = {"encoder": encoder_layers, "decoder": decoder_layers}
    if match and int(match[2]) < layers[match[1]]:
        return Site(match[1], int(match[2]))
    raise DrawstopError(
        f"no site {name!r} in this model: expected {LATENT}, encoder.0 to encoder.{encoder_layers - 1}, or decoder.0 to "
        f"decoder.{decoder_layers - 1}"
    )
