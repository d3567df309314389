"""A RAVE's training run, exported by acids-rave's own script to the streaming `.ts` that everything else
reads."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from drawstop.base.errors import DrawstopError
from drawstop.base.files import sha256_file

_NAME = "rave"


def export_run(folder: Path, cache: Path | None = None) -> Path:
    """The streaming `.ts` of a run, made once per checkpoint.

    Args:
        folder: what `rave train` wrote: `config.gin` and a checkpoint somewhere inside.
        cache: where exports are kept; None takes `drawstop` in the user's cache folder.

    Raises:
        DrawstopError: no run in the folder, the `rave` extra isn't installed, or the export failed.
    """
    checkpoints = sorted(folder.rglob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    if not checkpoints or not list(folder.rglob("config.gin")):
        raise DrawstopError(f"{folder} is no RAVE run: expected a config.gin and a checkpoint (.ckpt) inside")
    if importlib.util.find_spec("rave") is None:
        raise DrawstopError(
            "a RAVE run needs acids-rave: uv sync --extra rave (an exported .ts needs torch only)"
        )
    config = sorted(folder.rglob("config.gin"))[0]
    key = hashlib.sha256((sha256_file(checkpoints[-1]) + sha256_file(config)).encode()).hexdigest()[:16]
    place = (cache or _cache_folder()) / key
    exported = place / f"{_NAME}_streaming.ts"
    if not exported.is_file():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as temporary:
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
