"""What a stop is, and the folder that holds a bank of them."""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, sha256_file
from training.banks.gate import Gate, GateConfig, make_gate
from training.banks.gate_decision import UNDECIDED, Decision
from training.sae.files import load_sae, save_sae
from training.sae.model import SAE

FORMAT = 2
STOPS_FILE = "stops.json"
WEIGHTS_FILE = "stops.safetensors"
GATES_FILE = "gates.safetensors"
MODEL_FILE = "model.json"
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


@dataclass(frozen=True)
class Gates:
    """The networks of a gated stop: each gives, per frame, a level for the features it speaks of.

    Attributes:
        off: how much of each feature is the concept's now, to be taken away.
        on: how much of each feature there would be, if the concept played along; without it, the stop's static
            writes bring the concept in.
        decision: what becomes of the off gate's clear answers.
    """

    off: Gate
    on: Gate | None = None
    decision: Decision = UNDECIDED


@dataclass(frozen=True)
class Stop:
    """One named concept of one model.

    Attributes:
        name: what the user called it.
        slug: an ASCII identifier made from the name.
        kind: how it was made: "static", "gated", "direction" or "random".
        shares: `[n_features]` in 0..1: the part of each feature that belongs to the concept (m).
        writes: `[n_features, width]`: what each feature writes when the concept is brought in (u), in units
        of z; `[0, width]` where none writes anything.
        cap: largest norm of what is brought in, as a multiple of the frame's own norm.
        figures: calibration figures, as measured by `find`.
        gates: of a gated stop, used in the place of shares and writes (which stay, as its static twin).
        constants: `[2, width]`, in units of z: what is added at -1 and at +1 whatever plays, under the cap; None: nothing.
            For layers in which a frame of zeros isn't silence, so that a concept can come in where no feature of it fires.
    """

    name: str
    slug: str
    kind: str
    shares: Tensor
    writes: Tensor
    cap: float
    figures: dict[str, Any] = field(default_factory=dict)
    gates: Gates | None = None
    constants: Tensor | None = None

    def __post_init__(self) -> None:
        written = (0, *self.shares.shape)
        if self.shares.ndim != 1 or self.writes.ndim != 2 or self.writes.shape[0] not in written:
            raise DrawstopError(
                f"stop {self.name}: expected shares [n_features] and writes [n_features, width], "
                f"got {list(self.shares.shape)} and {list(self.writes.shape)}"
            )
        if not (torch.isfinite(self.shares).all() and torch.isfinite(self.writes).all()):
            raise DrawstopError(f"stop {self.name} holds numbers that are not finite: find it again")
        if self.constants is not None and (
            self.constants.shape != (2, self.writes.shape[1]) or not torch.isfinite(self.constants).all()
        ):
            raise DrawstopError(
                f"stop {self.name}: expected finite constants [2, {self.writes.shape[1]}], got {list(self.constants.shape)}"
            )
        if not 0 < self.cap < float("inf"):
            raise DrawstopError(f"stop {self.name}: expected a positive cap, got {self.cap}")
        if self.gates is not None:
            for _, gate in _sides(self.gates):
                highest, width = int(gate.features.max()), gate.config.width
                if highest >= self.shares.shape[0] or width != self.writes.shape[1]:
                    raise DrawstopError(
                        f"stop {self.name}: expected gates of {list(self.writes.shape)} features and latents, "
                        f"got feature {highest} and {width} latents: find it again"
                    )

    def static(self) -> "Stop":
        """The same stop with constant shares and writes instead of gates."""
        return replace(self, kind="static", gates=None) if self.gates is not None else self


@dataclass(frozen=True)
class StopBank:
    """The SAE of one model and site, its stops, and the evidence for each."""

    sae: SAE
    stops: tuple[Stop, ...]
    model_fingerprint: str
    site: str = "latent"
    provenance: dict[str, Any] = field(default_factory=dict)

    def stop(self, slug: str) -> Stop:
        """The stop of a slug or name. Raises DrawstopError naming the known ones."""
        for stop in self.stops:
            if slug in (stop.slug, stop.name):
                return stop
        known = ", ".join(stop.slug for stop in self.stops) or "none"
        raise DrawstopError(f"no stop {slug} in this bank: it has {known}")

    def with_stop(self, stop: Stop) -> "StopBank":
        """This bank with a stop added, or replaced where the name is already there; the others keep every
        bit."""
        kept = tuple(other for other in self.stops if other.name != stop.name)
        return replace(self, stops=(*kept, stop))

    def without_stop(self, name: str) -> "StopBank":
        """This bank less the stop of a name, where it has one."""
        return replace(self, stops=tuple(stop for stop in self.stops if stop.name != name))


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


def save_bank(folder: Path, bank: StopBank) -> None:
    """Writes a bank: the SAE in SAELens's format, the stops beside it. Nothing half-written stays behind."""
    with atomic_folder(folder, marker=STOPS_FILE) as beside:
        save_sae(beside, bank.sae, bank.sae.config, metadata={"site": bank.site})
        tensors = {}
        for stop in bank.stops:
            tensors[f"{stop.slug}.shares"] = stop.shares.contiguous()
            tensors[f"{stop.slug}.writes"] = _smallest(stop.writes)
            if stop.constants is not None:
                tensors[f"{stop.slug}.constants"] = stop.constants.contiguous()
        (beside / WEIGHTS_FILE).write_bytes(save(tensors))
        gates = {
            f"{stop.slug}.{side}.{name}": _smallest(weight)
            for stop in bank.stops
            if stop.gates is not None
            for side, gate in _sides(stop.gates)
            for name, weight in gate.weights().items()
        }
        if gates:
            (beside / GATES_FILE).write_bytes(save(gates))
        stops = [
            {
                "name": stop.name,
                "slug": stop.slug,
                "kind": stop.kind,
                "cap": stop.cap,
                "figures": stop.figures,
            }
            | ({"gates": _describe(stop.gates)} if stop.gates else {})
            for stop in bank.stops
        ]
        text = {"format": FORMAT, "site": bank.site, "provenance": bank.provenance, "stops": stops}
        (beside / STOPS_FILE).write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        model = {"fingerprint": bank.model_fingerprint}
        (beside / MODEL_FILE).write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")


def load_bank(folder: Path, model_fingerprint: str | None = None) -> StopBank:
    """Reads a bank. Raises DrawstopError for a folder that is none, is damaged, or belongs to another
    model."""
    if not (folder / STOPS_FILE).is_file():
        raise DrawstopError(
            f"expected a bank (a folder with {STOPS_FILE}), found none at {folder}: make one with "
            f"drawstop train and find"
        )
    sae = load_sae(folder)
    try:
        text = json.loads((folder / STOPS_FILE).read_text(encoding="utf-8"))
        fingerprint = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))["fingerprint"]
        tensors = load_file(str(folder / WEIGHTS_FILE))
        gates = load_file(str(folder / GATES_FILE)) if (folder / GATES_FILE).is_file() else {}
        if text["format"] != FORMAT:
            raise DrawstopError(
                f"{folder} has bank format {text['format']}, this version reads {FORMAT}: make it again, or use "
                f"the drawstop that made it"
            )
        stops = tuple(
            Stop(
                entry["name"],
                entry["slug"],
                entry["kind"],
                tensors[f"{entry['slug']}.shares"],
                tensors[f"{entry['slug']}.writes"].float(),
                entry["cap"],
                entry["figures"],
                _load_gates(entry["slug"], entry["gates"], gates) if "gates" in entry else None,
                tensors.get(f"{entry['slug']}.constants"),
            )
            for entry in text["stops"]
        )
    except (OSError, KeyError, TypeError, json.JSONDecodeError, SafetensorError) as error:
        raise DrawstopError(f"the bank at {folder} is damaged ({error}): make it again") from error
    if model_fingerprint is not None and fingerprint != model_fingerprint:
        raise DrawstopError(
            f"the bank at {folder} was made for another model ({fingerprint[:12]}, this one is "
            f"{model_fingerprint[:12]}): "
            "train a bank for this model"
        )
    return StopBank(sae, stops, fingerprint, text["site"], text["provenance"])


def _smallest(weight: Tensor) -> Tensor:
    """In half precision where that keeps every bit, as `find` rounds gates; else as it is."""
    if not weight.is_floating_point():
        return weight.contiguous()
    half = weight.half()
    return half.contiguous() if torch.equal(half.float(), weight) else weight.contiguous()


def _sides(gates: Gates) -> tuple[tuple[str, Gate], ...]:
    """The gates that there are, by name."""
    return (("off", gates.off),) if gates.on is None else (("off", gates.off), ("on", gates.on))


def _describe(gates: Gates) -> dict[str, Any]:
    return {side: asdict(gate.config) for side, gate in _sides(gates)} | {"decision": asdict(gates.decision)}


def _load_gates(slug: str, description: dict[str, Any], tensors: dict[str, Tensor]) -> Gates:
    made = {}
    for side in ("off", "on"):
        if side in description:
            config = GateConfig(**_with_tuples(description[side]))
            start = f"{slug}.{side}."
            weights = {
                name.removeprefix(start): value.float() if value.is_floating_point() else value
                for name, value in tensors.items()
                if name.startswith(start)
            }
            made[side] = make_gate(config, weights)
    return Gates(made["off"], made.get("on"), Decision(**_with_tuples(description["decision"])))


def _with_tuples(found: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def bank_fingerprint(folder: Path) -> str:
    """The hash of a bank's parts, in a fixed order."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + bytes.fromhex(sha256_file(path)))
    return digest.hexdigest()
