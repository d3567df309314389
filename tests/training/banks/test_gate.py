"""Gates: causal, homogeneous, the same streamed as whole; and the stops that hold them."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank, load_bank, save_bank
from training.banks.gate import Gate, GateConfig, make_gate
from training.banks.gate_expander import NO_EXPANSION, ExpandedGate, Expander
from training.banks.steering import Steering
from training.banks.stop import Gates, Stop
from training.find.rave.gate_fit import GateOptions, features_of, fit_off_gate
from training.find.rave.mixtures import LatentMixtures
from training.find.rave.separation import separation
from training.sae.config import SAEConfig
from training.sae.model import SAE

WIDTH, FEATURES, FRAMES = 6, 24, 40
CONFIG = GateConfig(WIDTH, FEATURES, channels=8, dilations=(1, 2, 4))
ALL = torch.arange(FEATURES)
EXPANDER = Expander(5, (0.5, 0.8), (0.1, 0.4))


def random_gate(seed: int) -> Gate:
    torch.manual_seed(seed)
    return Gate(CONFIG).requires_grad_(False)


def latents(seed: int, batch: int = 1, frames: int = FRAMES) -> Tensor:
    return torch.randn(batch, WIDTH, frames, generator=torch.Generator().manual_seed(seed))


def sae() -> SAE:
    return SAE(SAEConfig(d_in=WIDTH, n_features=FEATURES, k=4, centre=False, bias=False))


def stop(name: str, seed: int, gated: bool = True) -> Stop:
    random = torch.Generator().manual_seed(seed)
    writes = torch.randn(FEATURES, WIDTH, generator=random)
    gates = Gates(random_gate(seed), random_gate(seed + 1), EXPANDER) if gated else None
    kind = "gated" if gated else "static"
    return Stop(name, name, kind, torch.rand(FEATURES, generator=random), writes, 2.0, {}, gates)


def bank(*stops: Stop) -> StopBank:
    return StopBank(sae(), stops, "f" * 64)


def knobs(*values: float, frames: int = FRAMES) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1).expand(1, -1, frames).clone()


def test_a_gate_reads_no_future_frame() -> None:
    gate, z = random_gate(0), latents(1)
    changed = z.clone()
    changed[..., 25:] = 9.0
    assert torch.equal(gate(z)[..., :25], gate(changed)[..., :25])
    assert not torch.equal(gate(z)[..., 25:], gate(changed)[..., 25:])


@pytest.mark.parametrize("gain", [0.01, 3.0, 100.0])
def test_levels_scale_with_the_playing(gain: float) -> None:
    gate, z = random_gate(0), latents(1)
    assert torch.allclose(gate(gain * z), gain * gate(z), rtol=1e-4, atol=1e-6 * gain)


def test_silence_gives_exact_zeros() -> None:
    assert not random_gate(0)(torch.zeros(1, WIDTH, FRAMES)).any()


@pytest.mark.parametrize("block", [1, 3, 16])
def test_a_stream_equals_the_whole(block: int) -> None:
    gate, z = random_gate(0), latents(1, batch=2)
    gate.allocate(2)
    streamed = torch.cat([gate.stream(part) for part in z.split(block, -1)], -1)
    assert torch.allclose(streamed, gate(z), atol=1e-5)


@pytest.mark.parametrize("values", [(-1.0, 0.0), (0.0, 1.0), (-0.4, 0.7)])
def test_steering_with_gates_streams_as_it_runs_offline(values: tuple[float, float]) -> None:
    made = bank(stop("guitar", 1), stop("voice", 5))
    whole, z = Steering(made.sae, made)(latents(2), knobs(*values)), latents(2)
    stream = Steering(made.sae, made)
    stream.allocate(1)
    parts = [stream(part, knobs(*values, frames=part.shape[-1])) for part in z.split(7, -1)]
    assert torch.allclose(torch.cat(parts, -1), whole, atol=1e-5)


def test_a_neutral_gate_goes_on_reading_frames() -> None:
    made, z = bank(stop("guitar", 1)), latents(2)
    stream = Steering(made.sae, made)
    stream.allocate(1)
    first = stream(z[..., :20], knobs(0.0, frames=20))
    assert torch.equal(first, z[..., :20])
    second = stream(z[..., 20:], knobs(-1.0, frames=20))
    whole = Steering(made.sae, made)(z, knobs(-1.0))
    assert torch.allclose(second, whole[..., 20:], atol=1e-5)


@pytest.mark.slow
def test_a_scripted_steering_with_gates_plays_the_same() -> None:
    made, z = bank(stop("guitar", 1), stop("voice", 5, gated=False)), latents(2)
    steering = Steering(made.sae, made)
    scripted = torch.jit.script(steering)
    for values in ((-1.0, 1.0), (1.0, -1.0), (0.5, 0.0)):
        assert torch.allclose(scripted(z, knobs(*values)), steering(z, knobs(*values)), atol=1e-6)


def test_a_gated_stop_never_takes_more_than_there_is() -> None:
    made, z = bank(stop("guitar", 1), stop("voice", 5)), latents(2)
    steering = Steering(made.sae, made)
    features = steering.features(z.transpose(1, 2))
    off_levels = steering.gate_outputs(z.transpose(1, 2), features)
    for s in range(2):
        taken = steering.taken(s, features, off_levels)
        assert bool((taken >= 0).all())
        assert bool((taken <= features).all())
    endless = [torch.full_like(levels, 100.0) for levels in off_levels]
    both = steering.delta_off(features, endless, z.transpose(1, 2), knobs(-1.0, -1.0))
    assert torch.allclose(both, -z.transpose(1, 2), atol=1e-5)


def test_a_stop_added_later_changes_no_bit_of_the_others() -> None:
    one, z = bank(stop("guitar", 1)), latents(2)
    two = one.with_stop(stop("voice", 5))
    for value in (-1.0, 0.3, 1.0):
        alone = Steering(one.sae, one)(z, knobs(value))
        beside = Steering(two.sae, two)(z, knobs(value, 0.0))
        if value < 0:
            assert torch.equal(alone, beside)
        assert torch.allclose(alone, beside, atol=1e-6)


def test_a_bank_with_gates_comes_back_bit_for_bit(tmp_path: Path) -> None:
    off_only = dataclasses.replace(stop("voice", 5), gates=Gates(random_gate(9)))
    saved = bank(stop("guitar", 1), off_only)
    save_bank(tmp_path / "bank", saved)
    loaded = load_bank(tmp_path / "bank")
    z = latents(2)
    assert loaded.stop("voice").gates is not None
    assert torch.equal(
        Steering(saved.sae, saved)(z, knobs(-1.0, 1.0)), Steering(loaded.sae, loaded)(z, knobs(-1.0, 1.0))
    )


def constant_gate(level: float, outputs: int = 3) -> Gate:
    """A gate whose every level is `level` times the first latent, where that is positive."""
    gate = Gate(GateConfig(1, outputs, channels=1, dilations=(1,)))
    with torch.no_grad():
        for parameter in gate.parameters():
            parameter.fill_(0.0)
        gate.entry.weight.fill_(1.0)
        gate.exit.weight.fill_(level)
    return gate.requires_grad_(False)


def taken_share(level: float, expander: Expander, features: Tensor) -> Tensor:
    """Share of each frame's features that a constant gate takes. `[frames, 3]` -> `[frames]`."""
    gate = ExpandedGate(constant_gate(level), expander)
    taken = gate(torch.ones(1, 1, len(features)), features[None])[0]
    return (taken * features).sum(1) / features.square().sum(1)


@pytest.mark.parametrize(("level", "expanded"), [(0.9, 1.0), (0.5, 0.5), (0.03, 0.03)])
def test_high_levels_are_expanded_and_others_stay(level: float, expanded: float) -> None:
    expander = Expander(4, (0.6, 0.8), (0.1, 0.4))
    assert taken_share(level, expander, torch.ones(12, 3))[-1] == pytest.approx(expanded)


def test_a_sound_that_just_began_is_not_taken_for_the_one_before() -> None:
    """A quiet solo, taken wholly; then something ten times louder plays along, of which the gate takes a tenth."""
    expander = Expander(8, (0.5, 0.8), (0.1, 0.4))
    features = torch.ones(12, 3)
    features[10:] = 10.0
    share = taken_share(1.0, expander, features)
    assert torch.allclose(share[:10], torch.ones(10))
    assert share[10] < 0.2
    waits = Expander(8, (0.5, 0.8), (-1.0, 0.0))
    loud_solo = torch.ones(12, 3) * torch.tensor([10.0] * 10 + [2.0] * 2)[:, None]
    assert taken_share(10.0, waits, loud_solo)[-1] == 1.0


def test_features_without_a_level_go_in_proportion() -> None:
    gate = Gate(GateConfig(1, 2, channels=1, dilations=(1,)), torch.tensor([3, 1]))
    with torch.no_grad():
        gate.entry.weight.fill_(1.0)
        gate.blocks[0].mixing.weight.fill_(0.0)
        gate.exit.weight.copy_(torch.tensor([0.5, 0.25])[:, None, None])
    features = torch.tensor([2.0, 1.0, 4.0, 1.0]).expand(1, 6, 4)
    taken = ExpandedGate(gate, NO_EXPANSION)(torch.ones(1, 1, 6), features)
    share = (0.5 + 0.25) / 2
    assert torch.allclose(taken[0, -1], torch.tensor([2 * share, 0.25, 4 * share, 0.5]))


def test_an_expanded_gate_streams_as_it_runs_offline() -> None:
    gate = ExpandedGate(random_gate(3), EXPANDER)
    z, features = latents(1), torch.rand(1, FRAMES, FEATURES, generator=torch.Generator().manual_seed(1))
    whole = gate(z, features)
    gate.gate.allocate(1)
    gate.allocate(1)
    parts = [gate.stream(a, b) for a, b in zip(z.split(7, -1), features.split(7, 1), strict=True)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"all_above": (0.5, 0.5)}])
def test_an_expander_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DrawstopError, match="expander"):
        Expander(**wrong)  # type: ignore[arg-type]


def test_the_features_of_a_concept_are_those_that_carry_its_energy() -> None:
    dictionary = sae()
    with torch.no_grad():
        dictionary.W_dec.zero_()
        dictionary.W_dec[:WIDTH] = torch.eye(WIDTH)
        dictionary.W_enc.copy_(dictionary.W_dec.T)
    z = torch.zeros(WIDTH, FRAMES)
    z[1], z[4] = 0.2, 1.0
    assert features_of(dictionary, [z], 0.9).tolist() == [4]
    assert features_of(dictionary, [z], 0.99).tolist() == [1, 4]


def test_gates_that_do_not_fit_are_refused() -> None:
    narrow = Gate(GateConfig(WIDTH - 1, FEATURES, channels=8))
    beyond = Gate(CONFIG, torch.arange(1, FEATURES + 1))
    for gate in (narrow, beyond):
        with pytest.raises(DrawstopError, match="find it again"):
            dataclasses.replace(stop("guitar", 1), gates=Gates(gate))
    with pytest.raises(DrawstopError, match="different features"):
        Gate(CONFIG, torch.zeros(FEATURES))
    weights = random_gate(1).weights()
    weights["entry.weight"] = torch.full_like(weights["entry.weight"], torch.nan)
    with pytest.raises(DrawstopError, match="finite"):
        make_gate(CONFIG, weights)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_gate_bit_for_bit() -> None:
    source = LatentMixtures([latents(1)[0], latents(2)[0]], [latents(3)[0], latents(4)[0]])
    options = GateOptions(channels=8, off_steps=3, batch=2)
    first, same, other = (fit_off_gate(sae(), source, ALL, options, seed).weights() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.slow
def test_an_off_gate_learns_planted_sources_that_constants_can_not_tell_apart() -> None:
    """Two sources share every feature and differ in time alone: one always repeats its frame, the other never."""
    random = torch.Generator().manual_seed(0)

    def steady() -> Tensor:
        return torch.randn(WIDTH, 40, generator=random).abs().repeat_interleave(4, 1)

    def restless() -> Tensor:
        sign = torch.tensor([1.0, 0.0]).repeat(80)
        return torch.randn(WIDTH, 160, generator=random).abs() * sign

    dictionary = sae()
    with torch.no_grad():
        dictionary.W_dec.zero_()
        dictionary.W_dec[:WIDTH] = torch.eye(WIDTH)
        dictionary.W_enc.copy_(dictionary.W_dec.T)
    learned = LatentMixtures([steady() for _ in range(12)], [restless() for _ in range(12)])
    gate = fit_off_gate(dictionary, learned, ALL, GateOptions(channels=24, off_steps=200, batch=8), seed=0)
    shares = torch.full((FEATURES,), 0.5)
    static = Stop("steady", "steady", "static", shares, torch.zeros(FEATURES, WIDTH), 1.0)
    unseen, others = [steady() for _ in range(4)], [restless() for _ in range(4)]
    mixed = [a + b for a, b in zip(unseen, others, strict=True)]
    constant = separation(dictionary, static, (mixed, unseen), others)
    gated = dataclasses.replace(static, kind="gated", gates=Gates(gate))
    found = separation(dictionary, gated, (mixed, unseen), others)
    assert found["taken_alone"] > constant["taken_alone"] + 0.1
    assert found["others_touched"] < constant["others_touched"] - 0.1
