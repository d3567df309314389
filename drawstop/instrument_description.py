"""The description inside an instrument file: written by `bake`, read by the engine and by `inspect`."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from drawstop.errors import DrawstopError

EXTRA_FILE = "drawstop.json"
"""The name of the extra file inside the TorchScript archive that holds the description."""

FORMAT = 2

T = TypeVar("T")


@dataclass(frozen=True)
class StopDescription:
    """One stop of an instrument."""

    name: str
    """The name for people: "Electric guitar"."""
    slug: str
    """The attribute's name in nn~, an ASCII identifier: "electric_guitar"."""
    label: str
    """A short label for a knob."""
    minimum: float = -1.0
    maximum: float = 1.0
    default: float = 0.0
    kind: str = "static"
    site: str = "latent"
    """The site that it edits: `latent`, or a layer (`encoder.N`, `decoder.N`)."""


@dataclass(frozen=True)
class MethodDescription:
    """One method as nn~ calls it: a label per inlet and outlet, samples per value on either side, and its delay."""

    name: str
    inlets: tuple[str, ...]
    in_ratio: int
    outlets: tuple[str, ...]
    out_ratio: int
    delay_samples: int
    """The delay from inlets to outlets, in samples of sound, without nn~'s buffers."""


@dataclass(frozen=True)
class InstrumentDescription:
    """An instrument: rate (Hz), channels, ratio (samples per frame), delay (samples), stops, methods, provenance."""

    name: str
    version: str
    sample_rate: int
    channels_in: int
    channels_out: int
    ratio: int
    latent_size: int
    delay_samples: int
    stops: tuple[StopDescription, ...]
    methods: tuple[MethodDescription, ...]
    model_fingerprint: str
    bank_fingerprint: str
    provenance: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def to_json(self) -> str:
        """The description as JSON text; equal descriptions give equal text."""
        return json.dumps(asdict(self), sort_keys=True, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "InstrumentDescription":
        """Read what `to_json` wrote.

        Raises:
            DrawstopError: not JSON, a format that this version doesn't know, or fields missing or unknown.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise DrawstopError(
                f"the instrument's description isn't JSON ({error}); bake it again"
            ) from error
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            version = values.get("format") if isinstance(values, dict) else None
            raise DrawstopError(
                f"the instrument's description has format {version!r}, this Drawstop reads {FORMAT}; "
                "bake it again, or use the Drawstop that baked it"
            )
        stops = tuple(_build(StopDescription, stop) for stop in _list(values, "stops"))
        methods = tuple(
            _build(MethodDescription, _with_labels(method)) for method in _list(values, "methods")
        )
        return _build(cls, values | {"stops": stops, "methods": methods})

    def method(self, name: str) -> MethodDescription:
        """The method of this name. Raises DrawstopError where there is none."""
        for method in self.methods:
            if method.name == name:
                return method
        raise DrawstopError(f"this instrument has no method {name}; bake it again")


def _list(values: dict[str, Any], name: str) -> list[Any]:
    items = values.get(name)
    if not isinstance(items, list):
        raise DrawstopError(f"the instrument's description has no list of {name}; bake it again")
    return items


def _with_labels(method: Any) -> Any:
    """JSON's lists of labels as tuples; anything else unchanged."""
    if not isinstance(method, dict):
        return method
    labels = {key: tuple(method[key]) for key in ("inlets", "outlets") if isinstance(method.get(key), list)}
    return method | labels


def _build(cls: type[T], values: Any) -> T:
    """Build a dataclass from a dictionary; an unknown or missing field is named."""
    known = set(cls.__annotations__)
    if not isinstance(values, dict) or not set(values) <= known:
        unknown = sorted(set(values) - known) if isinstance(values, dict) else values
        raise DrawstopError(f"the instrument's description holds unknown fields {unknown}; bake it again")
    try:
        return cls(**values)
    except TypeError as error:
        raise DrawstopError(f"the instrument's description is incomplete ({error}); bake it again") from error
