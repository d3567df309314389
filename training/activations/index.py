"""A store's description of itself, `index.json`. It is written first, with the plan of all shards; their hashes come last."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from drawstop.errors import DrawstopError
from training.activations.shards import Dtype, read_dtype
from training.data.recordings import Recording, Split

INDEX_FILE = "index.json"
FRAMES_FILE = "frames.npy"
FORMAT = 2
SHARD_FRAMES = 65536
"""Frames of a shard, at most, by default."""
_ONE_FILE_FORMAT = 1


@dataclass(frozen=True)
class StoredRecording:
    """A recording whose frames are rows `start` to `stop` (not included) of the store."""

    path: str
    label: str
    hash: str
    split: Split
    start: int
    stop: int

    @classmethod
    def of(cls, recording: Recording, start: int, stop: int) -> "StoredRecording":
        """The entry of a recording whose frames are rows `start` to `stop`."""
        return cls(recording.path.as_posix(), recording.label, recording.hash, recording.split, start, stop)

    @property
    def name(self) -> str:
        """Label and file name: the same wherever the folder of recordings lies."""
        return "/".join(part for part in (self.label, self.path.rsplit("/", 1)[-1]) if part)


@dataclass(frozen=True)
class Shard:
    """One file of frames: those of some recordings, by their numbers in the index, end to end.

    Attributes:
        sha256: the file's hash; None while it isn't known.
    """

    file: str
    rows: int
    recordings: tuple[int, ...]
    sha256: str | None = None


@dataclass(frozen=True)
class StoreIndex:
    """The frames of one site of one model, and the files that they lie in.

    Attributes:
        piece_frames: how many frames of a recording the model took in one go, at most; None: all of them.
        recordings: the recordings, in the order of their rows.
    """

    site: str
    fingerprint: str
    width: int
    dtype: Dtype
    piece_frames: int | None
    recordings: tuple[StoredRecording, ...]
    shards: tuple[Shard, ...]
    format: int = FORMAT

    @property
    def unfinished(self) -> int:
        """Shards whose hash isn't known: the store isn't done. The one file of format 1 never had one."""
        return 0 if self.format == _ONE_FILE_FORMAT else sum(shard.sha256 is None for shard in self.shards)

    def offsets(self) -> list[int]:
        """The number of each recording's first row if the shards are laid end to end."""
        offsets, offset = [0] * len(self.recordings), 0
        for number in (number for shard in self.shards for number in shard.recordings):
            offsets[number] = offset
            offset += self.recordings[number].stop - self.recordings[number].start
        return offsets

    def with_hashes(self, hashes: Sequence[str]) -> "StoreIndex":
        """The index of the finished store, with its shards' hashes."""
        shards = [replace(shard, sha256=hash) for shard, hash in zip(self.shards, hashes, strict=True)]
        return replace(self, shards=tuple(shards))

    def as_json(self) -> dict[str, Any]:
        """The index as JSON."""
        return asdict(self)


def read_index(text: str, store: object) -> StoreIndex:
    """An index from its file's text; `store` names it in an error message.

    Raises:
        DrawstopError: damaged, or of a format that this version doesn't read.
    """
    try:
        content = json.loads(text)
        format = content.pop("format")
        if format not in (_ONE_FILE_FORMAT, FORMAT):
            raise DrawstopError(
                f"the activation store {store} has format {format}, this Drawstop reads {_ONE_FILE_FORMAT} and {FORMAT}: open "
                f"it with the version that wrote it, or collect it again"
            )
        recordings = tuple(StoredRecording(**entry) for entry in content.pop("recordings"))
        if format == _ONE_FILE_FORMAT:
            numbers = tuple(range(len(recordings)))
            one = Shard(FRAMES_FILE, recordings[-1].stop, numbers)
            content = {"dtype": "float32", "piece_frames": None} | content | {"shards": (one,)}
        else:
            content["shards"] = tuple(_shard(entry, recordings) for entry in content["shards"])
        read_dtype(content["dtype"])
        index = StoreIndex(recordings=recordings, format=format, **content)
        if sorted(number for shard in index.shards for number in shard.recordings) != [
            *range(len(recordings))
        ]:
            raise ValueError("its shards don't hold every recording once")
    except DrawstopError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DrawstopError(f"the activation store {store} is damaged ({error}); collect it again") from error
    return index


def _shard(entry: dict[str, Any], recordings: Sequence[StoredRecording]) -> Shard:
    shard = Shard(**entry | {"recordings": tuple(entry["recordings"])})
    rows = sum(recordings[number].stop - recordings[number].start for number in shard.recordings)
    if rows != shard.rows:
        raise ValueError(f"{shard.file} has {shard.rows} rows, its recordings {rows}")
    return shard


def cut_shards(recordings: Sequence[StoredRecording], most: int) -> tuple[Shard, ...]:
    """Shards of whole recordings, in the order of their hashes, with at most `most` frames; a longer recording has a
    shard of its own. A shard's content doesn't depend on who computes it.

    Raises:
        DrawstopError: `most` isn't positive, or there is no frame at all.
    """
    if most < 1:
        raise DrawstopError(f"expected shards of at least one frame, got {most}")
    lengths = [each.stop - each.start for each in recordings]
    if sum(lengths) == 0:
        raise DrawstopError(
            "expected at least one recording with one frame, got none; check the folder of recordings"
        )
    groups: list[list[int]] = []
    room = -1
    for number in sorted(range(len(recordings)), key=lambda number: (recordings[number].hash, number)):
        if not groups or lengths[number] > room:
            groups.append([])
            room = most
        groups[-1].append(number)
        room -= lengths[number]
    return tuple(
        Shard(shard_file(index), sum(lengths[number] for number in group), tuple(group))
        for index, group in enumerate(groups)
    )


def differs(stored: StoreIndex, wanted: StoreIndex) -> str:
    """The first difference between two stores' plans, in words; empty where there is none."""
    for what in ("format", "site", "fingerprint", "width", "dtype", "piece_frames"):
        if getattr(stored, what) != getattr(wanted, what):
            return f"its {what} is {getattr(stored, what)}, not {getattr(wanted, what)}"
    theirs, ours = ({each.name: each for each in index.recordings} for index in (stored, wanted))
    changed = [name for name, each in ours.items() if name in theirs and theirs[name].hash != each.hash]
    if changed:
        count = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        return (
            f"the recording {changed[0]}{count} changed: the store has SHA-256 {theirs[changed[0]].hash[:12]}…, the file "
            f"{ours[changed[0]].hash[:12]}…"
        )
    new, gone = len(ours.keys() - theirs.keys()), len(theirs.keys() - ours.keys())
    if new or gone:
        return f"its recordings are others, {new} aren't in it and {gone} aren't in the folder"
    if [replace(each, path="") for each in stored.recordings] != [
        replace(each, path="") for each in wanted.recordings
    ]:
        return "its recordings are split or cut in another way"
    if [replace(each, sha256=None) for each in stored.shards] != list(wanted.shards):
        return f"it has {len(stored.shards)} shards, not {len(wanted.shards)}: give the --shard-frames that it was begun with"
    return ""


def shard_file(number: int) -> str:
    """A shard's path in the store's folder.

    >>> shard_file(7)
    'shards/00007.npy'
    """
    return f"shards/{number:05d}.npy"
