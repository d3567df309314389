"""Recordings: labels from folders, splits from contents."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drawstop.errors import DrawstopError
from training.data.recordings import load, scan, split_of


def write_noise(path: Path, seed: int, rate: int = 8000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, 800), rate, subtype="FLOAT")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(12):
        write_noise(tmp_path / "takes" / ("guitar" if i % 2 else "voice") / f"{i:02}.wav", i)
    return tmp_path / "takes"


def test_labels_are_sub_folders_and_files_at_the_top_have_none(folder: Path) -> None:
    write_noise(folder / "top.wav", 100)
    write_noise(folder / "drums" / "brushes" / "a.wav", 101)
    labels = {recording.path.name: recording.label for recording in scan(folder)}
    assert labels["00.wav"] == "voice"
    assert labels["01.wav"] == "guitar"
    assert labels["top.wav"] == ""
    assert labels["a.wav"] == "drums/brushes"


def test_scan_is_sorted_by_path(folder: Path) -> None:
    paths = [recording.path for recording in scan(folder)]
    assert paths == sorted(paths)
    assert len(paths) == 12


def test_splits_never_move_when_files_are_renamed_or_added(folder: Path) -> None:
    before = {recording.hash: recording.split for recording in scan(folder)}
    for i, path in enumerate(sorted(folder.rglob("*.wav"))):
        path.rename(path.parent / f"renamed {11 - i}.wav")
    for i in range(30):
        write_noise(folder / "new" / f"{i}.wav", 1000 + i)
    after = {recording.hash: recording.split for recording in scan(folder)}
    assert len(after) == 42
    assert {hash: after[hash] for hash in before} == before


def test_a_copy_under_another_name_lands_in_the_same_split(folder: Path) -> None:
    original = folder / "voice" / "00.wav"
    (folder / "guitar" / "copy.wav").write_bytes(original.read_bytes())
    splits = {recording.path.name: recording.split for recording in scan(folder)}
    assert splits["copy.wav"] == splits["00.wav"]


def test_splits_are_about_70_15_15_and_another_seed_deals_anew() -> None:
    hashes = [f"{value:064x}" for value in np.random.default_rng(0).integers(0, 2**63, 4000)]
    hashes = [hash[-8:] + hash for hash in hashes]
    for seed in (0, 1):
        shares = Counter(split_of(hash, seed) for hash in hashes)
        assert abs(shares["train"] / 4000 - 0.70) < 0.03
        assert abs(shares["validation"] / 4000 - 0.15) < 0.03
    assert [split_of(hash) for hash in hashes] != [split_of(hash, 1) for hash in hashes]


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound here")
    with pytest.raises(DrawstopError, match="no sound files"):
        scan(tmp_path)
    with pytest.raises(DrawstopError, match="no such folder"):
        scan(tmp_path / "missing")


def test_a_hash_that_is_no_hash_is_refused() -> None:
    for hash in ("", "123", "not hexadecimal"):
        with pytest.raises(DrawstopError, match="hexadecimal"):
            split_of(hash)


def test_load_gives_the_asked_rate_and_channels(folder: Path) -> None:
    recording = scan(folder)[0]
    as_stored = load(recording, 8000, 1)
    assert as_stored.shape == (1, 800)
    assert as_stored.dtype == torch.float32
    assert np.array_equal(as_stored[0].numpy(), soundfile.read(recording.path, dtype="float32")[0])
    assert load(recording.path, 16000, 2).shape == (2, 1600)
