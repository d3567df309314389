import dataclasses
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank, load_bank, save_bank
from training.banks.stop import Stop, make_slug
from training.sae.config import SAEConfig
from training.sae.model import SAE

WIDTH, FEATURES = 6, 12


def bank_of(*names: str) -> StopBank:
    sae = SAE(SAEConfig(d_in=WIDTH, n_features=FEATURES, k=3))
    return StopBank(sae, tuple(random_stop(name, seed) for seed, name in enumerate(names)), "f" * 64)


def random_stop(name: str, seed: int) -> Stop:
    random = torch.Generator().manual_seed(seed)
    shares = torch.rand(FEATURES, generator=random)
    writes = torch.randn(FEATURES, WIDTH, generator=random)
    return Stop(name, make_slug(name), "static", shares, writes, 1.5, {"auroc": 0.9})


def test_a_bank_comes_back_from_disk_with_the_same_bits(tmp_path: Path) -> None:
    bank = bank_of("guitar", "voice")
    save_bank(tmp_path / "bank", bank)
    back = load_bank(tmp_path / "bank", bank.model_fingerprint)
    assert [stop.slug for stop in back.stops] == ["guitar", "voice"]
    for stop, same in zip(bank.stops, back.stops, strict=True):
        assert torch.equal(stop.removal_weights, same.removal_weights)
        assert torch.equal(stop.write_vectors, same.write_vectors)
        assert (stop.cap, stop.kind, stop.metrics) == (same.cap, same.kind, same.metrics)


def test_a_bank_without_stops_is_a_bank(tmp_path: Path) -> None:
    save_bank(tmp_path / "bank", bank_of())
    assert load_bank(tmp_path / "bank").stops == ()


def test_adding_a_stop_changes_no_bit_of_the_others(tmp_path: Path) -> None:
    before = bank_of("guitar", "voice")
    save_bank(tmp_path / "bank", before)
    save_bank(tmp_path / "bank", load_bank(tmp_path / "bank").with_stop(random_stop("choir", 7)))
    after = load_bank(tmp_path / "bank")
    assert [stop.slug for stop in after.stops] == ["guitar", "voice", "choir"]
    for stop, same in zip(before.stops, after.stops, strict=False):
        assert torch.equal(stop.removal_weights, same.removal_weights)
        assert torch.equal(stop.write_vectors, same.write_vectors)
    assert torch.equal(before.sae.W_dec, after.sae.W_dec)


def test_a_bank_of_another_model_is_refused(tmp_path: Path) -> None:
    save_bank(tmp_path / "bank", bank_of("guitar"))
    with pytest.raises(DrawstopError, match="another model"):
        load_bank(tmp_path / "bank", "0" * 64)


@pytest.mark.parametrize("name", ["stops.json", "stops.safetensors", "model.json", "sae_weights.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_a_damaged_bank_is_refused_in_one_line(tmp_path: Path, name: str, damage: str) -> None:
    save_bank(tmp_path / "bank", bank_of("guitar"))
    path = tmp_path / "bank" / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DrawstopError) as caught:
        load_bank(tmp_path / "bank")
    assert "\n" not in str(caught.value)


def test_an_unknown_stop_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DrawstopError, match="guitar, voice"):
        bank_of("guitar", "voice").stop("drums")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Electric Guitar", "electric_guitar"),
        ("12-string", "s_12_string"),
        ("for", "for_stop"),
        ("ramp", "ramp_stop"),
        ("forward_params", "forward_params_stop"),
        ("голос", "stop"),
        ("öl", "ol"),
        ("  a  b ", "a_b"),
    ],
)
def test_a_slug_is_a_free_ascii_identifier(name: str, slug: str) -> None:
    assert make_slug(name) == slug
    assert slug.isidentifier()
    assert slug.isascii()


def test_a_taken_slug_gets_a_number() -> None:
    assert make_slug("voice", {"voice", "voice_2"}) == "voice_3"


def test_a_stop_with_numbers_that_are_not_finite_is_refused() -> None:
    stop = random_stop("guitar", 0)
    with pytest.raises(DrawstopError, match="not finite"):
        dataclasses.replace(stop, removal_weights=torch.full((FEATURES,), float("nan")))
    with pytest.raises(DrawstopError, match="positive cap"):
        dataclasses.replace(stop, cap=0.0)
