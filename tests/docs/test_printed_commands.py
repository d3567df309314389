"""Every command line that README and the pages print: parsed by the real command line; what takes seconds is run."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from tests.helpers.programs.command_line import Run
from tests.helpers.programs.printed_commands import Printed, mistake, printed
from tests.helpers.repository import DEMO as DEMO_DATA
from tests.helpers.repository import RECORDINGS, REPOSITORY

LINES = printed()
BLOCKS = [each for each in LINES if each.in_block]
OURS = [each for each in LINES if each.words[0] == "drawstop"]
PROGRAMS = {
    "drawstop": "parsed here",
    "just": "its recipe and arguments are checked here",
    "python": "its module is looked for here",
    "uv": "its extras are checked here",
    "cp": "run here",
    "pytest": "is running now",
    "torchrun": "of torch; tests/training/sae/test_distributed.py trains on several processes",
    "hf": "downloads; there is no hub here",
    "oscdump": "of liblo; tests/realtime/controllers/osc sends with it, at free ports",
    "oscsend": "of liblo; tests/realtime/controllers/osc sends with it, at free ports",
    "curl": "tests/end_to_end/test_play_oscquery.py asks the same addresses, at a free port",
}
"""Programs that a page's shell blocks call, and what becomes of their lines."""


def test_a_shell_block_calls_no_program_that_nothing_checks() -> None:
    assert [each for each in BLOCKS if each.words[0] not in PROGRAMS] == []
    assert len(BLOCKS) >= 40


@pytest.mark.slow
def test_every_printed_line_is_parsed_by_its_command() -> None:
    mistakes = [
        (each.page, each.line, said)
        for each in OURS
        if (said := mistake(each.words[1:], whole=each.in_block)) is not None
    ]
    assert mistakes == []
    assert len(OURS) >= 100


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rendr organ.ts in.wav", "no command"),
        ("render organ.ts in.wav -o out.wav --sets guitar=1", "--sets"),
        ("render organ.ts in.wav -o out.wav --block x", "valid integer"),
        ("find bank/ guitar extra-word --with a --without b", "extra-word"),
        ("make --stop bass only-one --out my-bass", "--stop"),
        ("patches", "Missing"),
        ("render organ.ts in.wav -o", "-o"),
    ],
)
def test_a_line_with_a_mistake_is_found(line: str, says: str) -> None:
    said = mistake(line.split())
    assert said is not None
    assert says in said


def test_every_recipe_that_is_named_exists_and_takes_its_arguments() -> None:
    lines = {tuple(each.words[1:]) for each in LINES if each.words[0] == "just"}
    just = Path(sys.executable).parent / "just"
    for words in lines:
        done = subprocess.run([just, "--dry-run", *words], cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stderr)
    assert len(lines) >= 12


def test_every_module_that_is_named_to_be_run_exists() -> None:
    modules = {each.words[2] for each in LINES if each.words[:2] == ["python", "-m"]}
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert len(modules) >= 6


def test_every_extra_that_is_named_exists() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    words = [each.words for each in LINES if each.words[:2] == ["uv", "sync"] and len(each.words) > 2]
    assert [each for each in words if each[2] != "--extra"] == []
    assert {each[3] for each in words} <= set(project["optional-dependencies"])
    assert words


RUN: dict[str, tuple[str, ...]] = {
    "uv run drawstop render drawstop-demo/instrument.ts in.wav -o out.wav --set guitar=-1": ("out.wav",),
    "uv run drawstop render organ.ts in.wav -o out.wav --midi knobs.mid --mapping organ.toml": ("out.wav",),
    "drawstop render organ.ts drums.wav -o out.wav --set guitar=0.8 --set voice=-0.3": ("out.wav",),
    "uv run drawstop patches drawstop-demo/instrument.ts -o my-patches": (
        "my-patches/instrument.pd",
        "my-patches/instrument.maxpat",
        "my-patches/instrument.scd",
    ),
    "uv run drawstop patches organ.ts -o organ-patches": (
        "organ-patches/organ.pd",
        "organ-patches/organ.scd",
    ),
    "uv run drawstop patches organ.ts -o organ --package": (
        "organ/patchers/organ.maxpat",
        "organ/devices/organ.amxd",
    ),
    "cp organ.ts organ-patches/": ("organ-patches/organ.ts",),
    "drawstop inspect organ.ts": (),
    "drawstop inspect my_rave.ts": (),
    "drawstop inspect recordings/": (),
    "drawstop import my-sae/ my_rave.ts recordings/ --out bank/": (
        "bank/sae_weights.safetensors",
        "bank/stops.json",
    ),
}
"""Lines that are run here as they are printed, in this order, and the files that are there then."""

NOT_RUN = {
    "demo": "two minutes; tests/export/demo runs it with --no-measure",
    "play": "plays until it is ended, under JACK; tests/end_to_end does with these options",
    "render": "its session is one that somebody played; tests/end_to_end/test_play.py records and renders one",
    "devices": "asks the machine's own sound system; tests/end_to_end/test_play.py does, under JACK",
    "monitor": "waits for a controller that somebody moves; tests/end_to_end has simulated ones",
    "learn": "waits for a controller that somebody moves; tests/end_to_end has simulated ones",
    "plugin": "half a minute; tests/export/plugin makes one",
    "make": "a minute and more; tests/export/make runs it on less",
    "find": "fits for minutes; tests/training/find does on less",
    "train": "of a MusicGen of the hub, which isn't here; tests/training/find/musicgen does with a tiny one",
    "layers": "of a MusicGen of the hub, which isn't here; tests/training/find/musicgen does with a tiny one",
    "musicgen": "20 s of a core, or a model of the hub; tests/export/commands/test_musicgen.py runs it with a tiny one",
    "plan": "refuses where the disk is too small for it; tests/training/banks/train/test_forecast.py runs it on less",
    "report": "minutes; tests/training/evaluation runs its experiments on less",
    "evaluate": "minutes; tests/training/evaluation runs its experiments on less",
}
"""Commands of which some line isn't run here, and why."""


def test_the_tests_that_run_a_command_instead_exist() -> None:
    named = [name for reason in NOT_RUN.values() for name in re.findall(r"tests/[\w/.]*\w", reason)]
    assert named
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_each_line_of_ours_is_run_or_its_command_has_a_reason_and_both_lists_are_current() -> None:
    lines = [each for each in BLOCKS if each.words[0] in ("drawstop", "cp") and each.line not in RUN]
    assert {each.words[1] for each in lines} == NOT_RUN.keys()
    assert RUN.keys() <= {each.line for each in LINES}


@pytest.fixture(scope="module")
def folder(
    example_instrument: Path, example_rave: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder with what the lines name, small and real, which the process is in meanwhile."""
    folder = tmp_path_factory.mktemp("as-printed")
    (folder / "drawstop-demo").mkdir()
    for name in ("organ.ts", "drawstop-demo/instrument.ts"):
        shutil.copy(example_instrument, folder / name)
    shutil.copy(example_rave, folder / "my_rave.ts")
    (folder / "my-sae").mkdir()
    for name in ("cfg.json", "sae_weights.safetensors"):  # what SAELens writes, without what makes it a bank
        shutil.copy(DEMO_DATA / "bank" / name, folder / "my-sae")
    (folder / "recordings").mkdir()
    for path in sorted((RECORDINGS / "train" / "voice").glob("*.flac"))[:4]:
        shutil.copy(path, folder / "recordings")
    for name in ("in.wav", "drums.wav"):
        soundfile.write(folder / name, 0.1 * np.random.default_rng(0).standard_normal(22050), 44100)
    (folder / "organ.toml").write_text('[[knob]]\nsource = "cc 20"\nstop = "guitar"\n')
    knobs = mido.MidiFile()
    knobs.tracks.append(mido.MidiTrack([mido.Message("control_change", control=20, value=0, time=10)]))
    knobs.save(folder / "knobs.mid")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.mark.slow
@pytest.mark.parametrize("line", RUN)
def test_the_line_does_as_printed_what_it_says(line: str, folder: Path, run: Run) -> None:
    words = Printed("", line, True).words
    if words[0] == "cp":
        subprocess.run(words, check=True)
    else:
        code, _, err = run(*words[1:])
        assert code == 0, err
    assert [name for name in RUN[line] if not (folder / name).exists()] == []
