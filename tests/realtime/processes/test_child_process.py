"""Priorities where a system has none, or grants none: simulated, as macOS and Windows lack the calls."""

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from repository import REPOSITORY

from realtime.processes import child_process
from realtime.processes.child_process import take_real_time_priority
from realtime.processes.level_process import lower_priority


def test_a_system_without_scheduling_classes_grants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setscheduler", raising=False)
    assert not take_real_time_priority(20)


def test_a_system_that_refuses_real_time_is_played_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert not take_real_time_priority(20)


def test_levels_are_measured_at_the_same_priority_where_there_is_no_nice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "nice", raising=False)
    lower_priority()


def test_a_child_process_shows_nobody_torchs_advice_to_leave_torchscript() -> None:
    program = (
        "import warnings\n"
        "from realtime.processes.child_process import run_target\n"
        "run_target('drawstop.units:hours', 1.0)\n"
        "warnings.warn('`torch.jit.load` is deprecated.', FutureWarning)\n"
        "warnings.warn('another', FutureWarning)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stderr
    assert "another" in shown
    assert "torch.jit" not in shown


def facts_of(start: Callable[..., BaseProcess]) -> tuple[bool, bool, int]:
    """Start a child process; whether it had torch, whether it ignores Ctrl-C, and its parent."""
    here, there = child_process.CONTEXT.Pipe()
    process = start("process_facts:send_facts", there)
    there.close()
    facts: tuple[bool, bool, int] = here.recv()
    here.send(None)
    process.join()
    assert process.exitcode == 0
    return facts


@pytest.mark.skipif(child_process.FORKING is None, reason="this system forks no such process")
@pytest.mark.slow
def test_processes_that_need_torch_are_forked_from_one_that_has_imported_it_and_ignores_ctrl_c() -> None:
    first, second = (facts_of(child_process.start_torch_child) for _ in range(2))
    assert first == second
    has_torch, ignores, parent = first
    assert has_torch
    assert ignores
    assert parent != os.getpid()


def test_other_processes_are_fresh_and_so_is_one_that_needs_torch_where_none_can_be_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child_process, "FORKING", None)
    for start in (child_process.start_child, child_process.start_torch_child):
        has_torch, _, parent = facts_of(start)
        assert not has_torch
        assert parent == os.getpid()


def test_where_the_forking_process_ends_at_once_a_fresh_one_is_started(tmp_path: Path) -> None:
    (tmp_path / "ends_at_once.py").write_text("raise SystemExit('no torch here')")
    program = (
        "from realtime.processes import child_process\n"
        "child_process.FORKED_WITH = 'ends_at_once'\n"
        "process = child_process.start_torch_child('drawstop.units:hours', 1.0)\n"
        "process.join()\n"
        "print(process.exitcode, type(process).__name__)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout.split() == ["0", "SpawnProcess"]
    assert "no torch here" in ended.stderr
