"""`drawstop play --levels` under a real JACK server, with a real OSC client."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from drawstop.instrument_description import EXTRA_FILE
from realtime.engine import instrument_file
from realtime.processes.level_process import NICENESS
from realtime.recording.session_file import read_session
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.models.small_instrument import OTHER_STOPS, description, save_small_instrument
from tests.helpers.programs.live_player import Playing, Sounding
from tests.helpers.repository import REPOSITORY
from tests.helpers.waiting import PATIENCE_S, wait_for

ROUNDING = 1e-3
"""A mean level, 0..1, is right within so much."""
SKIPPING = 0.15
"""The same, where a busy machine let the level process skip some of the recording; beside the share that it skipped, by which
the mean of what it measured may differ from the mean of all."""
NICEST = 19
HELD_OUT = REPOSITORY / "training" / "demo" / "recordings" / "held_out"
pytestmark = pytest.mark.usefixtures("playing_ends")


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    needs_program("jack_connect")


@pytest.fixture
def jack_options() -> dict[str, int]:
    """The instrument's rate: its input is what was played, to the bit."""
    return {"rate": 44100}


@pytest.fixture
def port() -> int:
    """The player's OSC port."""
    return free_port()


class Surface(UdpPeer):
    """A client that receives the levels, and stores every message."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.messages: list[tuple[object, ...]] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        while not self._ends.wait(0.05):
            self.send_message("/subscribe" if not self.messages else "/ping", [])
            self.messages += [(each.address, *each.params) for each in self.get_messages(0.05)]

    def last(self, address: str) -> float | None:
        """The last value at this address."""
        return next((float(str(each[1])) for each in reversed(self.messages) if each[0] == address), None)

    def wait_for(self, address: str, fits: Callable[[float], bool]) -> None:
        """Wait for a message from now on whose value fits, whatever may come after it."""
        first = len(self.messages)

        def so() -> bool:
            return any(fits(float(str(each[1]))) for each in self.messages[first:] if each[0] == address)

        wait_for(so, f"{address} to fit")

    def close(self) -> None:
        self._ends.set()
        self._thread.join()
        self._sock.close()


@pytest.fixture
def surface(port: int) -> Iterator[Surface]:
    each = Surface(port)
    yield each
    each.close()


def level_processes_of(parent: int) -> list[int]:
    """The processes, of a performance's, that have the lowest priority."""
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout
    niceness = {int(pid): os.getpriority(os.PRIO_PROCESS, int(pid)) for pid in children.split()}
    assert niceness
    behind = min(os.getpriority(os.PRIO_PROCESS, parent) + NICENESS, NICEST)
    return [pid for pid, each in niceness.items() if each == behind]


@pytest.mark.parametrize("concept, other, name", [("guitar", "voice", "01"), ("voice", "guitar", "05")])
def test_the_levels_of_a_recording_that_is_played_in_are_those_that_listen_gives_offline(
    example_instrument: Path, tmp_path: Path, jack: JackServer, surface: Surface, port: int, concept: str, other: str, name: str
) -> None:  # fmt: skip
    take, report = tmp_path / "take", tmp_path / "report.json"
    playing = Playing(
        jack, example_instrument, "--headless", "--block", 2048, "--latency", 16384, "--levels", "--osc", port,
        "--record", take, "--json", report, "--set", f"{concept}=-1",
    )  # fmt: skip
    wait_for(lambda: "drawstop:in_0" in jack.ports() and (take / "input.f32").is_file(), "the sound")
    with Sounding(jack, HELD_OUT / concept / f"{name}.flac", "drawstop:in_0"):
        surface.wait_for(f"/level/{concept}", lambda level: level > 0.7)
        assert surface.last(f"/level/{other}") is not None
        before = (take / "input.f32").stat().st_size
        wait_for(lambda: (take / "input.f32").stat().st_size > before + 8 * 44100 * 4, "eight seconds more")
        code, _, err = playing.interrupt()
    assert code == 0, err
    levels = json.loads(report.read_text())["levels"]
    past = levels["heard_blocks"] + levels["skipped_blocks"]
    recorded = read_session(take).input[:, : past * 2048]
    assert recorded.shape[1] == past * 2048 >= 5 * 44100
    with torch.inference_mode():
        offline = (
            instrument_file.load(example_instrument)
            .module.listen(torch.from_numpy(recorded)[None])[0]
            .mean(-1)
        )
    expected = dict(zip(("guitar", "voice"), offline.tolist(), strict=True))
    skipped = levels["skipped_blocks"] / past
    assert levels["mean"] == pytest.approx(expected, abs=SKIPPING + skipped if skipped else ROUNDING)
    if not skipped:  # a concept that starts anew after each gap is not detected as surely
        assert levels["mean"][concept] > 3 * levels["mean"][other]


def test_a_killed_level_process_is_reported_the_sound_goes_on_and_a_new_instrument_brings_levels_again(
    small: Path, tmp_path: Path, jack: JackServer, surface: Surface, port: int
) -> None:
    own, take, report = tmp_path / "own.ts", tmp_path / "take", tmp_path / "report.json"
    shutil.copyfile(small, own)
    playing = Playing(
        jack, own, "--headless", "--block", 512, "--levels", "--osc", port, "--record", take, "--json", report
    )  # fmt: skip
    wait_for(lambda: "drawstop:in_0" in jack.ports() and (take / "input.f32").is_file(), "the sound")
    with Sounding(jack, HELD_OUT / "guitar" / "01.flac", "drawstop:in_0"):
        surface.wait_for("/level/voice", lambda level: level > 0.2)
        (level_process,) = level_processes_of(playing.process.pid)
        os.kill(level_process, signal.SIGKILL)
        playing.wait_until_said("no levels: the level process has ended; the sound goes on")
        wait_for(lambda: surface.last("/level/voice") == 0.0, "no level")  # it may have come before the line
        before = (take / "output.f32").stat().st_size
        wait_for(lambda: (take / "output.f32").stat().st_size > before + 2 * 4 * 44100, "two seconds more")
        assert np.abs(read_session(take).output[:, before // 4 :]).max() > 0.01

        save_small_instrument(tmp_path / "new.ts", stops=OTHER_STOPS)
        os.replace(tmp_path / "new.ts", own)
        playing.wait_until_said("own.ts is coming in")
        surface.wait_for("/level/flute", lambda level: level > 0.001)
        assert surface.last("/level/guitar") == 0.0
        code, _, err = playing.interrupt()
    assert code == 0, err
    assert playing.said("no levels:") == 1
    assert set(json.loads(report.read_text())["levels"]["mean"]) == {"guitar", "flute", "voice"}
    assert not read_session(take).deaths


def test_without_levels_there_is_no_level_process_and_no_report_of_levels(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    take, report = tmp_path / "take", tmp_path / "report.json"
    playing = Playing(jack, small, "--headless", "--json", report, "--record", take)
    wait_for(lambda: (take / "input.f32").is_file(), "the sound")
    assert level_processes_of(playing.process.pid) == []
    assert playing.interrupt()[0] == 0
    assert "levels" not in json.loads(report.read_text())


def test_an_instrument_that_cannot_listen_is_refused_before_it_sounds(
    tmp_path: Path, jack: JackServer
) -> None:
    old = save_small_instrument(tmp_path / "old.ts")
    module = torch.jit.load(str(old))
    values = json.loads(description().to_json())
    values["methods"] = [method for method in values["methods"] if method["name"] != "listen"]
    torch.jit.save(module, str(old), _extra_files={EXTRA_FILE: json.dumps(values)})
    playing = Playing(jack, old, "--headless", "--levels")
    code, _, err = playing.ended()
    assert code == 2
    assert "drawstop: this instrument has no method listen; bake it again" in err


def test_the_live_view_has_a_bar_for_each_stop(small: Path, jack: JackServer) -> None:
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "drawstop", "play", str(small), "--levels"],
        env=jack.environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}, cwd=REPOSITORY, stdin=end, stderr=end,
    )  # fmt: skip
    os.close(end)
    seen = bytearray()
    reader = threading.Thread(target=_read_all, args=(terminal, seen), daemon=True)
    reader.start()
    try:
        wait_for(lambda: "drawstop:in_0" in jack.ports(), "the sound")
        with Sounding(jack, HELD_OUT / "guitar" / "01.flac", "drawstop:in_0"):
            wait_for(lambda: any(_has_bar(row) for row in rows(seen)), "the voice's bar")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(terminal)


def _read_all(terminal: int, seen: bytearray) -> None:
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # nobody has the other end any more
            return


def rows(seen: bytearray) -> list[str]:
    return bytes(seen).decode(errors="replace").splitlines()


def _has_bar(row: str) -> bool:
    """The voice's knob at rest, then a bar of some tenths: so often is a recording above 0."""
    return "voice" in row and "●" in row and "+0.00" in row and "███░" in row and "%" in row
