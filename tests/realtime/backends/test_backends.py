"""Other runtimes against TorchScript: the same sound, block after block, for every kind of RAVE and place of a stop."""

import math
import multiprocessing
import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from realtime.backends.openvino import OpenVinoSegment
from realtime.backends.packed import PackedSegment
from realtime.backends.player import BackendPlayer
from realtime.backends.record import record
from realtime.backends.segment import Compiler
from tests.helpers.models.rave_instruments import RaveInstrument
from tests.helpers.models.rave_table import ROWS
from tests.helpers.programs.openvino_signals import models_come_and_go_and_a_signal_comes

FEW = ("v1", "v2_causal_stereo", "v2_causal_tiny", "v2_noise_causal", "v3")
"""Rows that differ most; with DRAWSTOP_WHOLE_TABLE set, all that can be steered are played."""
FEWEST = ("v1", "v2_causal_tiny")
"""For OpenVINO, which compiles for long: batch norms and none."""
STEERABLE = tuple(row.name for row in ROWS if row.expected == "steerable")
WHOLE_TABLE = bool(os.environ.get("DRAWSTOP_WHOLE_TABLE"))
PACKED_KINDS, OPENVINO_KINDS = (STEERABLE, STEERABLE) if WHOLE_TABLE else (FEW, FEWEST)
ROUNDING_DB = 90.0  # float32, summed in another order through forty layers
BLOCKS = 8


Instruments = Callable[[str], RaveInstrument]


def loaded(made: RaveInstrument, noise: int = 0) -> torch.jit.ScriptModule:
    instrument = made.loaded()
    instrument.set_noise(noise)
    return instrument


def block(instrument: torch.jit.ScriptModule, index: int) -> Tensor:
    """Sound, and knobs that rest for two blocks and then move; two latent frames of it."""
    random = torch.Generator().manual_seed(index)
    length = 2 * instrument.ratio
    sound = 0.1 * torch.randn(1, instrument.channels, length, generator=random)
    knobs = 2 * torch.rand(1, instrument.n_stops, 1, generator=random) - 1
    return torch.cat([sound, (knobs if index >= 2 else 0 * knobs).expand(-1, -1, length)], 1)


@torch.inference_mode()
def snr_db(instrument: torch.jit.ScriptModule, player: BackendPlayer) -> float:
    signal, error = 0.0, 0.0
    with torch.jit.optimized_execution(False):
        for index in range(BLOCKS):
            x = block(instrument, index)
            torch.manual_seed(index)
            expected = instrument.play(x)
            torch.manual_seed(index)
            played = player.play(x)
            signal += float(expected.square().sum())
            error += float((played - expected).square().sum())
    return 10 * math.log10(signal / max(error, 1e-30))


def player_of(
    made: RaveInstrument, compiler: Compiler, noise: int = 0, with_edits: bool = True
) -> BackendPlayer:
    instrument = loaded(made, noise)
    return BackendPlayer(instrument, compiler, 2 * instrument.ratio, with_edits)


@pytest.mark.parametrize(
    ("compiler", "kind"),
    [(PackedSegment, kind) for kind in PACKED_KINDS] + [(OpenVinoSegment, kind) for kind in OPENVINO_KINDS],
)
def test_a_backend_plays_what_torchscript_plays(
    compiler: Compiler, kind: str, rave_instrument: Instruments
) -> None:
    if compiler is OpenVinoSegment:
        pytest.importorskip("openvino")
    made = rave_instrument(kind)
    assert snr_db(loaded(made), player_of(made, compiler)) > ROUNDING_DB


@pytest.mark.parametrize("kind", ["v2_noise_causal", "v2_causal_tiny"])
def test_the_same_random_numbers_give_the_same_sound(kind: str, rave_instrument: Instruments) -> None:
    made = rave_instrument(kind)
    assert snr_db(loaded(made, noise=1), player_of(made, PackedSegment, noise=1)) > ROUNDING_DB


def test_edits_may_stay_torchscript(rave_instrument: Instruments) -> None:
    made = rave_instrument("v2_causal_tiny")
    assert snr_db(loaded(made), player_of(made, PackedSegment, with_edits=False)) > ROUNDING_DB


def test_a_reset_is_as_a_fresh_load_also_when_the_instrument_is_asked(rave_instrument: Instruments) -> None:
    instrument = loaded(rave_instrument("v2_causal_tiny"))
    player = BackendPlayer(instrument, PackedSegment, 2 * instrument.ratio)
    blocks = [block(instrument, index) for index in range(BLOCKS)]
    first = [player.play(x).clone() for x in blocks]
    assert not torch.equal(player.play(blocks[0]), first[0])
    player.reset()
    second = [player.play(x).clone() for x in blocks]
    instrument.set_reset(1)
    third = [player.play(x).clone() for x in blocks]
    for one, two, three in zip(first, second, third, strict=True):
        assert torch.equal(one, two) and torch.equal(one, three)


def test_blocks_of_another_length_are_refused(rave_instrument: Instruments) -> None:
    instrument = loaded(rave_instrument("v2_causal_tiny"))
    with pytest.raises(ValueError, match="multiple of 512"):
        BackendPlayer(instrument, PackedSegment, 700)
    player = BackendPlayer(instrument, PackedSegment, 512)
    with pytest.raises(ValueError, match=r"expected \[1, 7, 512\], got \[1, 7, 1024\]"):
        player.play(torch.zeros(1, 7, 1024))


@pytest.mark.slow
def test_what_hangs_on_chance_or_data_is_not_recorded() -> None:
    with pytest.raises(ValueError, match="deterministic"):
        record(lambda x: x + torch.randn(3), (torch.ones(3),), [])
    with pytest.raises(ValueError, match="branch"):
        record(lambda x: x if bool((x > 0).all()) else -x, (torch.ones(3),), [])


@pytest.mark.slow
def test_a_recorded_graph_takes_its_cache_in_and_gives_the_new_one_out() -> None:
    cache = torch.zeros(4, 1, 2)

    def call(x: Tensor) -> Tensor:
        joined = torch.cat([cache[:1], x], -1)
        cache[:1].copy_(joined[..., -2:])
        return nn.functional.avg_pool1d(joined, 3, 1)

    graph = record(call, (torch.ones(1, 1, 4),), [cache])
    assert not cache.any()
    x = torch.arange(4.0).reshape(1, 1, 4)
    y, new = graph.module(x, torch.tensor([[[8.0, 9.0]]]))
    assert y.flatten().tolist() == pytest.approx([17 / 3, 10 / 3, 1.0, 2.0])
    assert new.flatten().tolist() == [2.0, 3.0]


@pytest.mark.slow
def test_a_process_whose_openvino_models_came_and_went_still_answers_signals() -> None:
    process = multiprocessing.get_context("spawn").Process(target=models_come_and_go_and_a_signal_comes)
    process.start()
    process.join(250)
    assert process.exitcode == 0
