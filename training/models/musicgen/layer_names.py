"""The layers of a language model as sites: their names, and lists of them."""

import re
from collections.abc import Sequence

from drawstop.errors import DrawstopError

ALL = "layers.all"


def layer_site(layer: int) -> str:
    """The name of a layer's output.

    >>> layer_site(3)
    'layers.3'
    """
    return f"layers.{layer}"


def read_layers(sites: str | Sequence[str], layers: int) -> tuple[int, ...]:
    """The layers that some sites name, ascending, each once.

    Args:
        sites: one or several of `layers.N`, `layers.all`, or a list with ranges: `layers.0,4,8-11`.
        layers: number of the model's layers.

    Raises:
        DrawstopError: no site, or a layer that isn't there.

    >>> read_layers("layers.0,2-4", 24), read_layers(["layers.1", "layers.0"], 2), read_layers("layers.all", 3)
    ((0, 2, 3, 4), (0, 1), (0, 1, 2))
    """
    named = [sites] if isinstance(sites, str) else list(sites)
    numbers = {layer for site in named for layer in _of_one(site, layers)}
    if not numbers:
        raise DrawstopError(f"expected at least one site: layers.0 to layers.{layers - 1}, or {ALL}")
    return tuple(sorted(numbers))


def _of_one(site: str, layers: int) -> list[int]:
    if site == ALL:
        return list(range(layers))
    parts = re.fullmatch(r"layers\.(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)", site)
    spans = [part.split("-") for part in parts[1].split(",")] if parts else []
    numbers = [layer for span in spans for layer in range(int(span[0]), int(span[-1]) + 1)]
    if not numbers or max(numbers) >= layers:
        raise DrawstopError(
            f"no site {site!r} in this model: expected layers.0 to layers.{layers - 1}, a list such as layers.0,2-3, "
            f"or {ALL}"
        )
    return numbers
