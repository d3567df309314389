"""An instrument's block as programs: the sound of TorchScript, in every case; and as a file of machine code."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from export.instrument.bake import bake
from realtime.backends.aotinductor import CompiledPlayer, load_package, package_path, write_package
from realtime.backends.block_programs import Case, record_programs
from tests.helpers.models.small_separator import separated_bank
from tests.helpers.programs.command_line import Run, refused
from training.banks.separated_bank import SeparatedBank, save_separated_bank
from training.models.rave.model import RaveModel
from training.separation.grains import library_of
from training.shipped import SHIPPED_RAVE

pytestmark = [pytest.mark.models, pytest.mark.slow]

BLOCK, STEP = 256, 512
"""Two frames, so that the separator takes a step in every second block; and as many samples as a step."""
KNOBS = ((0.0, 0.0), (-1.0, -0.5), (0.0, 0.0), (-0.25, 1.0), (0.0, -1.0), (0.0, 0.5))
"""What both stops jump to: at rest, taken away, brought in by grains, and back."""
EACH = 8
"""Blocks for which they stay."""
ROUNDING_DB = 100.0


def baked(folder: Path, with_grains: bool) -> Path:
    model = RaveModel(SHIPPED_RAVE)
    bank: SeparatedBank = separated_bank("guitar", "voice", fingerprint=model.fingerprint)
    if with_grains:
        tone = torch.sin(2 * math.pi * 220 / 44100 * torch.arange(44100))
        stop = dataclasses.replace(bank.stops[1], grains=library_of([tone], 44100))
        bank = dataclasses.replace(bank, stops=(bank.stops[0], stop))
    save_separated_bank(folder / "bank", bank)
    return bake(SHIPPED_RAVE, [folder / "bank"], folder / "organ.ts").path


def loaded(file: Path) -> torch.jit.ScriptModule:
    instrument: torch.jit.ScriptModule = torch.jit.load(str(file)).eval()
    return instrument


def played(play: Callable[[Tensor], Tensor], block: int) -> Tensor:
    """What a player makes of noise, its knobs jumping."""
    random = torch.Generator().manual_seed(5)
    blocks = []
    with torch.inference_mode(), torch.jit.optimized_execution(False):
        for number in range(len(KNOBS) * EACH):
            knobs = torch.tensor(KNOBS[number // EACH]).reshape(1, 2, 1).expand(-1, -1, block)
            sound = 0.1 * torch.randn(1, 1, block, generator=random)
            blocks.append(play(torch.cat([sound, knobs], 1)).clone())
    return torch.cat(blocks, -1)


def snr_db(expected: Tensor, seen: Tensor) -> float:
    return 10 * math.log10(
        float(expected.square().sum()) / max(float((seen - expected).square().sum()), 1e-30)
    )


def test_the_programs_of_a_block_play_what_torchscript_plays_and_again_after_a_reset(tmp_path: Path) -> None:
    file = baked(tmp_path, with_grains=True)
    instrument = loaded(file)
    with pytest.raises(DrawstopError, match="multiple of the instrument's ratio, 128; got 700"):
        record_programs(instrument, 700)
    programs = record_programs(instrument, BLOCK)
    assert set(programs) == {Case(phase, brings_in) for phase in (0, 1) for brings_in in (False, True)}
    modules = {case: graph.module for case, graph in programs.items()}
    places = {case: list(graph.places) for case, graph in programs.items()}
    player = CompiledPlayer(instrument, modules, places, BLOCK)
    first, expected = played(player.play, BLOCK), played(loaded(file).play, BLOCK)
    assert snr_db(expected, first) > ROUNDING_DB
    instrument.set_reset(1)
    assert torch.equal(played(player.play, BLOCK), first)


def test_a_compiled_file_plays_what_torchscript_plays_and_another_instruments_is_refused(
    tmp_path: Path, needs_program: Callable[[str], None], run: Run
) -> None:
    needs_program("g++")
    file = baked(tmp_path, with_grains=False)
    out = package_path(file, STEP)
    missing = run("play", file, "--backend", "aotinductor", "--block", STEP)
    refused(missing, f"drawstop compile {file} --block {STEP}")
    refused(run("play", file, "--backend", "aotinductor"), "give --block too")
    reported: list[int] = []
    about = write_package(file, STEP, out, lambda what, done, total: reported.append(done))
    assert about["turns"] == 1 and reported == [0, 1]
    instrument = loaded(file)
    player = load_package(out, file, instrument, STEP)
    assert snr_db(played(loaded(file).play, STEP), played(player.play, STEP)) > ROUNDING_DB
    with pytest.raises(ValueError, match=rf"expected \[1, 3, {STEP}\]"):
        player.play(torch.zeros(1, 3, BLOCK))
    with pytest.raises(DrawstopError, match=f"made for another block \\({STEP}, here {BLOCK}\\)"):
        load_package(out, file, instrument, BLOCK)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DrawstopError, match="made for another instrument"):
        load_package(out, file, instrument, STEP)
    out.write_bytes(out.read_bytes()[:1000])
    with pytest.raises(DrawstopError, match="damaged"):
        load_package(out, file, instrument, STEP)
