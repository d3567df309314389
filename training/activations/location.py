"""Locations of a store's files: a local folder, read through memory maps; or an fsspec URL, whose shards are fetched and cached.

Schemes beyond fsspec's own bring their package: `s3://` needs s3fs, `gs://` gcsfs.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from training.activations.shards import MEND


class LocalLocation:
    """A folder.

    Args:
        verify: hash each shard once before it is used.
    """

    def __init__(self, folder: Path, verify: bool) -> None:
        self.name, self._verify = folder, verify

    def text(self, file: str) -> str | None:
        """A file's text; None where it isn't there."""
        path = self.name / file
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def require(self, files: Iterable[str]) -> None:
        """Raises DrawstopError where a shard is missing."""
        for file in files:
            if not (self.name / file).is_file():
                raise DrawstopError(f"the shard {self.name / file} is missing; {MEND}")

    def shard(self, file: str, sha256: str | None) -> Path:
        """A shard's file. Raises DrawstopError where it is missing, or holds other bytes than the index says."""
        self.require([file])
        path = self.name / file
        if self._verify and sha256 is not None:
            _require_hash(path, path, sha256)
        return path


class RemoteLocation:
    """A folder behind an fsspec URL; shards are cached by their hash, so that a cached one is never out of date.

    Args:
        cache: a local folder; may be shared by all stores and processes.
    """

    def __init__(self, url: str, filesystem: Any, root: str, cache: Path) -> None:
        self.name, self._filesystem, self._root, self._cache = url, filesystem, root, cache

    def text(self, file: str) -> str | None:
        """A file's text; None where it isn't there. Raises DrawstopError where it can't be reached."""
        try:
            return bytes(self._filesystem.cat_file(f"{self._root}/{file}")).decode()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DrawstopError(f"can't read {self.name}/{file}: {error}") from error

    def require(self, files: Iterable[str]) -> None:
        """Raises DrawstopError where a shard is missing: by one listing of each folder."""
        there = dict[str, set[str]]()
        for file in files:
            folder, name = f"{self._root}/{file}".rsplit("/", 1)
            if folder not in there:
                there[folder] = self._names(folder)
            if name not in there[folder]:
                raise DrawstopError(f"the shard {self.name}/{file} is missing; {MEND}")

    def _names(self, folder: str) -> set[str]:
        try:
            return {str(path).rsplit("/", 1)[-1] for path in self._filesystem.ls(folder, detail=False)}
        except FileNotFoundError:
            return set()

    def shard(self, file: str, sha256: str | None) -> Path:
        """A shard's cached file, fetched if need be. Raises as `LocalLocation.shard`."""
        cached = self._cache / f"{sha256}.npy"
        if sha256 is not None and cached.is_file() and sha256_file(cached) == sha256:
            return cached
        url = f"{self.name}/{file}"
        if sha256 is None:
            raise DrawstopError(
                f"{self.name} is a store without hashes: copy it to a local folder to read it"
            )
        self._cache.mkdir(parents=True, exist_ok=True)
        handle, fetched = tempfile.mkstemp(dir=self._cache, prefix=".fetching.")
        os.close(handle)
        try:
            self._filesystem.get_file(f"{self._root}/{file}", fetched)
            _require_hash(Path(fetched), url, sha256)
            os.replace(fetched, cached)
        except FileNotFoundError as error:
            raise DrawstopError(f"the shard {url} is missing; {MEND}") from error
        except OSError as error:
            raise DrawstopError(f"can't fetch {url} into {self._cache}: {error}") from error
        finally:
            Path(fetched).unlink(missing_ok=True)
        return cached


def open_location(
    store: Path | str, verify: bool = True, cache: Path | None = None
) -> LocalLocation | RemoteLocation:
    """A store's location by its path or URL; a `file://` URL is the local folder itself.

    Args:
        verify: hash local shards before they are used; what is fetched is always hashed.
        cache: where fetched shards lie; None: `$XDG_CACHE_HOME/drawstop/shards`.

    Raises:
        DrawstopError: a URL that fsspec doesn't know, or whose package isn't installed.
    """
    if isinstance(store, Path) or "://" not in store:
        return LocalLocation(Path(store), verify)
    import fsspec

    try:
        filesystem, root = fsspec.core.url_to_fs(store)
    except (ImportError, ValueError, OSError) as error:
        raise DrawstopError(f"can't open {store}: {error}") from error
    if isinstance(filesystem, fsspec.implementations.local.LocalFileSystem):
        return LocalLocation(Path(root), verify)
    return RemoteLocation(store.rstrip("/"), filesystem, root.rstrip("/"), cache or _user_cache())


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drawstop" / "shards"


def _require_hash(path: Path, named: object, sha256: str) -> None:
    hash = sha256_file(path)
    if hash != sha256:
        raise DrawstopError(
            f"the shard {named} is corrupt: expected SHA-256 {sha256[:12]}…, got {hash[:12]}…; {MEND}"
        )
