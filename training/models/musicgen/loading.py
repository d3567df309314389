"""Loads a MusicGen by audiocraft's own loader; errors are one line."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from drawstop.errors import DrawstopError
from training.models.musicgen.checkpoint import Checkpoint, require_melody_parts, require_memory
from training.models.musicgen.transformers_folder import TransformersCheckpoint, load_transformers

if TYPE_CHECKING:
    from audiocraft.models import MusicGen

_PRECISIONS = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
_UNBUILDABLE = (RuntimeError, KeyError, AttributeError, AssertionError, TypeError, ValueError)


def choose_device(device: str) -> str:
    """The device of a name: `auto` is CUDA, else MPS, else the CPU.

    Raises:
        DrawstopError: a device that this machine doesn't have.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind = device.split(":")[0]
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not here.get(kind, False):
        known = ", ".join(name for name, there in here.items() if there)
        raise DrawstopError(f"no device {device!r} on this machine: expected auto, or one of {known}")
    return device


def load(checkpoint: Checkpoint, device: str, precision: str = "auto") -> "MusicGen":
    """The model as `MusicGen.get_pretrained` gives it, or of transformers' weights, checked and in eval mode.

    Args:
        device: a torch device.
        precision: `auto` is audiocraft's own choice (float32 on a CPU, float16 elsewhere); or `float16`, `bfloat16`,
            `float32` where the device isn't a CPU.

    Raises:
        DrawstopError: melody without demucs, too little memory, parts that don't fit each other, no T5.
    """
    _require_precision(precision, device)
    require_melody_parts(checkpoint)
    require_memory(checkpoint, device)
    models = import_audiocraft()
    model: MusicGen
    try:
        with without_warnings():
            if isinstance(checkpoint, TransformersCheckpoint):
                model = load_transformers(checkpoint, device)
            else:
                model = models.MusicGen.get_pretrained(checkpoint.name, device=device)
    except torch.OutOfMemoryError as error:
        needed = max(checkpoint.needed_bytes(device).values()) / 1e9
        raise DrawstopError(
            f"{checkpoint.name} needs about {needed:.1f} GB, which {device} doesn't have free: take a smaller model"
        ) from error
    except OSError as error:
        raise DrawstopError(_missing_part(checkpoint)) from error
    except _UNBUILDABLE as error:
        raise DrawstopError(
            f"audiocraft can't build {checkpoint.name} ({_first_line(error)}): its language model and its compression model "
            f"must be of one kind, with as many codebooks; export both again"
        ) from error
    _require_fit(model, checkpoint.name)
    if precision != "auto":
        _set_precision(model, _PRECISIONS[precision], device)
    return model


def import_audiocraft() -> Any:
    """The module `audiocraft.models`."""
    with without_warnings():
        import audiocraft.models
    return audiocraft.models


@contextmanager
def without_warnings() -> Iterator[None]:
    """Suppresses warnings that a user can't act on.

    xformers has no extensions for this torch (audiocraft uses torch's attention), the old weight norm is deprecated,
    and MusicGen's start token is outside its codebook.
    """
    loggers = [logging.getLogger(name) for name in ("xformers", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`torch.nn.utils.weight_norm` is deprecated", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _require_precision(precision: str, device: str) -> None:
    if precision not in ("auto", *_PRECISIONS) or (device == "cpu" and precision not in ("auto", "float32")):
        expected = "float32" if device == "cpu" else ", ".join(_PRECISIONS)
        raise DrawstopError(f"expected a precision of auto or {expected} on {device}, got {precision!r}")


def _missing_part(checkpoint: Checkpoint) -> str:
    from huggingface_hub import constants, try_to_load_from_cache

    t5 = checkpoint.conditioner("t5")
    part, how = "its compression model or demucs' weights", "connect to a network once"
    if t5 is not None and not isinstance(try_to_load_from_cache(t5["name"], "config.json"), str):
        part, how = f"its text encoder {t5['name']}", f"{how} (hf download {t5['name']})"
    return (
        f"{checkpoint.name} needs {part}, which is neither in the cache ({constants.HF_HUB_CACHE}) nor can be downloaded: "
        f"{how}, or copy that cache from a machine that has it"
    )


def _require_fit(model: "MusicGen", name: str) -> None:
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider

    lm, codec = model.lm, model.compression_model
    if (lm.n_q, lm.card) != (codec.num_codebooks, codec.cardinality):
        raise DrawstopError(
            f"{name}: the language model has {lm.n_q} codebooks of {lm.card}, the compression model {codec.num_codebooks} "
            f"of {codec.cardinality}: put the compression model that it was trained on beside it"
        )
    pattern = lm.pattern_provider
    delayed = isinstance(pattern, DelayedPatternProvider) and not (
        pattern.flatten_first or pattern.empty_initial
    )
    if not delayed or pattern.delays[0] != 0 or max(pattern.delays) == 0:
        raise DrawstopError(
            f"{name} orders its codebooks in another way than MusicGen's delays (0, 1, 2, 3): its steps have no one time"
        )


def _set_precision(model: "MusicGen", dtype: torch.dtype, device: str) -> None:
    from audiocraft.utils.autocast import TorchAutocast

    model.lm.to(dtype)
    half = dtype != torch.float32
    kind = {"device_type": torch.device(device).type, "dtype": dtype} if half else {}
    model.autocast = TorchAutocast(enabled=half, **kind)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
