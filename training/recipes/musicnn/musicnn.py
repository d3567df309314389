"""musicnn's published checkpoint: its wheel from the package index, and its variables as our tagger's weights."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.recipes.musicnn.tf_checkpoint import read_checkpoint

PACKAGE, VERSION, MODEL = "musicnn", "0.1.0", "MTT_musicnn"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"


def download(folder: Path) -> Path:
    """Download musicnn's wheel from the package index; DrawstopError where that fails."""
    uv = shutil.which("uv")
    if uv is None:
        raise DrawstopError("expected uv, found none: install it, or give a wheel with --wheel")
    command = [uv, "tool", "run", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest"]
    done = subprocess.run([*command, folder, f"{PACKAGE}=={VERSION}"], capture_output=True, text=True)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DrawstopError(f"can't download {PACKAGE} {VERSION}: {last}; or give a wheel with --wheel")
    return wheels[0]


def read_wheel(wheel: Path) -> tuple[dict[str, Tensor], str]:
    """The checkpoint's variables and the licence's text; DrawstopError for another wheel."""
    found = sha256_file(wheel)
    if found != WHEEL_SHA256:
        raise DrawstopError(f"{wheel} isn't {PACKAGE} {VERSION}: its SHA-256 is {found}, not {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        index, data = (
            archive.read(f"{PACKAGE}/{MODEL}/{name}") for name in (".index", ".data-00000-of-00001")
        )
        licence = archive.read(f"{PACKAGE}-{VERSION}.dist-info/LICENSE.md").decode()
    variables = read_checkpoint(index, data)
    return {name: torch.from_numpy(value.copy()) for name, value in variables.items()}, licence.strip()


def convert(variables: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """TensorFlow's variables under our layers' names and in torch's order of axes."""
    weights: dict[str, Tensor] = {}

    def norm(layer: str, number: int) -> None:
        source = "batch_normalization" + f"_{number}" * (number > 0)
        names = {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        }
        for ours, theirs in names.items():
            weights[f"network.{layer}.{ours}"] = variables[f"{source}/{theirs}"]
        weights[f"network.{layer}.num_batches_tracked"] = torch.tensor(0)

    def kernel(layer: str, source: str, *axes: int) -> None:
        weights[f"network.{layer}.bias"] = variables[f"{source}/bias"]
        weights[f"network.{layer}.weight"] = variables[f"{source}/kernel"].permute(axes)

    norm("input_norm", 0)
    for i in range(5):
        kernel(f"front.{i}.1", "conv2d" + f"_{i}" * (i > 0), 3, 2, 0, 1)
        norm(f"front.{i}.3", 1 + i)
    for i in range(3):
        kernel(f"middle.{i}.0", f"conv2d_{5 + i}", 2, 3, 1, 0)
        weights[f"network.middle.{i}.0.weight"] = weights[f"network.middle.{i}.0.weight"][0]
        norm(f"middle.{i}.2", 6 + i)
    norm("back.0", 9)
    kernel("back.1", "dense", 1, 0)
    norm("back.3", 10)
    kernel("back.4", "dense_1", 1, 0)
    return {name: value.contiguous() for name, value in weights.items()}


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The kernels as float16; the norms and the biases, which are small, as they are."""
    return {name: value.half() if value.dim() > 1 else value for name, value in weights.items()}
