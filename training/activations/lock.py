"""One writer for each part of a store: a lock file with the process's id; a dead process's lock is taken over."""

import json
import math
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from drawstop.errors import DrawstopError, reason_of

LOCKS = "writer-*.lock"
GUARD = ".writers"


@dataclass(frozen=True)
class Part:
    """Part `number` of `count`: every `count`-th shard, beginning with shard number - 1."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise DrawstopError(
                f"expected a part from 1/{self.count} to {self.count}/{self.count}, got {self}"
            )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def read(cls, text: str) -> "Part":
        """A part from `I/N`. Raises DrawstopError for anything else.

        >>> Part.read("2/3")
        Part(number=2, count=3)
        """
        number, slash, count = text.partition("/")
        if not slash or not number.isdecimal() or not count.isdecimal() or int(count) == 0:
            raise DrawstopError(f"expected a part as I/N, for example 1/4, got {text!r}")
        return cls(int(number), int(count))

    def of(self, shards: int) -> range:
        """The numbers of its shards."""
        return range(self.number - 1, shards, self.count)

    def overlaps(self, other: "Part") -> bool:
        """Says whether two parts, also of other counts, can have a shard in common (Chinese remainder theorem).

        >>> Part(1, 2).overlaps(Part(2, 2)), Part(1, 2).overlaps(Part(3, 4)), Part().overlaps(Part(2, 2))
        (False, True, True)
        """
        return (self.number - other.number) % math.gcd(self.count, other.count) == 0


ALL = Part()
"""All shards."""


@contextmanager
def writing(folder: Path, part: Part) -> Iterator[None]:
    """Holds a part of the store in `folder` while the block runs.

    Raises:
        DrawstopError: a process that lives, or one on another machine, writes a part that overlaps; or the folder can't be
            written.
    """
    lock = folder / f"writer-{part.number}-of-{part.count}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            for other in sorted(folder.glob(LOCKS)):
                _require_free(other, part)
            _create(lock)
    except OSError as error:
        raise DrawstopError(f"can't write into {folder}: {reason_of(error)}; give another --out") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one process of this machine at a time look at the locks and change them."""
    if sys.platform == "win32":  # there a folder can't be opened, and so not be locked: a file in it is
        with FileLock(folder / GUARD):
            yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create(lock: Path) -> None:
    """Create the lock file. Raises FileExistsError if another machine was quicker."""
    handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, file)


def _require_free(lock: Path, part: Part) -> None:
    """Removes a lock whose process is gone; raises DrawstopError if it isn't, or if that can't be known."""
    _, number, _, count = lock.stem.split("-")
    if not part.overlaps(Part(int(number), int(count))):
        return
    try:
        said = json.loads(lock.read_text(encoding="utf-8"))
        pid, host = int(said["pid"]), str(said["host"])
    except (ValueError, KeyError, TypeError):
        pid, host = 0, "an unknown machine"
    if host == socket.gethostname() and not _lives(pid):
        lock.unlink(missing_ok=True)
        return
    raise DrawstopError(
        f"{lock.parent} is being written by process {pid} on {host}: wait for it, or write another part with --part; if that "
        f"process is gone, delete {lock}"
    )


def _lives(pid: int) -> bool:
    if sys.platform == "win32":  # there os.kill ends a process, whatever the signal
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
