"""A RAVE's training run, exported by acids-rave's own script to the streaming `.ts` that everything else
reads."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.front.extras import how_to_add

CONFIG = "config.gin"
_NAME = "rave"


@dataclass(frozen=True)
class RunFiles:
    """The two files that make a run: its configuration and its newest checkpoint."""

    config: Path
    checkpoint: Path


def find_run(folder: Path) -> RunFiles:
    """A run's configuration and its newest checkpoint, as acids-rave looks for them.

    Raises:
        DrawstopError: no folder, or no run in it.
    """
    if not folder.is_dir():
        raise DrawstopError(
            f"expected a RAVE run's folder, found none at {folder}; an exported .ts can't be trained further"
        )
    configs = sorted(folder.rglob(CONFIG))
    checkpoints = sorted(folder.rglob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    if not configs or not checkpoints:
        missing = "a checkpoint (.ckpt)" if configs else f"a {CONFIG}"
        raise DrawstopError(f"{folder} is no RAVE run: expected {missing} inside")
    return RunFiles(configs[0], checkpoints[-1])


def export_run(folder: Path, cache: Path | None = None) -> Path:
    """The streaming `.ts` of a run, made once per checkpoint.

    Args:
        folder: a folder that `rave train` wrote: `config.gin` and a checkpoint somewhere inside.
        cache: where exports are stored; None takes `drawstop` in the user's cache folder.

    Raises:
        DrawstopError: no run in the folder, the `rave` extra isn't installed, or the export failed.
    """
    files = find_run(folder)
    if importlib.util.find_spec("rave") is None:
        raise DrawstopError(
            f"a RAVE run needs acids-rave: {how_to_add('rave')} (an exported .ts needs torch only)"
        )
    key = hashlib.sha256((sha256_file(files.checkpoint) + sha256_file(files.config)).encode()).hexdigest()[
        :16
    ]
    export_folder = (cache or _cache_folder()) / key
    exported = export_folder / f"{_NAME}_streaming.ts"
    if not exported.is_file():
        export_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=export_folder) as temporary:
            _export(folder, Path(temporary))
            os.replace(Path(temporary) / exported.name, exported)
    return exported


def _export(folder: Path, out: Path) -> None:
    # A process of its own: when imported, the script turns gradients off for everybody and reads argv.
    command = [sys.executable, "-m", "scripts.export", "--run", str(folder.resolve()), "--streaming"]
    done = subprocess.run(
        [*command, "--name", _NAME, "--output", str(out.resolve())],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode or not (out / f"{_NAME}_streaming.ts").is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
        raise DrawstopError(f"acids-rave couldn't export {folder}: {lines[-1].strip()}")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drawstop"
