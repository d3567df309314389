import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.programs.command_line import Run, refused
from tests.helpers.recordings.noise_clips import noise_clips

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    pass


def test_a_bake_that_is_killed_leaves_the_old_file(
    example_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    old = tmp_path / "organ.ts"
    old.write_bytes(b"the old instrument")
    command = [sys.executable, "-Wignore", "-m", "drawstop", "bake", example_rave, random_bank, "-o", old]
    baking = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    try:
        while len(os.listdir(tmp_path)) == 1:  # until it writes beside
            assert baking.poll() is None, "it ended before it wrote"
            time.sleep(0.01)
    finally:
        baking.kill()
        baking.wait()
    assert old.read_bytes() == b"the old instrument"


def test_bake_refuses_bad_parts_and_leaves_nothing(
    run: Run, example_rave: Path, random_bank: Path, variational_rave: Path, tmp_path: Path
) -> None:
    refused(run("bake", example_rave, random_bank, "-o", tmp_path / "organ.txt"), ".ts")
    refused(run("bake", example_rave, tmp_path, "-o", tmp_path / "organ.ts"), "expected a bank")
    refused(run("bake", variational_rave, random_bank, "-o", tmp_path / "organ.ts"), "another model")
    assert list(tmp_path.iterdir()) == []


def test_bake_to_a_place_that_cannot_be_written_leaves_nothing(
    run: Run, example_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    refused(run("bake", example_rave, random_bank, "-o", tmp_path / "file" / "organ.ts"), "can't write")
    assert os.listdir(tmp_path) == ["file"]


def test_train_writes_a_bank_and_cleans_up(run: Run, example_rave: Path, tmp_path: Path) -> None:
    recordings = noise_clips(tmp_path / "clips", 6)
    options = ["--features", 16, "--k", 4, "--steps", 5]
    code, out, err = run("train", example_rave, recordings, "--out", tmp_path / "bank", *options)
    assert code == 0, err
    assert "variance explained" in out
    assert "L0" in out
    assert "dead" in out
    assert sorted(os.listdir(tmp_path)) == ["bank", "clips"]


def test_folders_without_sound_or_with_one_class_are_refused(
    run: Run, example_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    some = noise_clips(tmp_path / "some", 2)
    refused(run("train", example_rave, tmp_path / "empty", "--out", tmp_path / "bank"), "no sound files")
    find = ["find", random_bank, "organ", "--model", example_rave, "--with"]
    refused(run(*find, some, "--without", tmp_path / "empty"), "no sound files")
    refused(run(*find, some, "--without", some), "share recordings")
