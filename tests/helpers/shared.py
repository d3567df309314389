"""What takes long to make is made once for all workers of a run."""

import os
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

T = TypeVar("T")


def made_once(factory: "pytest.TempPathFactory", name: str, make: "Callable[[Path], T]") -> T:
    """The value that `make` returns for a folder; the first worker that asks makes it, the others wait and read it.

    Args:
        name: the folder's name; one for each thing that is made.
        make: is given the folder, which exists and is empty; returns a value that can be pickled.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    value = base / f"{name}.pickle"
    with FileLock(base / f"{name}.lock"):
        if not value.is_file():
            folder = base / name
            folder.mkdir()
            value.write_bytes(pickle.dumps(make(folder)))
        made: T = pickle.loads(value.read_bytes())
    return made
