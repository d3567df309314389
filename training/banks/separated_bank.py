"""A separated bank: one separator with its stops, and the folder that holds both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import soundfile
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder
from training.banks.bank import MODEL_FILE, SEPARATOR_FILE, STOPS_FILE, WEIGHTS_FILE
from training.banks.named_stops import stop_named, with_stop
from training.separation.grains import GrainLibrary, library_of_sound
from training.separation.separator import Separator, SeparatorConfig

FORMAT = 2
KIND = "separated"
ABOUT = "separator"
GRAINS = ".grains.flac"
STARTS_FILE = "starts.safetensors"
SHALLOWEST_DB, DEEPEST_DB = 3.0, 60.0


@dataclass(frozen=True)
class SeparatedStop:
    """One named concept of a separator.

    Attributes:
        name: what the user called it.
        slug: an ASCII identifier made from the name.
        query: the query given to the separator, `[query_size]`.
        depth_db: attenuation of the concept at -1, in dB; between 0 and -1 it is proportional to the value.
        metrics: what was measured when the stop was made.
        grains: recordings that bring the concept in at +1; None: the stop only takes away.
    """

    name: str
    slug: str
    query: Tensor
    depth_db: float
    metrics: dict[str, Any] = field(default_factory=dict)
    grains: GrainLibrary | None = None

    @property
    def kind(self) -> str:
        """How it was made, as other stops have it."""
        return KIND

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value: without grains a stop only takes away."""
        return -1.0, 0.0 if self.grains is None else 1.0

    def __post_init__(self) -> None:
        if self.query.ndim != 1 or not bool(torch.isfinite(self.query).all()):
            raise DrawstopError(
                f"stop {self.name} has a query that isn't a list of finite numbers: find it again"
            )
        if not SHALLOWEST_DB <= self.depth_db <= DEEPEST_DB:
            raise DrawstopError(
                f"stop {self.name}: expected a depth of {SHALLOWEST_DB:g} to {DEEPEST_DB:g} dB, got {self.depth_db}"
            )


@dataclass(frozen=True)
class SeparatedBank:
    """A separator for one model's latents, with its stops.

    Attributes:
        starts: queries of the concepts that the separator was trained on, by name; fits of new stops start from one.
    """

    separator: Separator
    stops: tuple[SeparatedStop, ...]
    model_fingerprint: str
    starts: dict[str, Tensor] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    site: str = "latent"

    def stop(self, slug: str) -> SeparatedStop:
        """The stop of a slug or name. Raises DrawstopError naming the known ones."""
        return stop_named(self.stops, slug)

    def with_stop(self, stop: SeparatedStop) -> SeparatedBank:
        """This bank with a stop added, or replaced where the name is already there."""
        return replace(self, stops=with_stop(self.stops, stop))


def is_separated(folder: Path) -> bool:
    """True for the folder of a bank that has a separator in place of an SAE."""
    return (folder / SEPARATOR_FILE).is_file()


def save_separated_bank(folder: Path, bank: SeparatedBank) -> None:
    """Writes a bank, its network in half precision. Nothing half-written stays behind."""
    with atomic_folder(folder, marker=STOPS_FILE) as beside:
        write_separator(beside / SEPARATOR_FILE, bank.separator)
        (beside / WEIGHTS_FILE).write_bytes(save({stop.slug: stop.query.contiguous() for stop in bank.stops}))
        for stop in bank.stops:
            if stop.grains is not None:
                sound = stop.grains.stored.numpy()
                path = beside / f"{stop.slug}{GRAINS}"
                soundfile.write(path, sound, bank.separator.sample_rate, "PCM_16", format="FLAC")
        starts = {name: query.half().contiguous() for name, query in bank.starts.items()}
        (beside / STARTS_FILE).write_bytes(save(starts))
        stops = [
            {"name": stop.name, "slug": stop.slug, "depth_db": stop.depth_db, "figures": stop.metrics}
            for stop in bank.stops
        ]
        text = {
            "format": FORMAT,
            "kind": KIND,
            "site": bank.site,
            "provenance": bank.provenance,
            "stops": stops,
        }
        (beside / STOPS_FILE).write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        model = {"fingerprint": bank.model_fingerprint}
        (beside / MODEL_FILE).write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")


def load_separated_bank(folder: Path, model_fingerprint: str | None = None) -> SeparatedBank:
    """Reads a bank. Raises DrawstopError for a folder that is none, is damaged, or belongs to another model."""
    try:
        separator = read_separator(folder / SEPARATOR_FILE)
        text = json.loads((folder / STOPS_FILE).read_text(encoding="utf-8"))
        fingerprint = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))["fingerprint"]
        queries = load_file(str(folder / WEIGHTS_FILE))
        starts = {name: query.float() for name, query in load_file(str(folder / STARTS_FILE)).items()}
        if text["format"] != FORMAT:
            raise DrawstopError(
                f"{folder} has bank format {text['format']}, this version reads {FORMAT}: make it again"
            )
        stops = tuple(
            SeparatedStop(
                entry["name"],
                entry["slug"],
                queries[entry["slug"]].float(),
                entry["depth_db"],
                entry["figures"],
                _grains(folder / f"{entry['slug']}{GRAINS}", separator.sample_rate),
            )
            for entry in text["stops"]
        )
    except (
        OSError,
        soundfile.LibsndfileError,
        KeyError,
        TypeError,
        json.JSONDecodeError,
        SafetensorError,
    ) as error:
        raise DrawstopError(f"the bank at {folder} is damaged ({error}): make it again") from error
    if model_fingerprint is not None and fingerprint != model_fingerprint:
        raise DrawstopError(
            f"the bank at {folder} was made for another model ({fingerprint[:12]}, this one is {model_fingerprint[:12]})"
        )
    return SeparatedBank(separator, stops, fingerprint, starts, text["provenance"], text["site"])


def _grains(path: Path, sample_rate: int) -> GrainLibrary | None:
    if not path.is_file():
        return None
    sound, _ = soundfile.read(path, dtype="int16")
    return library_of_sound(torch.from_numpy(sound), sample_rate)


def write_separator(path: Path, separator: Separator) -> None:
    """Writes a separator's weights in half precision, its sizes and its sample rate beside them."""
    weights = {
        name: (value.half() if value.is_floating_point() and value.ndim > 1 else value).contiguous()
        for name, value in separator.state_dict().items()
        if not name.startswith("listening.") and "num_batches" not in name
    }
    about = asdict(separator.config) | {"sample_rate": separator.sample_rate}
    # one entry: safetensors writes several in any order
    path.write_bytes(save(weights, metadata={ABOUT: json.dumps(about)}))


def read_separator(path: Path) -> Separator:
    """A separator, in evaluation and without gradients."""
    with safe_open(str(path), "pt") as file:
        about: dict[str, Any] = json.loads(file.metadata()[ABOUT])
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (safe_open isn't a mapping)
    sample_rate = about.pop("sample_rate")
    sizes: dict[str, Any] = {
        name: tuple(size) if isinstance(size, list) else size for name, size in about.items()
    }
    separator = Separator(SeparatorConfig(**sizes), sample_rate)
    missing = separator.load_state_dict(weights, strict=False)
    lost = [
        name
        for name in missing.missing_keys
        if not name.startswith("listening.") and "num_batches" not in name
    ]
    if lost or missing.unexpected_keys:
        raise KeyError(f"weights {lost or missing.unexpected_keys}")
    return separator.eval().requires_grad_(False)
