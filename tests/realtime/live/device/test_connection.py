"""The device that was asked for: another stands in while it is away, and it is taken back when it returns."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from realtime.live.device import return_watch
from realtime.live.device.connection import DeviceConnection
from realtime.live.device.selection import DeviceSelection
from realtime.processes.child_process import CONTEXT
from realtime.processes.device_list import DeviceQuery, list_devices
from tests.helpers.models.small_instrument import description
from tests.helpers.waiting import wait_for

ALSA = """</usr/share/alsa/alsa.conf>
pcm.!default { type null }
"""
BOX = "pcm.box { type null }\n"


@pytest.fixture
def sound_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ALSA's configuration, in a file that a test changes: a device that is there from then on, or isn't."""
    config = tmp_path / "asound.conf"
    config.write_text(ALSA + BOX)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    try:
        names = [device.name for device in list_devices()]
    except DrawstopError as error:
        pytest.skip(str(error))
    if "box" not in names:
        pytest.skip(f"this PortAudio has no ALSA, it lists {names}")
    return config


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[DeviceQuery]:
    """The queries of a `ReturnWatch` so far: each but the last is answered."""
    queries: list[DeviceQuery] = []
    ask = return_watch.DeviceQuery
    monkeypatch.setattr(return_watch, "DeviceQuery", lambda: queries.append(ask()) or queries[-1])
    return queries


def poll_until_answered(poll: Callable[[], str | None], count: int, answers: list[DeviceQuery]) -> list[str]:
    """Poll until so many queries that began from now on are answered; what was said meanwhile."""
    said, before = [], len(answers)
    wait_for(lambda: said.append(poll()) or len(answers) > before + count, "answers")
    return [each for each in said if each]


@pytest.fixture
def connection(sound_system: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeviceConnection]:
    """Connected to the box."""
    monkeypatch.setattr(return_watch, "LOOK_S", 0.1)
    made = DeviceConnection(DeviceSelection("box", "box", block=256), CONTEXT.Semaphore(0))
    made.find()
    made.open(description())
    yield made
    made.close()


@pytest.mark.slow
def test_the_default_stands_in_for_a_device_that_is_gone_until_it_returns(
    sound_system: Path, connection: DeviceConnection, answers: list[DeviceQuery]
) -> None:
    assert connection.device is not None and connection.device.device_name == "box"
    sound_system.write_text(ALSA)
    connection.lose()
    wait_for(lambda: connection.reopen(description()), "the default")
    assert connection.device.device_name == "default"
    assert poll_until_answered(connection.returned_note, 3, answers) == []
    sound_system.write_text(ALSA + BOX)
    said: list[str] = []
    wait_for(lambda: said.extend(filter(None, [connection.returned_note()])) or said, "the box")
    assert said == ["box is back: the sound goes there again"]
    connection.lose()
    wait_for(lambda: connection.reopen(description()), "the box")
    assert connection.device.device_name == "box"
    assert connection.returned_note() is None


@pytest.mark.slow
def test_a_device_that_is_there_and_refused_counts_as_back_only_after_it_was_away(
    sound_system: Path, monkeypatch: pytest.MonkeyPatch, answers: list[DeviceQuery]
) -> None:
    monkeypatch.setattr(return_watch, "LOOK_S", 0.0)
    watch = return_watch.ReturnWatch(DeviceSelection(output="box"))
    watch.begin(gone=False)
    assert poll_until_answered(watch.poll, 2, answers) == []
    sound_system.write_text(ALSA)
    assert poll_until_answered(watch.poll, 2, answers) == []
    sound_system.write_text(ALSA + BOX)
    assert poll_until_answered(watch.poll, 2, answers)[:1] == ["box is back: the sound goes there again"]
    watch.end()
    assert watch.poll() is None
