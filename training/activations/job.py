"""The stores that an extraction writes: which shards are whole or missing, and how one shard is computed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file, write_json
from training.activations.index import INDEX_FILE, StoreIndex, differs, read_index
from training.activations.lock import LOCKS
from training.activations.shards import ShardWriter, copy_shard, is_whole, number_bytes, read_receipt
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import Recording
from training.models.threads import fixed_threads


class OtherStoreError(DrawstopError):
    """The folder holds a store of another model, other recordings, or other settings."""


@dataclass(frozen=True)
class Job:
    """The stores that are being written: a shard's number means the same recordings at every site."""

    folders: dict[str, Path]
    plans: dict[str, StoreIndex]

    @property
    def shards(self) -> int:
        """The number of shards of a site."""
        return len(self._first.shards)

    @property
    def _first(self) -> StoreIndex:
        return next(iter(self.plans.values()))

    def files(self, number: int) -> list[Path]:
        """A shard's file at every site."""
        return [self.folders[site] / plan.shards[number].file for site, plan in self.plans.items()]

    def is_whole(self, number: int) -> bool:
        """Says whether a shard is there at every site and holds what was written."""
        return all(is_whole(file) for file in self.files(number))

    def bytes_of(self, numbers: Sequence[int]) -> int:
        """The size of some shards on disk, in bytes."""
        rows = sum(self._first.shards[number].rows for number in numbers)
        return rows * sum(plan.width * number_bytes(plan.dtype) for plan in self.plans.values())

    def compute(self, number: int, frames: ModelFrames) -> None:
        """Computes a shard's frames and writes them at every site; on a CPU with one thread, whose bits don't depend on how
        many workers there are.

        Raises:
            DrawstopError: a recording whose bytes aren't those that were scanned; or as `ShardWriter`.
        """
        with fixed_threads(1), ExitStack() as opened:
            writers = {
                site: opened.enter_context(
                    ShardWriter(self.folders[site] / plan.shards[number].file, plan.width, plan.dtype)
                )
                for site, plan in self.plans.items()
            }
            for index in self._first.shards[number].recordings:
                require_unchanged(frames.sources[index])
                for piece in frames.pieces_of(index):
                    for site, writer in writers.items():
                        writer.add(piece[site], frames.sources[index].path)
            for writer in writers.values():
                writer.finish()

    def copied(self, number: int, other: Path, out: Path) -> bool:
        """Copies a shard from another folder, if it is there and whole; says whether it was."""
        pairs = [(other / file.relative_to(out), file) for file in self.files(number)]
        if not all(is_whole(theirs) for theirs, _ in pairs):
            return False
        for site, folder in self.folders.items():
            _require_same(other / folder.relative_to(out), self.plans[site])
        for theirs, ours in pairs:
            copy_shard(theirs, ours)
        return True

    def finished(self) -> list[ActivationStore]:
        """Writes the shards' hashes into the indexes, if all are there; gives the stores, or none."""
        hashes = {
            site: [read_receipt(self.folders[site] / shard.file) for shard in plan.shards]
            for site, plan in self.plans.items()
        }
        known = {site: [hash for hash in each if hash is not None] for site, each in hashes.items()}
        if any(len(each) < self.shards for each in known.values()):
            return []
        for site, plan in self.plans.items():
            write_json(self.folders[site] / INDEX_FILE, plan.with_hashes(known[site]).as_json())
        return [ActivationStore.open(folder, verify=False) for folder in self.folders.values()]


def begun(folder: Path, plan: StoreIndex) -> StoreIndex:
    """The plan of the store in a folder, written there if the folder is new.

    Raises:
        OtherStoreError: the store there is of another model, other recordings, or stored otherwise.
        DrawstopError: the folder holds something else.
    """
    if _require_same(folder, plan):
        return plan
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
    strangers = sorted(
        there.difference(*[[path.name for path in folder.glob(kind)] for kind in (LOCKS, ".*")])
    )
    if strangers:
        raise DrawstopError(f"{folder} holds files that aren't ours ({strangers[0]}); give another folder")
    write_json(folder / INDEX_FILE, plan.as_json())
    return plan


def _require_same(folder: Path, plan: StoreIndex) -> bool:
    """Says whether there is an index, which then must be of this plan; where the recordings lie doesn't matter."""
    path = folder / INDEX_FILE
    if not path.is_file():
        return False
    difference = differs(read_index(path.read_text(encoding="utf-8"), folder), plan)
    if difference:
        raise OtherStoreError(
            f"{folder} holds another store: {difference}; put that right, or give another --out"
        )
    return True


def require_unchanged(recording: Recording) -> None:
    """Raises DrawstopError where a recording's bytes aren't those that were scanned."""
    hash = sha256_file(recording.path)
    if hash != recording.hash:
        raise DrawstopError(
            f"the recording {recording.path} changed while its frames were being computed: expected SHA-256 "
            f"{recording.hash[:12]}…, got {hash[:12]}…; put it back and give the same command again"
        )
