"""Instruments that are saved or chosen again while one comes in: the last one wins, and half a file is waited for."""

import shutil
from pathlib import Path

import pytest

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from drawstop.files import sha256_file
from realtime.recording.session_file import read_session
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.programs.live_player import Playing
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.usefixtures("playing_ends")


@pytest.fixture
def jack_options() -> dict[str, int]:
    return {"rate": 44100}


def test_the_last_of_many_wins_and_half_a_file_is_waited_for(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    paths = [Path(shutil.copy(small, tmp_path / f"{name}.ts")) for name in ("one", "two", "three")]
    take, port = tmp_path / "take", free_port()
    playing = Playing(jack, *paths, "--headless", "--block", 512, "--osc", port, "--record", take)
    playing.wait_until_said("delay from input to output")
    playing.wait_until_said("OSC listens")
    with UdpPeer(port) as surface:
        for number in (2, 3, 1, 3, 1, 2):
            surface.send_message(f"/instrument/{number}", [])
        playing.wait_until_said("two.ts is coming in")
        content = paths[1].read_bytes()
        with paths[1].open("wb") as half:
            half.write(content[: len(content) // 2])
            half.flush()
            surface.send_message("/stop/nowhere", 1.0)
            playing.wait_until_said("nothing is at '/stop/nowhere'")
            half.write(content[len(content) // 2 :])
    wait_for(lambda: playing.said("two.ts is coming in") == 2, "the version that was saved")
    code, _, err = playing.interrupt()
    assert code == 0, err
    coming = [line.split()[0] for line in err.splitlines() if line.endswith("is coming in")]
    assert coming[-2:] == ["two.ts", "two.ts"]
    assert len(coming) <= 4  # the first, what was on its way, and the last
    assert "can't" not in err and "isn't taken" not in err
    assert read_session(take).swaps[-1].instrument == sha256_file(paths[1])
