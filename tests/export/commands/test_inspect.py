import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from drawstop.instrument_description import EXTRA_FILE
from tests.helpers.programs.command_line import Run, refused
from tests.helpers.recordings.noise_clips import noise_clips

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked


def test_inspect_says_what_each_kind_of_thing_is(
    run: Run, baked: "Baked", example_rave: Path, random_bank: Path, tmp_path: Path
) -> None:
    recordings = noise_clips(tmp_path / "clips", 2)
    assert (
        run("activations", example_rave, recordings, "--site", "latent", "--out", tmp_path / "frames")[0] == 0
    )
    expected = {
        baked.path: "instrument",
        example_rave: "RAVE",
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
    run: Run, baked: "Baked", example_rave: Path
) -> None:
    _, out, _ = run("inspect", baked.path)
    assert re.search(r"method steer +130 in \(a value every 512\), 128 out \(a value every 512\)", out)
    assert re.search(r"method forward +1 in .*delay 944\s+samples", out, re.DOTALL)
    _, out, _ = run("inspect", example_rave)
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
