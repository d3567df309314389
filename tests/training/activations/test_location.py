"""Stores behind URLs: whole shards fetched when they are read, cached, and checked."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest

from drawstop.errors import DrawstopError
from tests.helpers.models.layered_waves import LayeredWaves, write_waves
from training.activations.extraction import ExtractOptions
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.banks.train.train import write_frames
from training.data.recordings import scan
from training.sae.dataset import StoredFrames


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> ActivationStore:
    folder = tmp_path_factory.mktemp("place")
    frames = ModelFrames(LayeredWaves(), scan(write_waves(folder / "waves", 8)), ["a"])
    return write_frames(frames, folder / "frames", ExtractOptions("float16", 400))[0]


@pytest.fixture
def url(local: ActivationStore) -> Iterator[str]:
    memory = fsspec.filesystem("memory")
    memory.put(str(local.path), "/bucket/frames", recursive=True)
    yield "memory://bucket/frames"
    memory.rm("/bucket", recursive=True)


def test_a_store_behind_a_url_reads_as_the_local_one_and_fetches_only_what_is_read(
    local: ActivationStore, url: str, tmp_path: Path
) -> None:
    remote = ActivationStore.open(url, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert np.array_equal(remote.frames[:5], local.frames[:5])
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert np.array_equal(np.asarray(remote.frames), np.asarray(local.frames))
    assert len(list((tmp_path / "cache").iterdir())) == len(local.index.shards) == 3
    assert StoredFrames([remote]).identity == StoredFrames([local]).identity


def test_cached_shards_are_read_without_the_place_and_damaged_ones_are_fetched_again(
    local: ActivationStore, url: str, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    expected = np.asarray(local.frames)
    assert np.array_equal(np.asarray(ActivationStore.open(url, cache=cache).frames), expected)
    damaged = next(cache.iterdir())
    damaged.write_bytes(b"?" + damaged.read_bytes()[1:])
    assert np.array_equal(np.asarray(ActivationStore.open(url, cache=cache).frames), expected)
    opened = ActivationStore.open(url, cache=cache)
    fsspec.filesystem("memory").rm("/bucket/frames/shards", recursive=True)
    fsspec.filesystem("memory").pipe("/bucket/frames/shards/empty", b"")
    assert np.array_equal(np.asarray(opened.frames), expected)


def test_corrupt_and_missing_shards_behind_a_url_raise_one_line(url: str, tmp_path: Path) -> None:
    memory, shard = fsspec.filesystem("memory"), "/bucket/frames/shards/00001.npy"
    memory.pipe(shard, memory.cat(shard)[:-1] + b"?")
    with pytest.raises(DrawstopError, match=r"memory://bucket/frames/shards/00001.npy is corrupt"):
        np.asarray(ActivationStore.open(url, cache=tmp_path / "cache").frames)
    memory.rm(shard)
    with pytest.raises(DrawstopError, match=r"shards/00001.npy is missing"):
        ActivationStore.open(url, cache=tmp_path / "cache")
    with pytest.raises(DrawstopError, match="no activation store in memory://nowhere"):
        ActivationStore.open("memory://nowhere")


def test_a_file_url_is_the_local_folder_itself(local: ActivationStore, tmp_path: Path) -> None:
    opened = ActivationStore.open(f"file://{local.path}", cache=tmp_path / "cache")
    assert np.array_equal(np.asarray(opened.frames), np.asarray(local.frames))
    assert not (tmp_path / "cache").exists()


def test_a_scheme_that_nothing_knows_is_refused() -> None:
    with pytest.raises(DrawstopError, match="can't open carrier-pigeon://frames: Protocol not known"):
        ActivationStore.open("carrier-pigeon://frames")
