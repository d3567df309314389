"""The activation store: whole or not at all, mapped, and of recordings in splits."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from drawstop.errors import DrawstopError
from tests.helpers.repository import REPOSITORY
from training.activations.store import FRAMES_FILE, INDEX_FILE, ActivationStore, write_store
from training.data.recordings import Recording, Split

WIDTH = 5
COUNTS = (7, 11, 3, 9)
SPLITS: tuple[Split, ...] = ("train", "test", "train", "validation")


def items() -> Iterator[tuple[Recording, npt.NDArray[np.float32]]]:
    """Recordings whose frame number r (of all) holds r in its first place."""
    start = 0
    for i, (count, split) in enumerate(zip(COUNTS, SPLITS, strict=True)):
        frames = np.random.default_rng(i).standard_normal((count, WIDTH)).astype(np.float32)
        frames[:, 0] = np.arange(start, start + count)
        start += count
        yield Recording(Path(f"{i}.wav"), "voice" if i % 2 else "guitar", f"{i:064x}", split), frames


@pytest.fixture
def store(tmp_path: Path) -> ActivationStore:
    return write_store(tmp_path / "store", "encoder.3", "fingerprint", items())


def test_a_store_gives_back_what_was_written(store: ActivationStore) -> None:
    opened = ActivationStore.open(store.path)
    assert (opened.site, opened.fingerprint, opened.width) == ("encoder.3", "fingerprint", WIDTH)
    for i, (recording, frames) in enumerate(items()):
        stored = opened.recordings[i]
        assert np.array_equal(opened.frames[stored.start : stored.stop], frames)
        assert (stored.label, stored.hash, stored.split) == (recording.label, recording.hash, recording.split)


def test_frames_are_memory_mapped_and_plain_numpy_reads_them(store: ActivationStore, tmp_path: Path) -> None:
    every = np.concatenate([frames for _, frames in items()])
    assert isinstance(store.frames[2:9].base, np.memmap)
    assert not store.frames[2:9].flags.writeable
    assert np.array_equal(np.load(tmp_path / "store" / "shards" / "00000.npy"), every)
    assert np.array_equal(np.asarray(store.frames), every)
    assert np.array_equal(store.frames[[3, -1, 3]], every[[3, -1, 3]])


def test_splits_are_by_recording(store: ActivationStore) -> None:
    assert (store.split("train"), store.split("validation"), store.split("test")) == ([0, 2], [3], [1])
    assert store.rows("train").tolist() == [*range(7), *range(18, 21)]
    with pytest.raises(DrawstopError, match="expected a split"):
        store.split("dev")  # type: ignore[arg-type]


KILLED_WHILE_WRITING = """
import sys, time
from pathlib import Path
import numpy as np
from training.activations.store import write_store
from training.data.recordings import Recording
def items():
    for i in range(3):
        yield Recording(Path(f"{i}.wav"), "", f"{i:064x}", "train"), np.zeros((50000, 8), np.float32)
    print("writing", flush=True)
    time.sleep(60)
write_store(Path(sys.argv[1]), "site", "fingerprint", items())
"""


@pytest.mark.slow
def test_a_writer_killed_half_way_leaves_no_store(tmp_path: Path) -> None:
    out = tmp_path / "store"
    root = REPOSITORY
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        writer.send_signal(signal.SIGKILL)
    assert not out.exists()
    with pytest.raises(DrawstopError, match="no activation store"):
        ActivationStore.open(out)
    assert len(write_store(out, "site", "fingerprint", items()).frames) == sum(COUNTS)


def test_a_writer_that_fails_leaves_nothing_and_keeps_the_older_store(
    store: ActivationStore, tmp_path: Path
) -> None:
    def failing() -> Iterator[tuple[Recording, npt.NDArray[np.float32]]]:
        yield next(items())
        raise RuntimeError("the model fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        write_store(store.path, "other", "fingerprint", failing())
    assert ActivationStore.open(store.path).site == "encoder.3"
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_frames_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (recording, frames), (other, _) = list(items())[:2]
    broken = frames.copy()
    broken[2, 1] = np.nan
    cases = {
        "at least one recording": [],
        "expected activations": [(recording, frames), (other, np.zeros((4, WIDTH + 1), np.float32))],
        "aren't finite": [(recording, broken)],
    }
    for message, given in cases.items():
        with pytest.raises(DrawstopError, match=message):
            write_store(tmp_path / "store", "site", "fingerprint", given)
    assert list(tmp_path.iterdir()) == []


def test_damaged_indexes_are_refused(tmp_path: Path, store: ActivationStore) -> None:
    index = tmp_path / "store" / INDEX_FILE
    whole = json.loads(index.read_text())
    lost = {**whole, "recordings": whole["recordings"][1:]}
    for text in ("{", "{}", "[]", '{"format": 1, "recordings": []}', json.dumps(lost)):
        index.write_text(text)
        with pytest.raises(DrawstopError, match="damaged"):
            ActivationStore.open(store.path)


def test_a_store_of_one_file_as_earlier_versions_wrote_it_is_read(
    tmp_path: Path, store: ActivationStore
) -> None:
    """Format 1 had one frames.npy, and neither dtype nor hashes."""
    old, every = tmp_path / "old", np.asarray(store.frames)
    old.mkdir()
    np.save(old / FRAMES_FILE, every)
    content = {"format": 1, "site": "encoder.3", "fingerprint": "fingerprint", "width": WIDTH}
    recordings = [asdict(each) for each in store.recordings]
    (old / INDEX_FILE).write_text(json.dumps(content | {"recordings": recordings}))
    opened = ActivationStore.open(old)
    assert np.array_equal(np.asarray(opened.frames), every)
    assert opened.recordings == store.recordings
