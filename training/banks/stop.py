"""A stop: one named concept of a model, and what is added and taken away for it."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.banks.gate import Gate
from training.banks.gate_expander import NO_EXPANSION, Expander

RESERVED_SLUGS = frozenset(
    [
        "sr",
        "sample_rate",
        "methods",
        "attributes",
        "buffer_attributes",
        "training",
        "train",
        "forward",
        "encode",
        "decode",
        "play",
        "steer",
        "listen",
        "enable",
        "gpu",
        "reload",
        "set",
        "get",
        "load",
        "method",
        "bufsize",
        "none",
        "ramp",
        "bypass",
        "noise",
        "reset",
        "eval",
        "to",
        "values",
        "state",
        "float",
        "int",
        "list",
        "symbol",
        "bang",
        "pointer",
        "anything",
    ]
)
"""Names that nn~, TorchScript, Pd or the instrument itself has already given to something else."""


@dataclass(frozen=True)
class Gates:
    """The networks of a gated stop: each gives, per frame, a level for some features.

    Attributes:
        off: how much of each feature is the concept's now, to be taken away.
        on: how much of each feature the concept would add if it played along; None: the stop's static write vectors
            bring the concept in.
        expander: raises the off gate's levels where most of the sound is the concept's.
    """

    off: Gate
    on: Gate | None = None
    expander: Expander = NO_EXPANSION

    def sides(self) -> tuple[tuple[str, Gate], ...]:
        """The gates that there are, by name."""
        return (("off", self.off),) if self.on is None else (("off", self.off), ("on", self.on))


@dataclass(frozen=True)
class Stop:
    """One named concept of one model.

    Attributes:
        name: what the user called it.
        slug: an ASCII identifier made from the name.
        kind: how it was made: "static", "gated", "direction", "random", or "mixed" (its sides differ).
        removal_weights: m `[n_features]` in 0..1: the part of each feature that belongs to the concept.
        write_vectors: u `[n_features, width]`, in units of z: what each feature adds when the concept is brought in;
            `[0, width]` where none adds anything.
        cap: largest norm of what is brought in, as a multiple of the frame's own norm.
        metrics: what `find` measured.
        gates: of a gated stop, used instead of m and u (which stay, as its static counterpart).
        constants: `[2, width]`, in units of z: what is added at -1 and at +1 whatever plays, under the cap; None: nothing.
            For layers in which a frame of zeros isn't silence, so that a concept can come in where no feature of it fires.
    """

    name: str
    slug: str
    kind: str
    removal_weights: Tensor
    write_vectors: Tensor
    cap: float
    metrics: dict[str, Any] = field(default_factory=dict)
    gates: Gates | None = None
    constants: Tensor | None = None

    def __post_init__(self) -> None:
        written = (0, *self.removal_weights.shape)
        if (
            self.removal_weights.ndim != 1
            or self.write_vectors.ndim != 2
            or self.write_vectors.shape[0] not in written
        ):
            raise DrawstopError(
                f"stop {self.name}: expected removal weights [n_features] and write vectors [n_features, width], "
                f"got {list(self.removal_weights.shape)} and {list(self.write_vectors.shape)}"
            )
        if not (torch.isfinite(self.removal_weights).all() and torch.isfinite(self.write_vectors).all()):
            raise DrawstopError(f"stop {self.name} holds numbers that are not finite: find it again")
        if self.constants is not None and (
            self.constants.shape != (2, self.write_vectors.shape[1])
            or not torch.isfinite(self.constants).all()
        ):
            raise DrawstopError(
                f"stop {self.name}: expected finite constants [2, {self.write_vectors.shape[1]}], "
                f"got {list(self.constants.shape)}"
            )
        if not 0 < self.cap < float("inf"):
            raise DrawstopError(f"stop {self.name}: expected a positive cap, got {self.cap}")
        if self.gates is not None:
            for _, gate in self.gates.sides():
                highest, width = int(gate.features.max()), gate.config.width
                if highest >= self.removal_weights.shape[0] or width != self.write_vectors.shape[1]:
                    raise DrawstopError(
                        f"stop {self.name}: expected gates of {list(self.write_vectors.shape)} features and latents, "
                        f"got feature {highest} and {width} latents: find it again"
                    )

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return -1.0, 1.0

    def static(self) -> "Stop":
        """The static counterpart: constant removal weights and write vectors instead of gates."""
        return replace(self, kind="static", gates=None) if self.gates is not None else self


def make_slug(name: str, taken: set[str] | None = None) -> str:
    """An ASCII identifier for a name that nn~, TorchScript and OSC accept; unlike the ones taken.

    >>> make_slug("Electric Guitar"), make_slug("12-string"), make_slug("set"), make_slug("öl", {"ol"})
    ('electric_guitar', 's_12_string', 'set_stop', 'ol_2')
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_name.lower()).strip("_") or "stop"
    if slug[0].isdigit():
        slug = f"s_{slug}"
    if iskeyword(slug) or slug in RESERVED_SLUGS or slug.endswith("_params"):
        slug = f"{slug}_stop"
    base, number = slug, 2
    while slug in (taken or set()):
        slug, number = f"{base}_{number}", number + 1
    return slug
