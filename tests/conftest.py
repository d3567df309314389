import gc
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: small models lose time to a team of threads

import pytest
from hypothesis import settings

from tests.helpers.models.random_banks import write_random_bank
from tests.helpers.models.rave_instruments import RaveInstrument, write_rave_instrument
from tests.helpers.models.rave_table import export_table
from tests.helpers.programs.command_line import Run
from tests.helpers.programs.programs import need_program
from tests.helpers.repository import DEMO
from tests.helpers.shared import made_once

if TYPE_CHECKING:
    from bench.live.jack import JackServer
    from export.instrument.bake import Baked
    from training.models.musicgen.model import MusicGenModel

# Started in the background by a script, we and whatever we start would be deaf to the Ctrl-C that tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no reason to fail; in CI the same examples come every time.
settings.register_profile("drawstop", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("drawstop")

# Scans for garbage took a twelfth of the tests' time: they are rarer, and pass over what was there before the first test.
gc.set_threshold(50_000)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


FIXTURES_OF_MARKS = {
    "models": {"rave_table", "variational_rave", "baked_variational", "tiny_musicgen", "musicgen"},
    "live": {"jack", "opened", "playing_ends"},
    "slow": {"sae_lens", "saelens"},  # importing it takes seconds
}
"""Whoever uses one of these fixtures is marked so."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marks: dict[Path, set[str]] = {}
    for item in items:
        for mark, fixtures in FIXTURES_OF_MARKS.items():
            if fixtures.intersection(getattr(item, "fixturenames", ())):
                item.add_marker(mark)
        marks.setdefault(item.path, set()).update(mark.name for mark in item.iter_markers())
    order = {path: index for index, path in enumerate(in_order(marks))}
    items.sort(key=lambda item: order[item.path])


def in_order(marks: Mapping[Path, set[str]]) -> list[Path]:
    """Test files in the order in which workers take them: those that play live, which mostly wait, and those that compute
    for long take turns; the short ones come last, so that no worker waits for another at the end."""
    live = [path for path, own in marks.items() if "live" in own]
    long = [path for path, own in marks.items() if path not in live and own & {"models", "slow"}]
    turns = [path for pair in itertools.zip_longest(live, long) for path in pair if path is not None]
    return turns + [path for path in marks if path not in turns]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls `drawstop` in this process; gives the exit code, what it printed, and its errors."""

    import drawstop.cli

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            drawstop.cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = caught.value.code
        return (code if isinstance(code, int) else 0), captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def needs_program() -> Callable[[str], None]:
    """Skip a test whose system program is missing; in CI, which installs them all, fail it."""
    return need_program


@pytest.fixture(scope="session")
def example_rave() -> Path:
    """The example RAVE."""
    return DEMO / "rave.ts"


@pytest.fixture(scope="session")
def rave_table(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The exported file of every kind of RAVE, small and random, by its row's name."""
    return made_once(tmp_path_factory, "raves", export_table)


@pytest.fixture(scope="session")
def variational_rave(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table's tiny variational RAVE, causal and streaming, alone: the whole table takes longer."""
    name = "v2_causal_tiny"
    return made_once(tmp_path_factory, "variational", lambda folder: export_table(folder, [name])[name])


@pytest.fixture(scope="session")
def rave_instrument(
    rave_table: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], RaveInstrument]:
    """Gives the instrument of a row of the table, which is written when it is first asked for."""

    def of(row: str) -> RaveInstrument:
        return made_once(
            tmp_path_factory,
            f"instrument-{row}",
            lambda folder: write_rave_instrument(rave_table[row], folder),
        )

    return of


@pytest.fixture(scope="session")
def random_bank(example_rave: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of the shipped RAVE with two random stops, guitar and voice."""
    return made_once(
        tmp_path_factory, "banks", lambda folder: write_random_bank(example_rave, folder / "bank")
    )


@pytest.fixture(scope="session")
def baked(example_rave: Path, random_bank: Path, tmp_path_factory: pytest.TempPathFactory) -> "Baked":
    """The shipped RAVE with the random bank inside, baked and verified once for all tests."""
    return made_once(
        tmp_path_factory, "baked", lambda folder: _bake(example_rave, random_bank, folder / "organ.ts")
    )


@pytest.fixture(scope="session")
def baked_variational(variational_rave: Path, tmp_path_factory: pytest.TempPathFactory) -> "Baked":
    def make(folder: Path) -> "Baked":
        bank = write_random_bank(variational_rave, folder / "bank")
        return _bake(variational_rave, bank, folder / "organ.ts")

    return made_once(tmp_path_factory, "variational-baked", make)


def _bake(model: Path, bank: Path, out: Path) -> "Baked":
    import torch

    from export.instrument.bake import bake

    torch.set_num_threads(1)
    return bake(model, [bank], out)


@pytest.fixture(scope="session")
def example_instrument(example_rave: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's real instrument, as a bake writes it but without the minutes of its checks."""
    import torch

    from drawstop.instrument_description import EXTRA_FILE
    from export.instrument.bake import describe, script
    from training.banks.bank import load_bank
    from training.models.rave.model import RaveModel

    def make(folder: Path) -> Path:
        model = RaveModel(example_rave)
        banks = [load_bank(example_rave.parent / "bank", model.fingerprint)]
        path = folder / "demo.ts"
        description = describe(model, banks, path.stem, "").to_json()
        torch.jit.save(script(model, banks), str(path), _extra_files={EXTRA_FILE: description})
        return path

    return made_once(tmp_path_factory, "demo-instrument", make)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real instrument's file; see small_instrument.py."""
    from tests.helpers.models.small_instrument import save_small_instrument

    return made_once(tmp_path_factory, "small", lambda folder: save_small_instrument(folder / "small.ts"))


@pytest.fixture(scope="session")
def tiny_musicgen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random MusicGen; see tiny_musicgen.py."""
    from tests.helpers.models.tiny_musicgen import save_tiny_musicgen

    return made_once(tmp_path_factory, "musicgen", lambda folder: save_tiny_musicgen(folder / "model"))


@pytest.fixture(scope="session")
def musicgen(tiny_musicgen: Path) -> "MusicGenModel":
    """The same, loaded once for all tests: none of them changes it."""
    from training.models.musicgen.model import MusicGenModel

    return MusicGenModel(tiny_musicgen, "cpu")


@pytest.fixture
def jack_options() -> dict[str, Any]:
    """`JackServer`'s arguments for `jack`; a test module that needs others has a fixture of this name."""
    return {}


@pytest.fixture
def jack(needs_program: Callable[[str], None], jack_options: dict[str, Any]) -> Iterator["JackServer"]:
    """A running JACK server."""
    from bench.live.jack import JackServer

    for name in ("jackd", "jack_lsp"):
        needs_program(name)
    with JackServer(**jack_options) as server:
        yield server


@pytest.fixture
def playing_ends() -> Iterator[None]:
    """Whatever a failed test left playing ends with it."""
    from tests.helpers.programs.live_player import Playing

    yield
    for playing in Playing.started:
        playing.close()
    Playing.started.clear()
