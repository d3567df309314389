from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor

import realtime.engine.instrument_file
from export.instrument.bake import make_instrument
from realtime.engine.render import engine_for
from training.banks.bank import load_bank
from training.models.rave.model import RaveModel

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked

INNER, BLOCKS = 2048, 4
SEED = 3


@pytest.fixture(scope="module")
def instrument(baked: "Baked") -> torch.jit.ScriptModule:
    return realtime.engine.instrument_file.load(baked.path).module


@pytest.fixture(scope="module")
def variational(baked_variational: "Baked") -> torch.jit.ScriptModule:
    return realtime.engine.instrument_file.load(baked_variational.path).module


def sound(kind: str) -> Tensor:
    """One channel: `[1, 1, samples]`."""
    samples = INNER * BLOCKS
    if kind == "silence":
        return torch.zeros(1, 1, samples)
    if kind == "noise":
        return 0.3 * torch.randn(1, 1, samples, generator=torch.Generator().manual_seed(SEED))
    t = torch.arange(samples) / 44100
    partials = sum(torch.sin(2 * torch.pi * 220 * n * t) / n for n in range(1, 12))
    return (0.2 * torch.exp(-4 * t) * partials).reshape(1, 1, -1)


@torch.inference_mode()
def streamed(call: Any, audio: Tensor) -> Tensor:
    torch.manual_seed(SEED)
    return torch.cat([call(block).clone() for block in audio.split(INNER, -1)], -1)


def plain(model: RaveModel, noise: int, audio: Tensor) -> Tensor:
    model.reset()
    return streamed(model.script if noise else model.core, audio)


def fresh(script: torch.jit.ScriptModule, noise: int = 1) -> torch.jit.ScriptModule:
    for name in script.get_attributes():
        getattr(script, f"set_{name}")(0)
    script.set_ramp(0.02)
    script.set_noise(noise)
    script.set_reset(1)
    return script


@pytest.mark.parametrize("noise", [1, 0])
@pytest.mark.parametrize("which", ["shipped", "variational"])
def test_a_neutral_instrument_is_the_plain_rave_bit_for_bit(
    request: pytest.FixtureRequest, which: str, noise: int
) -> None:
    path = request.getfixturevalue("example_rave" if which == "shipped" else "variational_rave")
    script = request.getfixturevalue("instrument" if which == "shipped" else "variational")
    model = RaveModel(path)
    for kind in ("tone", "silence", "noise"):
        expected = plain(model, noise, sound(kind))
        assert torch.equal(streamed(fresh(script, noise), sound(kind)), expected), kind
        knobs = torch.zeros(1, 2, INNER * BLOCKS)
        assert torch.equal(streamed(script_play(script, noise), torch.cat([sound(kind), knobs], 1)), expected)


def script_play(script: torch.jit.ScriptModule, noise: int) -> Any:
    return fresh(script, noise).play


@pytest.mark.parametrize("noise", [1, 0])
def test_the_unscripted_instrument_is_neutral_too(variational_rave: Path, tmp_path: Path, noise: int) -> None:
    from tests.helpers.models.random_banks import write_random_bank

    model = RaveModel(variational_rave)
    bank = load_bank(write_random_bank(variational_rave, tmp_path / "bank"))
    module = make_instrument(model, [bank])
    expected = plain(model, noise, sound("tone"))
    module.set_noise(noise)
    model.reset()
    assert torch.equal(streamed(module, sound("tone")), expected)


def through_engine(module: torch.jit.ScriptModule, baked: "Baked", audio: Tensor, host_block: int) -> Tensor:
    """`[1, 1, samples]` in blocks of `host_block` through the engine, its own delay taken out."""
    engine = engine_for(
        realtime.engine.instrument_file.LoadedInstrument(module, baked.description), INNER, seed=SEED
    )
    engine.prepare(host_block)
    padded = np.concatenate([audio[0].numpy(), np.zeros((1, engine.engine_delay_samples), np.float32)], 1)
    pieces = [engine.process(padded[:, i : i + host_block]) for i in range(0, padded.shape[1], host_block)]
    assert engine.performance.source.failed_blocks == 0
    played = np.concatenate(pieces, 1)[None, :, engine.engine_delay_samples :]
    return torch.from_numpy(played[..., : audio.shape[-1]].copy())


@pytest.mark.parametrize("kind", ["tone", "silence", "noise"])
@pytest.mark.parametrize("host_block", [1, 7, 64, 512, 2048, 4096])
def test_the_engine_gives_the_plain_raves_bits_after_its_delay(
    baked: "Baked", instrument: torch.jit.ScriptModule, example_rave: Path, host_block: int, kind: str
) -> None:
    expected = plain(RaveModel(example_rave), 0, sound(kind))
    fresh(instrument, noise=0)
    assert torch.equal(through_engine(instrument, baked, sound(kind), host_block), expected)


@pytest.mark.parametrize("host_block", [64, 4096])
def test_the_engine_gives_a_variational_raves_own_bits_when_seeded_alike(
    baked_variational: "Baked", variational: torch.jit.ScriptModule, variational_rave: Path, host_block: int
) -> None:
    expected = plain(RaveModel(variational_rave), 1, sound("noise"))
    fresh(variational, noise=1)
    assert torch.equal(through_engine(variational, baked_variational, sound("noise"), host_block), expected)


def test_knobs_change_the_sound_and_bypass_undoes_it(
    instrument: torch.jit.ScriptModule, example_rave: Path
) -> None:
    expected = plain(RaveModel(example_rave), 1, sound("tone"))
    fresh(instrument).set_guitar(-1.0)
    assert not torch.equal(streamed(instrument, sound("tone")), expected)
    fresh(instrument).set_guitar(-1.0)
    instrument.set_bypass(1)
    assert torch.equal(streamed(instrument, sound("tone")), expected)


def test_setters_clamp_ignore_nan_and_getters_give_tuples(instrument: torch.jit.ScriptModule) -> None:
    fresh(instrument)
    for sent, held in ((0.5, 0.5), (9.0, 1.0), (float("nan"), 1.0), (float("-inf"), -1.0), (-0.25, -0.25)):
        assert instrument.set_voice(sent) == 0
        assert instrument.get_voice() == (held,)
    assert instrument.get_guitar() == (0.0,)
    instrument.set_ramp(float("nan"))
    assert instrument.get_ramp() == (pytest.approx(0.02),)
    instrument.set_ramp(-1.0)
    assert instrument.get_ramp() == (0.0,)


def test_a_step_arrives_when_the_ramp_is_over(instrument: torch.jit.ScriptModule) -> None:
    fresh(instrument).set_ramp(0.1)  # 0.1 s at 86.1 frames a second: 9 frames
    signals = torch.zeros(1, 2, 12)
    instrument._values(signals)
    instrument.set_reset(1)
    instrument.forward(torch.zeros(1, 1, 512))
    signals[:, 0] = 1.0
    before, values = (found[0, 0] for found in instrument._values(signals))
    assert before == 0
    expected = torch.cat([torch.arange(1, 10) / 9, torch.ones(3)])
    assert torch.allclose(values, expected, atol=1e-6)
    assert values[8:].eq(1).all()


def test_reset_leaves_nothing_of_what_was_played(instrument: torch.jit.ScriptModule) -> None:
    def played(value: float) -> Tensor:
        fresh(instrument).set_ramp(0.0)
        instrument.set_guitar(value)
        return streamed(instrument, sound("tone"))

    for value in (0.0, -1.0):
        first = played(value)
        instrument.set_guitar(1.0)
        streamed(instrument, sound("noise"))
        assert torch.equal(played(value), first)


def test_streamed_is_offline_within_rounding(instrument: torch.jit.ScriptModule) -> None:
    """Tolerance: 1e-4 of full scale; convolutions of other lengths add up in another order."""
    for values in ((0.0, 0.0), (-1.0, 0.5)):
        outputs = []
        for block in (512, INNER * BLOCKS):
            fresh(instrument, noise=0).set_ramp(0.0)
            instrument.set_guitar(values[0])
            instrument.set_voice(values[1])
            with torch.inference_mode():
                parts = [instrument.forward(part).clone() for part in sound("tone").split(block, -1)]
            outputs.append(torch.cat(parts, -1))
        assert (outputs[0] - outputs[1]).abs().max() < 1e-4


def test_nn_tilde_sees_what_a_module_of_its_own_would_show(
    instrument: torch.jit.ScriptModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nn_tilde = pytest.importorskip("nn_tilde")
    # its generated code goes into site-packages, and its clean-up fails on a folder that it has just removed
    monkeypatch.setattr(nn_tilde.codegen, "TMP_FILE_OUTPUT", tmp_path)
    (tmp_path / "stays").touch()

    class Oracle(nn_tilde.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            for name in ("guitar", "voice", "ramp"):
                self.register_attribute(name, 0.0)
            for name in ("bypass", "noise", "reset"):
                self.register_attribute(name, 0)

    oracle = Oracle()
    names = oracle._attributes.value
    assert instrument.get_attributes() == list(names)
    for name in names:
        assert torch.equal(getattr(instrument, f"{name}_params"), getattr(oracle, f"{name}_params")), name
    assert instrument.get_methods() == ["forward", "play", "encode", "decode", "steer", "listen"]
    assert instrument.forward_params.tolist() == [1, 1, 1, 1]
    assert instrument.play_params.tolist() == [3, 1, 1, 1]
    assert instrument.encode_params.tolist() == [1, 1, 128, 512]
    assert instrument.decode_params.tolist() == [128, 512, 1, 1]
    assert instrument.steer_params.tolist() == [130, 512, 128, 512]
    assert instrument.listen_params.tolist() == [1, 1, 2, 512]
    assert len(instrument.play_input_labels) == 3
