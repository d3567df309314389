"""Every kind of RAVE that people share, with stops at its latent and on a layer of its encoder and of its decoder."""

import itertools
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from export.instrument.bake import bake
from export.instrument.module import InstrumentModule
from export.instrument.nn_tilde_host import NnTildeHost
from tests.helpers.models.rave_instruments import RaveInstrument
from tests.helpers.models.rave_table import ROWS, Row
from training.models.rave.model import RaveModel

BUFFERS = {1: (64, 128, 256, 512, 1024, 2048, 4096, 8192), 4: (64, 2048)}
"""Buffer sizes by the number of voices; four voices cost as much again."""
BLOCKS = 10  # past the delay of the slowest
LIKE_LOUD_DB = 1.5  # the RAVE's own noise varies by .4 dB from seed to seed
NOISY = ("v1", "v1_causal", "v2_noise_causal", "v2_small_causal")
ROUNDING = 1e-5
SEED = 5

FEW = ("v1", "v2_causal_stereo", "v2_causal_tiny", "v2_noise_causal", "wasserstein_causal")
"""Rows that differ most: they go through every check; the whole table does in `just test-models`."""
ALIKE = ("v2_causal_low", "v2_causal_full", "v2_causal_48k")
"""Rows that differ from `v2_causal` in a number only: played in `just test-models`."""
WHOLE_TABLE = bool(os.environ.get("DRAWSTOP_WHOLE_TABLE"))
STEERABLE = [row for row in ROWS if row.expected == "steerable" and (WHOLE_TABLE or row.name not in ALIKE)]
EVERY_CHECK = [row for row in STEERABLE if row.name in FEW or WHOLE_TABLE]

steerable = pytest.mark.parametrize("row", STEERABLE, ids=lambda row: row.name)
through_every_check = pytest.mark.parametrize("row", EVERY_CHECK, ids=lambda row: row.name)


def unoptimised() -> AbstractContextManager[None]:
    """Without torch's optimiser, which takes seconds for each method and gives the same bits here."""
    return torch.jit.optimized_execution(False)


@pytest.fixture
def baked(row: Row, rave_instrument: Callable[[str], RaveInstrument]) -> RaveInstrument:
    return rave_instrument(row.name)


def noise(row: Row, block: int = 0, voices: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(SEED + block)
    return 0.1 * torch.randn(voices, row.channels, 2 * row.ratio, generator=random)


@torch.inference_mode()
def played(call: torch.nn.Module, row: Row) -> Tensor:
    torch.manual_seed(SEED)
    with unoptimised():
        return torch.cat([call(noise(row, block)).clone() for block in range(BLOCKS)], -1)


@steerable
def test_a_neutral_instrument_is_the_plain_rave_bit_for_bit(row: Row, baked: RaveInstrument) -> None:
    plain = RaveModel(baked.rave)
    for random, reference in ((1, plain.script), (0, plain.core)):
        plain.reset()
        instrument = baked.loaded()
        instrument.set_noise(random)
        assert torch.equal(played(instrument, row), played(reference, row)), f"noise {random}"


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in NOISY], ids=lambda row: row.name)
@torch.inference_mode()
def test_steady_noise_is_as_loud_as_the_raves_own_in_every_band(
    row: Row, rave_table: dict[str, Path]
) -> None:
    model = RaveModel(rave_table[row.name])
    z = torch.randn(1, row.latents, 256, generator=torch.Generator().manual_seed(SEED))
    rendered = []
    for random in (True, False, False):
        model.reset()
        x = model.core.decoder_input(z, False)
        for layer in model.core.decoder_layers:
            x = layer(x)
        rendered.append(model.core.tail(x, random))
    own, steady, again = rendered
    assert torch.equal(steady, again)
    assert not torch.allclose(own, steady, atol=1e-3)
    levels = [10 * x.square().mean((0, 2)).log10() for x in (own, steady)]
    assert (levels[0] - levels[1]).abs().max() < LIKE_LOUD_DB


@steerable
def test_python_file_and_reloaded_file_edit_alike(row: Row, baked: RaveInstrument) -> None:
    def knobs_up(instrument: InstrumentModule | torch.jit.ScriptModule) -> Tensor:
        instrument.set_noise(0)
        for slug, value in zip(instrument.stop_slugs, (-0.7, 0.6, -1.0, 0.8, 0.3, -0.4), strict=True):
            assert getattr(instrument, f"set_{slug}")(value) == 0
        return played(instrument, row)

    in_python, in_file = knobs_up(baked.module()), knobs_up(baked.loaded())
    assert (in_python - in_file).abs().max() <= ROUNDING
    plain = RaveModel(baked.rave)
    assert not torch.allclose(in_file, played(plain.core, row), atol=1e-3)


@through_every_check
def test_a_stop_at_each_site_is_audible_and_bypass_takes_it_out(row: Row, baked: RaveInstrument) -> None:
    plain = played(RaveModel(baked.rave).core, row)
    slugs = baked.loaded().stop_slugs
    assert slugs == ["guitar", "voice", "guitar_2", "voice_2", "guitar_3", "voice_3"]
    for slug in slugs[::2]:
        instrument = baked.loaded()
        instrument.set_noise(0)
        instrument.set_ramp(0.0)
        getattr(instrument, f"set_{slug}")(-1.0)
        assert (played(instrument, row) - plain).square().mean() > 1e-6 * plain.square().mean(), slug
        instrument.set_reset(1)
        instrument.set_bypass(1)
        assert torch.equal(played(instrument, row), plain), slug


@through_every_check
def test_every_method_gives_what_nn_demands_at_every_buffer(row: Row, baked: RaveInstrument) -> None:
    for method in baked.loaded().get_methods():
        for voices, buffers in BUFFERS.items():
            host = NnTildeHost(baked.file, method, voices=voices, optimise=False, loaded=baked.loaded())
            for buffer in buffers:
                host.bufsize(buffer)
                assert host.buffer >= buffer
                out = host.perform(0.1 * torch.randn(voices, host.inlets, host.buffer))
                assert host.errors == []
                assert torch.isfinite(out).all()


@through_every_check
@torch.inference_mode()
def test_boxes_in_a_row_give_what_one_box_gives(row: Row, baked: RaveInstrument) -> None:
    boxes = {name: baked.loaded() for name in ("forward", "encode", "steer", "decode")}
    for box in boxes.values():
        box.set_noise(0)
    rows: dict[str, list[Tensor]] = {"whole": [], "parts": []}
    knobs = torch.zeros(1, 6, 2)
    for knob, block in itertools.product((0.0, -0.5), range(BLOCKS)):
        sound = noise(row, block)
        with unoptimised():
            for box in boxes.values():
                box.set_voice(knob)  # at the latent: encode and decode have no part in it
            rows["whole"].append(boxes["forward"].forward(sound).clone())
            z = boxes["encode"].encode(sound)
            steered = boxes["steer"].steer(torch.cat([z, knobs], 1))
            rows["parts"].append(boxes["decode"].decode(steered).clone())
        assert torch.equal(steered, z) == (knob == 0)
    assert torch.equal(torch.cat(rows["whole"], -1), torch.cat(rows["parts"], -1))


REASONS = {
    "discrete": "discrete|can't be edited",
    "spherical": "can't be edited",
    "mel": "PQMF",
    "resampler": "resampler",
    "offline": "streaming",
}


@pytest.mark.parametrize("row", [row for row in ROWS if row.expected in REASONS], ids=lambda row: row.name)
def test_what_cant_be_steered_is_refused_with_the_reason(
    row: Row, rave_table: dict[str, Path], random_bank: Path, tmp_path: Path
) -> None:
    with pytest.raises(DrawstopError, match=REASONS[row.expected]):
        bake(rave_table[row.name], [random_bank], tmp_path / "organ.ts")
    assert list(tmp_path.iterdir()) == []
