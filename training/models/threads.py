"""A fixed number of torch threads."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Runs the block with a fixed number of torch threads: bits depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
