"""Playing live, through a real JACK server: the delay, sessions, everything that goes away and comes back."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.recording.session_file import read_session
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.models.small_instrument import save_small_instrument
from tests.helpers.programs.jack_delay import iodelay, running_iodelay
from tests.helpers.programs.live_player import Playing
from tests.helpers.waiting import wait_for

SILENT_DBFS = -60.0
SAMPLE_BYTES = 4
FULL_BYTES = 64_000
"""Bytes left on a full disk: less than what is played between two writes."""
pytestmark = pytest.mark.usefixtures("playing_ends")


@pytest.fixture(scope="module", autouse=True)
def _programs(needs_program: Callable[[str], None]) -> None:
    for name in ("jackd", "jack_lsp", "jack_connect", "jack_iodelay", "jack_bufsize"):
        needs_program(name)


def json_of(path: Path) -> dict:
    return json.loads(path.read_text())


def connected_player(server: JackServer) -> None:
    wait_for(lambda: "drawstop:out_0" in server.ports(), "the player's ports")


@pytest.mark.parametrize(
    ("rate", "period", "block", "options"),
    [
        (44100, 1024, 512, []),
        (44100, 64, 4096, []),
        (48000, 32, 1024, ["--latency", "4001"]),
        (96000, 512, 2048, []),
    ],
)
def test_the_loop_measured_by_jack_iodelay_and_by_our_click_is_as_long_as_reported(
    small: Path, tmp_path: Path, rate: int, period: int, block: int, options: list[str]
) -> None:
    with JackServer(rate, period) as server:
        common = [small, "--headless", "--block", block, *options]
        clicking = Playing(server, *common, "--measure", "--json", tmp_path / "click.json")
        connected_player(server)
        server.connect("drawstop:out_0", "drawstop:in_0")
        code, out, err = clicking.ended()
        assert code == 0, err
        report = json_of(tmp_path / "click.json")
        for part in report.values():
            assert abs(part["measured"] - part["reported"]) <= 1.0, out
        playing = Playing(server, *common, "--wet", 0, "--json", tmp_path / "play.json")
        connected_player(server)
        through = iodelay(server, "drawstop:in_0", "drawstop:out_0")
        assert playing.interrupt()[0] == 0
        straight = iodelay(server, "jack_delay:in", "jack_delay:out")
        latency = json_of(tmp_path / "play.json")["plan"]
        reported = latency["filling"] + latency["slack"] + latency["model"]
        assert abs(through - straight - reported) <= 1.0


def recorded_s(take: Path) -> float:
    """Seconds of input that a take holds so far; 0 before it begins."""
    path = take / "input.f32"
    return path.stat().st_size / SAMPLE_BYTES / 44100 if path.is_file() else 0.0


def test_a_recorded_performance_renders_to_the_same_bits(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    take = tmp_path / "take"
    playing = Playing(jack, small, "--headless", "--record", take, "--set", "guitar=1")
    connected_player(jack)
    with running_iodelay(jack, "drawstop:in_0"):
        wait_for(
            lambda: recorded_s(take) > 0 and bool(read_session(take).input.any()), "a sound at the input"
        )
        until = recorded_s(take) + 5
        wait_for(lambda: recorded_s(take) > until, "five seconds of it")
    code, _, err = playing.interrupt()
    assert code == 0, err
    session = read_session(take)
    assert np.abs(session.input).max() > 0.01
    assert np.abs(session.output).max() > 0.01
    assert_rendered_equals_played(jack, take, tmp_path / "again.wav")


def assert_rendered_equals_played(server: JackServer, take: Path, out: Path) -> None:
    """`drawstop render --session` gives the bits of output.f32, as it says and by our own comparison."""
    done = subprocess.run(
        [sys.executable, "-m", "drawstop", "render", "--session", str(take), "-o", str(out)],
        env=server.environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sound, _ = soundfile.read(out, dtype="float32", always_2d=True)
    played = read_session(take).output.T
    assert 0 < len(played) <= len(sound)
    assert "the same bits as were played" in done.stderr, done.stderr + (take / "events.jsonl").read_text()
    np.testing.assert_array_equal(sound[: len(played)], played)


def test_a_performance_that_is_killed_keeps_what_was_written(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    take = tmp_path / "take"
    playing = Playing(jack, small, "--headless", "--record", take)
    wait_for(lambda: recorded_s(take) > 4, "four seconds of sound")
    playing.process.send_signal(signal.SIGKILL)
    playing.process.wait()
    wait_for(lambda: "drawstop:out_0" not in jack.ports(), "the end of the player's processes")
    assert read_session(take).input.shape[1] > 4 * 44100
    assert_rendered_equals_played(jack, take, tmp_path / "again.wav")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_ctrl_c_and_sigterm_end_with_a_fade_and_a_closed_session(
    small: Path, tmp_path: Path, jack: JackServer, number: int
) -> None:
    take = tmp_path / "take"
    playing = Playing(jack, small, "--headless", "--record", take)
    wait_for(lambda: (take / "input.f32").is_file(), "the recording")
    wait_for(lambda: recorded_s(take) > 1.0, "a second of sound")
    playing.process.send_signal(number)
    code, _, err = playing.ended()
    assert code == 0, err
    assert "Ended. Lost blocks:" in err
    session = read_session(take)
    assert session.output.shape[1] > 0
    assert_rendered_equals_played(jack, take, tmp_path / "again.wav")
    assert not [port for port in jack.ports() if port.startswith("drawstop")]


def test_an_instrument_that_is_baked_anew_comes_in_while_it_plays_and_the_session_knows(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    own = tmp_path / "own.ts"
    shutil.copyfile(small, own)
    take = tmp_path / "take"
    playing = Playing(jack, own, "--headless", "--record", take, "--json", tmp_path / "r.json")
    wait_for(lambda: recorded_s(take) > 0.5, "the recording")
    save_small_instrument(tmp_path / "new.ts")
    os.replace(tmp_path / "new.ts", own)
    playing.wait_until_said("own.ts is coming in")
    wait_for(lambda: '"fade"' in (take / "events.jsonl").read_text(), "the fade")
    until = recorded_s(take) + 0.5
    wait_for(lambda: recorded_s(take) > until, "sound after the fade")
    code, _, err = playing.interrupt()
    assert code == 0, err
    session = read_session(take)
    assert len(session.swaps) == 1
    assert session.swaps[0].fade_at is not None
    assert json_of(tmp_path / "r.json")["swaps"] == 1
    assert_rendered_equals_played(jack, take, tmp_path / "again.wav")


def test_an_instrument_that_is_baked_anew_before_the_first_sound_comes_in_too(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    own = tmp_path / "own.ts"
    shutil.copyfile(small, own)
    save_small_instrument(tmp_path / "new.ts")
    playing = Playing(jack, own, "--headless")
    playing.wait_until_said("Trying how fast")  # the old one is loaded
    os.replace(tmp_path / "new.ts", own)
    playing.wait_until_said("own.ts is coming in")
    code, _, err = playing.interrupt()
    assert code == 0, err


def test_a_broken_new_instrument_is_refused_and_the_old_one_plays_on(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    own = tmp_path / "own.ts"
    shutil.copyfile(small, own)
    take = tmp_path / "take"
    playing = Playing(jack, own, "--headless", "--record", take)
    wait_for(lambda: (take / "input.f32").is_file(), "the recording")
    own.write_bytes(b"no instrument")
    playing.wait_until_said("is no TorchScript file")
    code, _, err = playing.interrupt()
    assert code == 0, err
    assert not read_session(take).swaps


def test_when_the_sound_server_goes_away_and_comes_back_so_does_the_sound(
    small: Path, tmp_path: Path
) -> None:
    with JackServer() as server:
        take = tmp_path / "take"
        playing = Playing(server, small, "--headless", "--record", take, "--json", tmp_path / "r.json")
        wait_for(lambda: recorded_s(take) > 0.5, "the recording")
        server.stop()
        playing.wait_until_said("the sound device is gone")
        server.start()
        playing.wait_until_said("sound again")
        until = recorded_s(take) + 1
        wait_for(lambda: recorded_s(take) > until, "sound after the gap")
        code, _, err = playing.interrupt()
        assert code == 0, err
        losses = json_of(tmp_path / "r.json")["device_losses"]
        assert losses == playing.said("the sound device is gone") >= 1
        assert_rendered_equals_played(server, take, tmp_path / "again.wav")


def test_a_server_that_takes_larger_blocks_gets_a_delay_for_them(small: Path, tmp_path: Path) -> None:
    with JackServer(48000, 128) as server:
        take = tmp_path / "take"
        playing = Playing(
            server, small, "--headless", "--block", 512, "--record", take, "--json", tmp_path / "r.json"
        )
        wait_for(lambda: recorded_s(take) > 0.5, "the recording")
        subprocess.run(["jack_bufsize", "1024"], env=server.environment, check=True, capture_output=True)
        playing.wait_until_said("takes 1024 samples at once now, not 128")
        playing.wait_until_said("sound again")
        code, _, err = playing.interrupt()
    assert code == 0, err
    report = json_of(tmp_path / "r.json")
    assert report["plan"]["host_block"] == 1024
    assert report["device_losses"] == playing.said("the sound device is gone")  # larger blocks are no loss


def test_two_players_at_once_both_play(small: Path, jack: JackServer) -> None:
    both = [Playing(jack, small, "--headless", "--seconds", 3) for _ in range(2)]
    for playing in both:
        code, _, err = playing.ended()
        assert code == 0, err
        assert "Ended." in err


def test_a_crashed_instrument_gives_way_to_the_dry_sound_and_is_started_again(
    small: Path, tmp_path: Path, jack: JackServer
) -> None:
    take = tmp_path / "take"
    playing = Playing(jack, small, "--headless", "--record", take)
    wait_for(lambda: recorded_s(take) > 0.5, "the recording")
    os.kill(player_of(playing.process.pid), signal.SIGKILL)
    playing.wait_until_said("has crashed")
    playing.wait_until_said("is coming in")
    wait_for(lambda: '"fade"' in (take / "events.jsonl").read_text(), "the fade")
    code, _, err = playing.interrupt()
    assert code == 0, err
    session = read_session(take)
    assert session.deaths
    assert len(session.swaps) == 1
    assert session.swaps[0].fade_at is not None


def player_of(parent: int) -> int:
    """The process, of a performance's, that has torch loaded."""
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout.split()
    having = [pid for pid in children if "libtorch_cpu" in Path(f"/proc/{pid}/maps").read_text()]
    assert len(having) == 1
    return int(having[0])


def refusal(server: JackServer, *arguments: object) -> str:
    code, _, err = Playing(server, *arguments).ended()
    assert code == 2, err
    lines = [line for line in err.splitlines() if line.startswith("drawstop: ")]
    assert len(lines) == 1
    return lines[0]


def test_no_device_is_one_clear_line(small: Path) -> None:
    server = JackServer()  # never started
    assert "has no sound input" in refusal(server, small, "--headless")


def test_a_refused_rate_an_unknown_device_and_a_wrong_block_are_one_clear_line_each(
    small: Path, jack: JackServer
) -> None:
    assert "can't be opened at 22050 Hz" in refusal(jack, small, "--headless", "--rate", 22050)
    assert "no sound input fits 'oboe'" in refusal(jack, small, "--headless", "--device", "oboe")
    assert "must be a multiple of 64" in refusal(jack, small, "--headless", "--block", 100)
    assert "is less than this machine can hold" in refusal(jack, small, "--headless", "--latency", 1)
    assert "no stop 'oboe'" in refusal(jack, small, "--headless", "--set", "oboe=1")


def test_a_file_that_is_no_instrument_is_one_clear_line(jack: JackServer, tmp_path: Path) -> None:
    (tmp_path / "x.ts").write_bytes(b"junk")
    assert "is no TorchScript file" in refusal(jack, tmp_path / "x.ts", "--headless")


def test_the_device_list_shows_the_servers_device(jack: JackServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drawstop", "devices"], env=jack.environment, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "system (JACK Audio Connection Kit): 2 in, 2 out, 48000 Hz" in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1.5 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(path)], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.strip()}")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_full_disk_is_reported_and_the_sound_goes_on(
    small: Path, small_disk: Path, tmp_path: Path, jack: JackServer
) -> None:
    take, port = small_disk / "take", free_port()
    playing = Playing(
        jack, small, "--headless", "--block", 512, "--wet", 0, "--record", take, "--osc", port, "--json", tmp_path / "r.json"
    )  # fmt: skip
    wait_for(lambda: shutil.disk_usage(small_disk).free < FULL_BYTES, "a full disk")
    with running_iodelay(jack, "drawstop:in_0"), UdpPeer(port) as surface:
        wait_for(lambda: output_dbfs(surface) > SILENT_DBFS, "the sound at the output")
    code, _, err = playing.interrupt()
    assert code == 0, err
    assert "No space left on device" in err
    report = json_of(tmp_path / "r.json")
    assert report["unrecorded_blocks"] > 0
    recorded = read_session(take).input.shape[1]
    assert report["sample"] > recorded > 44100


def output_dbfs(surface: UdpPeer) -> float:
    """The player's next output level."""
    surface.send_message("/subscribe", [])
    level = surface.receive_until("/meter/out").params[0]
    assert isinstance(level, float)
    return level


def test_an_instrument_that_is_too_slow_is_refused_before_it_sounds(tmp_path: Path, jack: JackServer) -> None:
    slow = save_small_instrument(tmp_path / "slow.ts", work=2)
    said = refusal(jack, slow, "--headless", "--block", 64)
    assert "a block of 64 samples (1.5 ms) takes" in said
