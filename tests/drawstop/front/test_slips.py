"""Slips on the command line, as they are typed, and the one line that answers each."""

from pathlib import Path

import pytest

from drawstop import cli
from drawstop.front.calling import UNDER_UV
from drawstop.front.table import COMMANDS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an instrument's, a recording's and a bank's name in it, not started by uv."""
    for name in ("organ.ts", "in.wav"):
        (tmp_path / name).touch()
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "stops.json").write_text("{}")
    (tmp_path / "recordings").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(UNDER_UV, raising=False)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], line: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.strip()


SLIPS = {
    "rendr organ.ts in.wav": "did you mean render?",
    "paly organ.ts": "did you mean play?",
    "Play organ.ts": "did you mean play?",
    "finetune x": "did you mean fine-tune?",
    "drawstop play organ.ts": "try: drawstop play organ.ts",
    "organ.ts": "to play it: drawstop play organ.ts",
    "render organ.ts in.wav -o o.wav --set guitar 1": "--set guitar=1",
    "render organ.ts in.wav -o o.wav --set guitar: -1": "--set guitar=-1",
    "render organ.ts in.wav -o o.wav --set=guitar .5": "--set guitar=.5",
    "play organ.ts --set guitar -1": "--set guitar=-1",
    "render organ.ts in.wav -o o.wav --set guitar:1": "did you mean --set guitar=1?",
    "render organ.ts in.wav -o o.wav --set guitar=-1,voice=1": "did you mean --set guitar=-1 --set voice=1?",
    "render organ.ts in.wav -o o.wav guitar=-1": "did you mean --set guitar=-1?",
    "play organ.ts voice=.5": "did you mean --set voice=.5?",
    "render organ.ts in.wav -o o.wav --sett guitar=-1": "did you mean '--set'?",
    "musicgen --promt folk": "did you mean '--prompt'?",
    "find bank guitar --wihout recordings": "did you mean '--without'?",
    "render organ.ts in.wav": "Missing option '-o' / '--out'; see drawstop render --help",
    "render in.wav organ.ts -o o.wav": "the instrument comes first: drawstop render organ.ts in.wav",
    "bake bank organ.ts -o o.ts": "the model comes first: drawstop bake organ.ts bank",
    "find guitar bank --with recordings --without recordings": "the bank comes first: drawstop find bank guitar",
    "classify in.wav bank --model organ.ts": "the bank comes first: drawstop classify bank in.wav",
    "train recordings organ.ts --out b": "the model comes first: drawstop train organ.ts recordings",
    "activations recordings organ.ts --out b": "the model comes first: drawstop activations organ.ts recordings",
    "plan recordings organ.ts": "the model comes first: drawstop plan organ.ts recordings",
    "learn guitar organ.toml": "the mapping comes first: drawstop learn organ.toml guitar",
    "make --stop bass recordings --out x": "--stop takes 3 values, got 2",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_answered_with_the_right_form(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert SLIPS[line] in answer(capsys, line)


@pytest.mark.usefixtures("folder")
def test_a_hint_reads_as_the_program_was_called(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "first: drawstop render organ.ts" in answer(capsys, "render in.wav organ.ts -o o.wav")
    monkeypatch.setenv(UNDER_UV, "1")
    assert "first: uv run drawstop render organ.ts" in answer(capsys, "render in.wav organ.ts -o o.wav")


@pytest.mark.parametrize("line", ["help render", "render -h", "render --help"])
def test_help_is_the_same_in_every_form(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 0
    assert "Example: drawstop render organ.ts" in capsys.readouterr().out


def test_every_command_stands_under_one_of_four_headings() -> None:
    text = cli.overview()
    places = [text.index(f"\n{heading}:\n") for heading in ("Play", "Make", "Measure", "Large", "Options")]
    assert places == sorted(places)
    for name, command in COMMANDS.items():
        line = text.index(f"\n  {name} ")
        assert text.index(f"\n{command.group}:\n") < line < places[-1]
