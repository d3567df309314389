"""The examples, run as a reader runs them; `steer_musicgen.py` is run in tests/export/commands/test_musicgen.py."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from tests.helpers.programs.live_player import Playing
from tests.helpers.repository import RECORDINGS, REPOSITORY

EXAMPLES = REPOSITORY / "examples"
MOST_LINES = 80


def run_example(name: str, *arguments: object) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_it_is_short_says_what_it_shows_and_is_listed(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) < MOST_LINES
    assert f"uv run python examples/{path.name}" in "\n".join(lines[:12])
    assert f"]({path.name})" in (EXAMPLES / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_a_concept_is_found_measured_and_played(tmp_path: Path) -> None:
    for concept in ("guitar", "voice"):
        (tmp_path / concept).mkdir()
        for path in sorted((RECORDINGS / "train" / concept).iterdir())[:5]:
            shutil.copy(path, tmp_path / concept)
    out = tmp_path / "out"
    said = run_example("find_a_concept.py", tmp_path / "guitar", tmp_path / "voice", "--out", out, "--quick")
    assert "alone the concept falls by" in said
    first, second = (float(change) for change in re.findall(r": (-?[\d.]+) dB in its", said))
    assert abs(first) < 0.1
    assert second < first - 1.0
    assert (out / "half_away.wav").is_file()


@pytest.mark.slow
def test_saelens_reads_the_shipped_sae_and_a_feature_tells_guitar_from_voice() -> None:
    pytest.importorskip("sae_lens")
    said = run_example("sae_in_saelens.py")
    assert "features are equal to ours" in said
    shares = [
        (int(guitar), int(voice))
        for guitar, voice in re.findall(r"active in (\d+)% of the frames of guitar, (\d+)% of voice", said)
    ]
    assert len(shares) == 8
    assert all(guitar > voice for guitar, voice in shares)
    explained = re.search(r"explains (\d+)% of the variance", said)
    assert explained is not None
    assert int(explained[1]) > 50


@pytest.mark.usefixtures("playing_ends")
def test_a_program_moves_a_stop_of_the_player_by_osc(small: Path, jack: JackServer) -> None:
    port = free_port()
    playing = Playing(jack, small, "--headless", "--block", 512, "--osc", port)
    playing.wait_until_said("OSC")
    said = run_example("osc_from_python.py", port)
    assert "guitar: Guitar, from -1.0 to 1.0" in said
    assert said.index("/stop/guitar -1.0") < said.rindex("/stop/guitar 0.0")
    code, _, errors = playing.interrupt()
    assert (code, "Traceback" in errors) == (0, False)
