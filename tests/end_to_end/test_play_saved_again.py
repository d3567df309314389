"""Instruments that are saved or chosen again while one comes in: the last one wins, and half a file is waited for."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from live_player import Playing, wait_for
from osc_parts import oscsend

from bench.live.jack import JackServer
from drawstop.files import sha256_file
from realtime.recording.session_file import read_session

pytestmark = pytest.mark.usefixtures("playing_ends")


def test_the_last_of_many_wins_and_half_a_file_is_waited_for(
    small: Path, tmp_path: Path, needs_program: Callable[[str], None]
) -> None:
    for name in ("jackd", "oscsend"):
        needs_program(name)
    paths = [Path(shutil.copy(small, tmp_path / f"{name}.ts")) for name in ("one", "two", "three")]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with JackServer(44100, 256) as server:
        playing = Playing(
            server, *paths, "--headless", "--block", 512, "--osc", port, "--record", tmp_path / "take"
        )
        playing.wait_until_said("delay from input to output")
        playing.wait_until_said("OSC listens")
        url = f"osc.udp://127.0.0.1:{port}"
        for number in (2, 3, 1, 3, 1, 2):
            oscsend(url, f"/instrument/{number}")
        playing.wait_until_said("two.ts is coming in")
        content = paths[1].read_bytes()
        with paths[1].open("wb") as half:
            half.write(content[: len(content) // 2])
            half.flush()
            oscsend(url, "/stop/nowhere", "f", 1)
            playing.wait_until_said("nothing is at '/stop/nowhere'")
            half.write(content[len(content) // 2 :])
        wait_for(lambda: playing.said("two.ts is coming in") == 2, "the version that was saved")
        code, _, err = playing.interrupt()
    assert code == 0, err
    coming = [line.split()[0] for line in err.splitlines() if line.endswith("is coming in")]
    assert (
        coming[-2:] == ["two.ts", "two.ts"] and len(coming) <= 4
    )  # the first, what was on its way, and the last
    assert "can't" not in err and "isn't taken" not in err
    assert read_session(tmp_path / "take").swaps[-1].instrument == sha256_file(paths[1])
