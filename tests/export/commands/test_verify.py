import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.programs.command_line import Run, refused

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked


def test_verify_shows_its_checks(run: Run, baked: "Baked", tmp_path: Path) -> None:
    code, out, _ = run("verify", baked.path, "--json", tmp_path / "checks.json")
    assert code == 0
    assert "attributes" in out
    assert all(check["passed"] for check in json.loads((tmp_path / "checks.json").read_text())["checks"])


def test_verify_refuses_damaged_and_foreign_files(
    run: Run, baked: "Baked", example_rave: Path, tmp_path: Path
) -> None:
    content = baked.path.read_bytes()
    (tmp_path / "half.ts").write_bytes(content[: len(content) // 2])
    refused(run("verify", tmp_path / "half.ts"), "damaged")
    refused(run("verify", example_rave), "no Drawstop instrument")
    refused(run("verify", tmp_path / "none.ts"), "no instrument at")
