"""The writers' locks where there is no `fcntl`: simulated, on this system's files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from drawstop.errors import DrawstopError
from training.activations import lock
from training.activations.lock import GUARD, LOCKS, Part, writing


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the module sees of Windows: its name, no fcntl, no signal 0."""

    plain = os.kill

    def kill(pid: int, number: int) -> None:
        assert sys._getframe(1).f_globals["__name__"] != lock.__name__, "os.kill ends a process on Windows"
        plain(pid, number)

    pytest.importorskip("psutil")
    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(sys, "platform", "win32")


@pytest.mark.usefixtures("windows")
def test_two_writers_of_one_part_exclude_each_other_on_windows_too(tmp_path: Path) -> None:
    with writing(tmp_path, Part(1, 2)), writing(tmp_path, Part(2, 2)):
        with (
            pytest.raises(DrawstopError, match=f"being written by process {os.getpid()}"),
            writing(tmp_path, Part(2, 2)),
        ):
            pass
        assert len(list(tmp_path.glob(LOCKS))) == 2
    assert list(tmp_path.glob(LOCKS)) == []


@pytest.mark.usefixtures("windows")
def test_what_a_process_left_that_is_gone_is_taken_over_on_windows_too(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with writing(tmp_path, Part()):
        said = (tmp_path / "writer-1-of-1.lock").read_text("utf-8")
    (tmp_path / "writer-1-of-1.lock").write_text(said.replace(str(os.getpid()), str(gone.pid)), "utf-8")
    with writing(tmp_path, Part()):
        assert (tmp_path / "writer-1-of-1.lock").read_text("utf-8") == said


@pytest.mark.usefixtures("windows")
def test_locks_are_looked_at_by_one_process_at_a_time_on_windows_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.activations.lock.FileLock", lambda path: FileLock(path, timeout=0))
    with (
        FileLock(tmp_path / GUARD),
        pytest.raises(DrawstopError, match="could not be acquired"),
        writing(tmp_path, Part()),
    ):
        pass
