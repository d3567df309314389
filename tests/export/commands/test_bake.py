import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from command_line import Run, refused

from drawstop.audio_files import write_audio
from drawstop.instrument_description import EXTRA_FILE

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked


def clips(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    random = np.random.default_rng(count)
    for i in range(count):
        write_audio(folder / f"{i}.wav", 0.1 * random.standard_normal((1, 20000)), 44100)
    return folder


def test_inspect_says_what_each_kind_of_thing_is(
    run: Run, baked: "Baked", demo_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    recordings = clips(tmp_path / "clips", 2)
    assert run("activations", demo_rave, recordings, "--site", "latent", "--out", tmp_path / "frames")[0] == 0
    expected = {
        baked.path: "instrument",
        demo_rave: "RAVE",
        random_bank: "bank",
        recordings / "0.wav": "recording",
        tmp_path / "frames": "frames",
    }
    for path, kind in expected.items():
        code, out, err = run("inspect", path, "--json", tmp_path / "facts.json")
        assert code == 0, err
        assert kind in out
        assert json.loads((tmp_path / "facts.json").read_text())["kind"] == kind


def test_inspect_refuses_what_it_does_not_know(run: Run, tmp_path: Path) -> None:
    refused(run("inspect", tmp_path / "nothing"), "no such file")
    refused(run("inspect", tmp_path), "nothing we know")


def test_inspect_lists_what_a_patcher_and_a_trainer_look_for(
    run: Run, baked: "Baked", demo_rave: Path
) -> None:
    _, out, _ = run("inspect", baked.path)
    assert re.search(r"method steer +130 in \(a value every 512\), 128 out \(a value every 512\)", out)
    assert re.search(r"method forward +1 in .*delay 944\s+samples", out, re.DOTALL)
    _, out, _ = run("inspect", demo_rave)
    assert re.search(r"site decoder\.\d+ +\d+ wide, a frame every \d+ samples", out)


def test_files_of_every_other_kind_are_refused_in_one_line(run: Run, baked: "Baked", tmp_path: Path) -> None:
    newer, other, half = (tmp_path / name for name in ("newer.ts", "other.ts", "half.ts"))
    module = torch.jit.script(torch.nn.Linear(2, 2))
    description = json.loads(baked.description.to_json()) | {"format": 99}
    torch.jit.save(module, str(newer), _extra_files={EXTRA_FILE: json.dumps(description)})
    torch.jit.save(module, str(other))
    half.write_bytes(baked.path.read_bytes()[:100_000])
    for command in ("inspect", "verify"):
        refused(run(command, newer), "format 99")
        refused(run(command, half), "damaged" if command == "verify" else "corrupt")
    refused(run("inspect", other), "no RAVE")
    refused(run("verify", other), "no Drawstop instrument")


def test_a_bake_that_is_killed_leaves_the_old_file(
    demo_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    old = tmp_path / "organ.ts"
    old.write_bytes(b"the old instrument")
    command = [sys.executable, "-Wignore", "-m", "drawstop", "bake", demo_rave, random_bank, "-o", old]
    baking = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    try:
        while len(os.listdir(tmp_path)) == 1:  # until it writes beside
            assert baking.poll() is None, "it ended before it wrote"
            time.sleep(0.01)
    finally:
        baking.kill()
        baking.wait()
    assert old.read_bytes() == b"the old instrument"


def test_verify_shows_its_checks(run: Run, baked: "Baked", tmp_path: Path) -> None:
    code, out, _ = run("verify", baked.path, "--json", tmp_path / "checks.json")
    assert code == 0
    assert "attributes" in out
    assert all(check["passed"] for check in json.loads((tmp_path / "checks.json").read_text())["checks"])


def test_verify_refuses_damaged_and_foreign_files(
    run: Run, baked: "Baked", demo_rave: Path, tmp_path: Path
) -> None:
    content = baked.path.read_bytes()
    (tmp_path / "half.ts").write_bytes(content[: len(content) // 2])
    refused(run("verify", tmp_path / "half.ts"), "damaged")
    refused(run("verify", demo_rave), "no Drawstop instrument")
    refused(run("verify", tmp_path / "none.ts"), "no instrument at")


def test_bake_refuses_bad_parts_and_leaves_nothing(
    run: Run, demo_rave: Path, random_bank: Path, variational_rave: Path, tmp_path: Path
) -> None:
    refused(run("bake", demo_rave, random_bank, "-o", tmp_path / "organ.txt"), ".ts")
    refused(run("bake", demo_rave, tmp_path, "-o", tmp_path / "organ.ts"), "expected a bank")
    refused(run("bake", variational_rave, random_bank, "-o", tmp_path / "organ.ts"), "another model")
    assert list(tmp_path.iterdir()) == []


def test_bake_to_a_place_that_cannot_be_written_leaves_nothing(
    run: Run, demo_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    refused(run("bake", demo_rave, random_bank, "-o", tmp_path / "file" / "organ.ts"), "can't write")
    assert os.listdir(tmp_path) == ["file"]


def test_train_writes_a_bank_and_cleans_up(run: Run, demo_rave: Path, tmp_path: Path) -> None:
    recordings = clips(tmp_path / "clips", 6)
    options = ["--features", 16, "--k", 4, "--steps", 5]
    code, out, err = run("train", demo_rave, recordings, "--out", tmp_path / "bank", *options)
    assert code == 0, err
    assert "variance explained" in out
    assert "L0" in out
    assert "dead" in out
    assert sorted(os.listdir(tmp_path)) == ["bank", "clips"]


def test_folders_without_sound_or_with_one_class_are_refused(
    run: Run, demo_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    some = clips(tmp_path / "some", 2)
    refused(run("train", demo_rave, tmp_path / "empty", "--out", tmp_path / "bank"), "no sound files")
    find = ["find", random_bank, "organ", "--model", demo_rave, "--with"]
    refused(run(*find, some, "--without", tmp_path / "empty"), "no sound files")
    refused(run(*find, some, "--without", some), "share recordings")
