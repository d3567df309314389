"""Completion, as the three shells ask for it; in a real bash too."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def asked(shell: str, line: str) -> str:
    """What a shell gets when Tab is pressed at the end of a line."""
    words = line.split(" ")
    variables = {
        "_DRAWSTOP_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    command = [sys.executable, "-m", "drawstop"]
    result = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
    return result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_and_their_options_are_completed(shell: str) -> None:
    commands = asked(shell, "drawstop re")
    assert "render" in commands and "report" in commands and "play" not in commands
    options = asked(shell, "drawstop render --se")
    assert "--set" in options and "--session" in options and "--midi" not in options


def test_a_real_bash_completes_by_the_script_that_is_shown(
    tmp_path: Path, needs_program: Callable[[str], None]
) -> None:
    needs_program("bash")
    script = tmp_path / "completion.sh"
    shown = subprocess.run(
        [sys.executable, "-m", "drawstop"],
        env=os.environ | {"_DRAWSTOP_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    script.write_text(shown.stdout)
    own = tmp_path / "drawstop"
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m drawstop "$@"\n')
    own.chmod(0o755)
    typed = (
        f'source "{script}"; COMP_WORDS=(drawstop mo); COMP_CWORD=1; _drawstop_completion drawstop; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", typed], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["monitor"]
