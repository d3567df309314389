"""Files and folders that appear whole or not at all: written beside their final path, then renamed."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError, reason_of

_HASH_CHUNK_BYTES = 1 << 20
_RANDOM = "????????"
"""What tempfile puts into a name."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, with its suffix; rename it to `path` when the block ends well.

    Missing parent folders are made. When the block raises anything (also KeyboardInterrupt), the temporary
    file is removed and what was at `path` before stays.

    Raises:
        DrawstopError: the folder can't be written, the disk is full, or `path` is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise DrawstopError(f"can't write {path}: it is a folder; give a file name")
    temporary = _temporary_beside(path, folder=False)
    with _discarding(temporary, path):
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)


@contextmanager
def atomic_folder(path: Path, marker: str | None = None) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` when the block ends well.

    Args:
        path: the folder to write. An existing folder is replaced only when it is empty or holds a file
            named `marker`, so that nobody's own folder is ever lost.
        marker: the name of a file that only our folders hold, for example `stops.json`.

    Raises:
        DrawstopError: `path` exists and isn't ours to replace, can't be written, or the disk is full.
    """
    path = Path(path)
    _refuse_foreign_folder(path, marker)
    temporary = _temporary_beside(path, folder=True)
    with _discarding(temporary, path):
        yield temporary
        _refuse_foreign_folder(path, marker)
        if path.exists():
            old = _temporary_beside(path, folder=True)
            os.replace(path, old)
            os.replace(temporary, path)
            shutil.rmtree(old)
        else:
            os.replace(temporary, path)


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with _readable(path).open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def require_writable(folder: Path) -> None:
    """Make the folder, and try to write into it, so that a failure comes before the work.

    Raises:
        DrawstopError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DrawstopError(
            f"can't write into {folder}: {reason_of(error)}; give another folder with --out"
        ) from error


def free_bytes(folder: Path) -> int:
    """Free on the disk that a folder is on, or will be."""
    folder = Path(folder).absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, atomically: keys sorted, two spaces, so that equal values are equal bytes."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        # backslashreplace: bytes of a name that are no UTF-8 are a valid JSON escape, and read back as they were
        temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _readable(path: Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DrawstopError(f"no such file: {path}")
    return path


def remove_unfinished(path: Path) -> None:
    """Remove what `atomic_file` and `atomic_folder` left beside `path` in processes that were killed."""
    names = {f".{path.stem}.{_RANDOM}{path.suffix}", f".{path.name}.{_RANDOM}"}
    for left in [found for name in names for found in path.parent.glob(name)]:
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _temporary_beside(path: Path, *, folder: bool) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if folder:
            made = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
            made.chmod(0o777 & ~_umask())
            return made
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
        os.close(handle)
        Path(name).chmod(0o666 & ~_umask())
        return Path(name)
    except OSError as error:
        raise _cannot_write(path, error) from error


@contextmanager
def _discarding(temporary: Path, path: Path) -> Iterator[None]:
    """Remove `temporary` if the block raises; an OSError about it becomes a DrawstopError about `path`."""
    try:
        yield
    except BaseException as error:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and _concerns(error, temporary, path):
            raise _cannot_write(path, error) from error
        raise


def _concerns(error: OSError, temporary: Path, path: Path) -> bool:
    """True where a writer's error is about this output, and not about another file that the block opened."""
    if error.filename is None:
        return True
    named = Path(os.fsdecode(error.filename))
    return named in (temporary, path) or temporary in named.parents


def _refuse_foreign_folder(path: Path, marker: str | None) -> None:
    if path.is_dir():
        if any(path.iterdir()) and not (marker is not None and (path / marker).is_file()):
            raise DrawstopError(f"{path} holds files that aren't ours to replace; give another folder")
    elif path.exists():
        raise DrawstopError(f"can't write the folder {path}: a file of that name exists; give another name")


def _cannot_write(path: Path, error: OSError) -> DrawstopError:
    return DrawstopError(f"can't write {path}: {reason_of(error)}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
