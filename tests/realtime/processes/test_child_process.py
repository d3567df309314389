"""Priorities where a system has none, or grants none: simulated, as macOS and Windows lack the calls."""

import os
import subprocess
import sys

import pytest

from realtime.processes.child_process import take_real_time_priority
from realtime.processes.level_process import lower_priority
from tests.helpers.repository import REPOSITORY


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
