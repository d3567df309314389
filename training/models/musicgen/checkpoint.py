"""A MusicGen's checkpoint before it is loaded: its files, configuration and fingerprint, and the memory it needs."""

import hashlib
import importlib.util
import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError, reason_of

LM_FILE = "state_dict.bin"
COMPRESSION_FILE = "compression_state_dict.bin"
SHORT_NAMES = {size: f"facebook/musicgen-{size}" for size in ("small", "medium", "large", "melody")}
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_UNREADABLE = (
    RuntimeError,
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
_HASHED_NUMBERS = 1 << 24  # at a time, so that a mapped file isn't held in memory whole

TEXT_ENCODER_PARAMETERS = {"t5-small": 35_000_000, "t5-base": 110_000_000, "t5-large": 335_000_000}
"""Encoder halves of the T5s; another one counts as the largest of these."""


@dataclass(frozen=True)
class Checkpoint:
    """A language model's memory-mapped file and its configuration.

    Attributes:
        name: the folder, or the name on the hub, that audiocraft loads.
        weights: the language model's, in the file's own precision.
        config: audiocraft's config (an OmegaConf).
    """

    name: str
    compression_path: Path
    weights: dict[str, Tensor]
    config: Any

    @property
    def parameters(self) -> int:
        """Numbers in the language model."""
        return sum(weight.numel() for weight in self.weights.values())

    @property
    def other_bytes(self) -> int:
        """Bytes of EnCodec, and of a text encoder that comes with it."""
        return self.compression_path.stat().st_size

    def fingerprint(self) -> str:
        """SHA-256 of the language model's weights: names, shapes, types and bytes, whatever the file is called."""
        digest = hashlib.sha256()
        for name, weight in sorted(self.weights.items()):
            digest.update(f"{name} {list(weight.shape)} {weight.dtype}\n".encode())
            for part in weight.contiguous().reshape(-1).split(_HASHED_NUMBERS):
                digest.update(part.view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def conditioner(self, kind: str) -> dict[str, Any] | None:
        """The arguments of the first conditioner of a kind (`t5`, `chroma_stem`), or None."""
        for entry in dict(self.config.get("conditioners") or {}).values():
            if hasattr(entry, "get") and entry.get("model") == kind:
                return dict(entry[kind])
        return None

    def needed_bytes(self, device: str) -> dict[str, int]:
        """Bytes that loading and generating one row of `max_duration` seconds take, on the `host` and on the `device`.

        audiocraft reads the file into the host's memory and builds the model beside it: with 4 bytes a number on a CPU,
        with 2 elsewhere. EnCodec and T5 take 4 everywhere. Generating keeps two numbers per layer, width and position,
        for a row with the prompt and one without.
        """
        lm = self.config.transformer_lm
        t5 = self.conditioner("t5")
        text = (
            TEXT_ENCODER_PARAMETERS.get(str(t5["name"]), max(TEXT_ENCODER_PARAMETERS.values())) if t5 else 0
        )
        each = 4 if device == "cpu" else 2
        positions = float(self.config.dataset.segment_duration) * 50  # frames per second of every MusicGen
        cache = 2 * 2 * int(lm.num_layers) * int(lm.dim) * positions
        others = self.other_bytes + 4 * text
        model = int(each * (self.parameters + cache)) + others
        in_file = sum(weight.numel() * weight.element_size() for weight in self.weights.values())
        return {"host": in_file + model} if device == "cpu" else {"host": in_file, "device": model}


def audiocraft_checkpoint(name: str) -> Checkpoint:
    """A checkpoint in audiocraft's format by its folder or its name on the hub (downloaded where there is a network).

    Raises:
        DrawstopError: no such folder, a file of the two is missing, damaged or of another program; or a name that is
            neither in the hub's cache nor can be downloaded.
    """
    if Path(name).exists():
        lm_path, compression_path = _in_folder(Path(name))
    elif _HUB_NAME.fullmatch(name):
        lm_path, compression_path = _from_hub(name, LM_FILE), _from_hub(name, COMPRESSION_FILE)
    else:
        raise DrawstopError(
            f"no MusicGen at {name}: expected a folder with {LM_FILE} and {COMPRESSION_FILE}, or a name on the hub such as "
            f"{SHORT_NAMES['small']}"
        )
    weights, config = _read(lm_path)
    return Checkpoint(name, compression_path, weights, config)


def require_melody_parts(checkpoint: Checkpoint) -> None:
    """Refuses a melody model if demucs, which separates the melody for it, isn't installed."""
    if checkpoint.conditioner("chroma_stem") is not None and importlib.util.find_spec("demucs") is None:
        raise DrawstopError(
            f"{checkpoint.name} is a melody model: it needs demucs (pip install demucs; its weights, about 80 MB, go to "
            f"torch hub's cache at the first use), which isn't installed here; small, medium and large need no demucs"
        )


def require_memory(checkpoint: Checkpoint, device: str) -> None:
    """Refuses, with the numbers, a model that this machine can't hold."""
    available = {"host": _free_on_host(), "device": _free_on(device)}
    for where, needed in checkpoint.needed_bytes(device).items():
        free = available[where]
        if free is not None and needed > free:
            raise DrawstopError(
                f"{checkpoint.name} needs about {needed / 1e9:.1f} GB of memory on the "
                f"{'CPU' if where == 'host' else device} ({checkpoint.parameters / 1e6:.0f} million parameters), "
                f"{free / 1e9:.1f} GB are free: close other programs, or take a smaller model or another --device"
            )


def _free_on_host() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def _free_on(device: str) -> int | None:
    """Free bytes of an accelerator, None where it isn't known."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(torch.device(device))[0]
    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return None


def _in_folder(folder: Path) -> tuple[Path, Path]:
    if not folder.is_dir():
        raise DrawstopError(
            f"{folder} is no MusicGen: expected a folder with {LM_FILE} and {COMPRESSION_FILE}"
        )
    writers = {
        LM_FILE: "export_lm",
        COMPRESSION_FILE: "export_pretrained_compression_model or export_encodec",
    }
    for file, writer in writers.items():
        if not (folder / file).is_file():
            what = "language model" if file == LM_FILE else "compression model"
            raise DrawstopError(
                f"the folder {folder} has no {what} ({file}): write it with audiocraft.utils.export's {writer}"
            )
    return folder / LM_FILE, folder / COMPRESSION_FILE


def _from_hub(name: str, file: str) -> Path:
    from huggingface_hub import constants, hf_hub_download

    cache = os.environ.get("AUDIOCRAFT_CACHE_DIR") or constants.HF_HUB_CACHE  # where audiocraft looks
    try:
        return Path(hf_hub_download(repo_id=name, filename=file, cache_dir=cache))
    except (OSError, ValueError) as error:
        raise DrawstopError(
            f"{name} is neither in the hub's cache ({cache}) nor could {file} be downloaded "
            f"({type(error).__name__}): connect to a network, or get {LM_FILE} and {COMPRESSION_FILE} of {name} elsewhere "
            f"(hf download {name}), put them into one folder and give that folder"
        ) from error


def _read(path: Path) -> tuple[dict[str, Tensor], Any]:
    from omegaconf import OmegaConf

    try:
        package = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        config = OmegaConf.create(package["xp.cfg"])
        weights = dict(package["best_state"])
        for part in (
            config.transformer_lm.num_layers,
            config.transformer_lm.dim,
            config.dataset.segment_duration,
        ):
            float(part)
    except OSError as error:
        raise DrawstopError(f"can't read {path}: {reason_of(error)}") from error
    except _UNREADABLE as error:
        raise DrawstopError(
            f"{path} is damaged, or no MusicGen that audiocraft exported: expected best_state and xp.cfg; get it again"
        ) from error
    return weights, config
