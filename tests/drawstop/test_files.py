import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file, atomic_folder, remove_unfinished, sha256_file, write_json


def test_atomic_file_appears_whole_under_its_name_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "new" / "x.ts"
    with atomic_file(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".ts"
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("failure", [RuntimeError("half"), KeyboardInterrupt()])
def test_atomic_file_leaves_the_old_file_and_no_half_one_on_failure(
    tmp_path: Path, failure: BaseException
) -> None:
    target = tmp_path / "x.ts"
    target.write_text("old")

    def write_half() -> None:
        with atomic_file(target) as temporary:
            temporary.write_text("ha")
            raise failure

    with pytest.raises(type(failure)):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "atomic.txt") as temporary:
        temporary.write_text("a")
    (tmp_path / "plain.txt").write_text("a")
    assert (tmp_path / "atomic.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


def test_a_place_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DrawstopError, match=r"can't write .*file/x\.json: (Not a directory|File exists)"),
        atomic_file(tmp_path / "file" / "x.json"),
    ):
        pass
    with pytest.raises(DrawstopError, match="it is a folder"), atomic_file(tmp_path):
        pass


def test_an_error_about_another_file_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), atomic_file(tmp_path / "x.json"):
        (tmp_path / "elsewhere").read_text()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="POSIX only")
def test_a_full_disk_is_one_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x.wav"
    target.write_text("old")
    program = (
        "import resource, signal, sys, numpy\n"
        "from pathlib import Path\n"
        "from drawstop.audio.files import write_audio\n"
        "from drawstop.errors import DrawstopError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    write_audio(Path(sys.argv[1]), numpy.zeros((1, 44100), 'float32'), 44100)\n"
        "except DrawstopError as error:\n"
        "    sys.exit(str(error))\n"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", program, str(target)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.strip() == f"can't write {target}: File too large"
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_file_leaves_no_half_file_when_the_process_is_terminated_by_interrupt(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from drawstop.files import atomic_file\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "with atomic_file(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    signal.pause()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x.ts")], capture_output=True, check=False
    )
    assert result.returncode in (-signal.SIGINT, 128 + signal.SIGINT, 1)
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from drawstop.files import atomic_file, atomic_folder\n"
        "with atomic_file(Path(sys.argv[1]) / 'organ.ts'), atomic_folder(Path(sys.argv[1]) / 'bank'):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    mine = {"organ.ts", ".organ.2.ts", ".bank.notes", "bank.tar"}
    for name in mine:
        (tmp_path / name).write_text("mine")
    for name in ("organ.ts", "bank"):
        remove_unfinished(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == mine


def test_atomic_folder_replaces_ours_and_refuses_anybody_elses(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    for text in ("first", "second"):
        with atomic_folder(bank, marker="stops.json") as temporary:
            (temporary / "stops.json").write_text(text)
    assert (bank / "stops.json").read_text() == "second"
    assert os.listdir(tmp_path) == ["bank"]
    theirs = tmp_path / "own"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("years")
    with (
        pytest.raises(DrawstopError, match="aren't ours to replace"),
        atomic_folder(theirs, marker="stops.json"),
    ):
        pass
    assert (theirs / "thesis.txt").read_text() == "years"


def test_atomic_folder_leaves_nothing_on_failure(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_folder(tmp_path / "bank") as temporary:
            (temporary / "cfg.json").write_text("{")
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_sha256_is_that_of_the_bytes_and_a_missing_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"organ" * 500_000)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"organ" * 500_000).hexdigest()
    with pytest.raises(DrawstopError, match="no such file"):
        sha256_file(tmp_path / "b")


def test_equal_values_are_equal_json_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [0.5, None, "−"]})
    write_json(tmp_path / "b.json", {"a": [0.5, None, "−"], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": [0.5, None, "−"], "b": 1}
