import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from drawstop import cli
from drawstop.files import atomic_file
from drawstop.front.table import COMMANDS, START_AGAIN, Command
from tests.helpers.programs.whole_command import drawstop
from tests.helpers.repository import REPOSITORY


def install(monkeypatch: pytest.MonkeyPatch, function: Callable[..., None]) -> None:
    """Make `function` the command `drawstop trial`."""
    module = ModuleType("trials.commands.trial")
    module.trial = function  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, "trial", Command("Play", "trials", "A trial."))


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return ended.value.code, capsys.readouterr().err


def test_help_imports_neither_torch_nor_any_other_heavy_library() -> None:
    program = (
        "import sys, contextlib\n"
        "from drawstop.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "heavy = {'torch', 'numpy', 'typer', 'rich', 'matplotlib', 'rave', 'audiocraft', 'sae_lens'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""
    assert all(name in result.stdout for name in COMMANDS)


def test_no_argument_shows_the_help() -> None:
    assert drawstop().stdout == drawstop("--help").stdout == cli.overview()


def test_the_version_is_the_projects() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "(.+)"', text, re.MULTILINE)
    assert version is not None
    assert drawstop("--version").stdout == f"drawstop {version[1]}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example(name: str) -> None:
    result = drawstop(name, "--help")
    assert result.returncode == 0, result.stderr
    assert f"drawstop {name} " in result.stdout.split("Example", 1)[1]


def test_a_command_like_no_other_is_one_line_that_lists_the_known_ones() -> None:
    result = drawstop("xylophone")
    assert result.returncode == 2
    assert result.stderr.startswith("drawstop: no such command: 'xylophone'; expected one of demo, ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--no-such-option",), ("render",), ("render", "a", "b", "-o")])
def test_a_usage_error_exits_with_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    result = drawstop(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
def test_a_missing_instrument_is_one_line_from_the_real_command(tmp_path: Path) -> None:
    result = drawstop("render", str(tmp_path / "no.ts"), "in.wav", "-o", str(tmp_path / "out.wav"))
    assert result.returncode == 2
    assert result.stderr.startswith("drawstop: ")
    assert result.stderr.count("\n") == 1


def test_an_expected_failure_is_one_line_even_if_its_message_has_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def trial() -> None:
        raise cli.DrawstopError("expected sound,\n  got silence; play louder")

    install(monkeypatch, trial)
    assert outcome(capsys, "trial") == (2, "drawstop: expected sound, got silence; play louder\n")


def test_an_operating_systems_error_is_one_line_with_its_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def trial() -> None:
        (tmp_path / "missing").read_text()

    install(monkeypatch, trial)
    expected = f"drawstop: {tmp_path / 'missing'}: No such file or directory\n"
    assert outcome(capsys, "trial") == (2, expected)


def test_an_interrupt_exits_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def trial() -> None:
        raise KeyboardInterrupt

    install(monkeypatch, trial)
    assert outcome(capsys, "trial") == (130, f"drawstop: interrupted; {START_AGAIN}\n")


def test_being_ended_from_outside_tidies_up_as_an_interrupt_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def trial() -> None:
        with atomic_file(tmp_path / "x.ts") as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()

    install(monkeypatch, trial)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert outcome(capsys, "trial") == (130, f"drawstop: interrupted; {START_AGAIN}\n")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "extra"),
    [("rave.blocks", "rave"), ("audiocraft", "musicgen"), ("sae_lens", "saelens"), ("accelerate", "scale")],
)
def test_a_command_without_its_extra_says_which_one_to_add(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, extra: str
) -> None:
    def trial() -> None:
        __import__(module)

    install(monkeypatch, trial)
    monkeypatch.setitem(sys.modules, module.split(".")[0], None)
    code, message = outcome(capsys, "trial")
    assert code == 2
    assert message.endswith(f"add the extra that brings it: uv sync --extra {extra}\n")


def test_an_import_that_is_broken_by_us_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def trial() -> None:
        __import__("a_module_that_nobody_has")

    install(monkeypatch, trial)
    with pytest.raises(ModuleNotFoundError, match="a_module_that_nobody_has"):
        cli.main(["trial"])


def test_a_listed_command_whose_module_is_absent_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "later", Command("Play", "drawstop", "Not yet."))
    code, message = outcome(capsys, "later")
    assert code == 2
    assert "later isn't part of this installation" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", ""),
        ("train", "", "", "--out", ""),
        ("plan", "x", " "),
        ("make", "--stop", "", "", "", "--out", "x"),
        ("play", "--out=", "x"),
        ("render", "a.ts", "", "-o", "out.wav"),
        ("musicgen", "x", "--bank", "", "--prompt", "", "-o", "z"),
    ],
)
def test_an_empty_argument_is_refused_wherever_it_stands(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = outcome(capsys, *arguments)
    assert code == 2
    assert "is empty: expected a name, a path or a number" in said


def test_an_empty_prompt_is_music_without_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = outcome(capsys, "musicgen", "nowhere", "--bank", "b", "--prompt", "", "-o", "z")
    assert code == 2
    assert "no MusicGen at nowhere" in said


def test_an_interrupted_command_says_how_to_go_on() -> None:
    live = {"play", "learn", "monitor", "devices", "musicgen"}
    silent = {name for name, each in COMMANDS.items() if not each.interrupted}
    assert silent == live
