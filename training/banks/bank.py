"""A bank: an SAE with its stops, and the folder that holds both."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, sha256_file
from training.banks.gate import GateConfig, make_gate
from training.banks.gate_expander import Expander
from training.banks.named_stops import stop_named, with_stop
from training.banks.stop import Gates, Stop
from training.sae.files.folder import load_sae, save_sae
from training.sae.model import SAE

FORMAT = 2
STOPS_FILE = "stops.json"
WEIGHTS_FILE = "stops.safetensors"
GATES_FILE = "gates.safetensors"
MODEL_FILE = "model.json"
SEPARATOR_FILE = "separator.safetensors"
"""Only a separated bank has one: see `separated_bank`."""


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
        return stop_named(self.stops, slug)

    def with_stop(self, stop: Stop) -> "StopBank":
        """This bank with a stop added, or replaced where the name is already there; the others keep every bit."""
        return replace(self, stops=with_stop(self.stops, stop))

    def without_stop(self, name: str) -> "StopBank":
        """This bank less the stop of a name, where it has one."""
        return replace(self, stops=tuple(stop for stop in self.stops if stop.name != name))


def save_bank(folder: Path, bank: StopBank) -> None:
    """Writes a bank: the SAE in SAELens's format, the stops beside it. Nothing half-written stays behind."""
    with atomic_folder(folder, marker=STOPS_FILE) as beside:
        save_sae(beside, bank.sae, bank.sae.config, metadata={"site": bank.site})
        tensors = {}
        for stop in bank.stops:
            tensors[f"{stop.slug}.shares"] = stop.removal_weights.contiguous()
            tensors[f"{stop.slug}.writes"] = _smallest(stop.write_vectors)
            if stop.constants is not None:
                tensors[f"{stop.slug}.constants"] = stop.constants.contiguous()
        (beside / WEIGHTS_FILE).write_bytes(save(tensors))
        gates = {
            f"{stop.slug}.{side}.{name}": _smallest(weight)
            for stop in bank.stops
            if stop.gates is not None
            for side, gate in stop.gates.sides()
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
                "figures": stop.metrics,
            }
            | ({"gates": _describe(stop.gates)} if stop.gates else {})
            for stop in bank.stops
        ]
        text = {"format": FORMAT, "site": bank.site, "provenance": bank.provenance, "stops": stops}
        (beside / STOPS_FILE).write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        model = {"fingerprint": bank.model_fingerprint}
        (beside / MODEL_FILE).write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")


def load_bank(folder: Path, model_fingerprint: str | None = None) -> StopBank:
    """Reads a bank. Raises DrawstopError for a folder that is none, is damaged, or belongs to another model."""
    if not (folder / STOPS_FILE).is_file():
        raise DrawstopError(
            f"expected a bank (a folder with {STOPS_FILE}), found none at {folder}: make one with "
            f"drawstop train and find"
        )
    if (folder / SEPARATOR_FILE).is_file():
        raise DrawstopError(
            f"{folder} is a bank with a separator, which has no SAE: bake, find, inspect and make take it; drawstop make "
            "measures its stops"
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
    """The weight in half precision where that keeps every bit, as `find` rounds gates; else as it is."""
    if not weight.is_floating_point():
        return weight.contiguous()
    half = weight.half()
    return half.contiguous() if torch.equal(half.float(), weight) else weight.contiguous()


def _describe(gates: Gates) -> dict[str, Any]:
    """The gates as `stops.json` holds them: `decision` is the expander's name there."""
    return {side: asdict(gate.config) for side, gate in gates.sides()} | {"decision": asdict(gates.expander)}


def _load_gates(slug: str, description: dict[str, Any], tensors: dict[str, Tensor]) -> Gates:
    gates = {}
    for side in ("off", "on"):
        if side in description:
            config = GateConfig(**_with_tuples(description[side]))
            start = f"{slug}.{side}."
            weights = {
                name.removeprefix(start): value.float() if value.is_floating_point() else value
                for name, value in tensors.items()
                if name.startswith(start)
            }
            gates[side] = make_gate(config, weights)
    return Gates(gates["off"], gates.get("on"), Expander(**_with_tuples(description["decision"])))


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def bank_fingerprint(folder: Path) -> str:
    """The hash of a bank's parts, in a fixed order."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + bytes.fromhex(sha256_file(path)))
    return digest.hexdigest()
