"""A separated bank's folder: read as it was written; refused where it is damaged or another model's."""

import dataclasses
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.models.small_separator import query, separated_bank
from training.banks.bank import SEPARATOR_FILE, load_bank
from training.banks.open_bank import open_bank
from training.banks.separated_bank import SeparatedStop, load_separated_bank, save_separated_bank
from training.separation.grains import library_of
from training.separation.mdct import HOP

HALF_PRECISION = 5e-3
"""Share by which a part changes when the network's weights are rounded to half precision."""


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    bank = separated_bank("guitar", "voice")
    save_separated_bank(tmp_path / "bank", bank)
    loaded = open_bank(tmp_path / "bank", bank.model_fingerprint)
    assert [stop.name for stop in loaded.stops] == ["guitar", "voice"]
    assert all(torch.equal(a.query, b.query) for a, b in zip(loaded.stops, bank.stops, strict=True))
    assert set(loaded.starts) == {"first"}
    z = torch.randn(1, HOP, 16, generator=torch.Generator().manual_seed(0))
    before, after = (each.separator(z, query(1)[None]) for each in (bank, loaded))
    assert float((before - after).norm() / before.norm()) < HALF_PRECISION


def test_written_again_it_has_the_same_bytes(tmp_path: Path) -> None:
    save_separated_bank(tmp_path / "one", separated_bank("guitar"))
    save_separated_bank(tmp_path / "two", load_separated_bank(tmp_path / "one"))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_another_models_bank_is_refused(tmp_path: Path) -> None:
    save_separated_bank(tmp_path / "bank", separated_bank("guitar"))
    with pytest.raises(DrawstopError, match="another model"):
        load_separated_bank(tmp_path / "bank", "e" * 64)


def test_a_damaged_separator_raises_one_line(tmp_path: Path) -> None:
    save_separated_bank(tmp_path / "bank", separated_bank("guitar"))
    (tmp_path / "bank" / SEPARATOR_FILE).write_bytes(b"nothing")
    with pytest.raises(DrawstopError, match="damaged"):
        load_separated_bank(tmp_path / "bank")


@pytest.mark.parametrize("depth", [0.0, 100.0, float("nan")])
def test_a_depth_beyond_what_a_stop_can_state_is_refused(depth: float) -> None:
    with pytest.raises(DrawstopError, match="depth"):
        SeparatedStop("guitar", "guitar", query(0), depth)


def test_a_stop_of_the_same_name_is_replaced() -> None:
    bank = separated_bank("guitar", "voice").with_stop(SeparatedStop("guitar", "guitar", query(7), 12.0))
    assert [stop.name for stop in bank.stops] == ["voice", "guitar"]
    assert bank.stop("guitar").depth_db == 12.0


def test_what_needs_an_sae_says_that_this_bank_has_none(tmp_path: Path) -> None:
    save_separated_bank(tmp_path / "bank", separated_bank("guitar"))
    with pytest.raises(DrawstopError, match="has no SAE"):
        load_bank(tmp_path / "bank")


def test_grains_are_read_as_they_were_written(tmp_path: Path) -> None:
    tone = 0.1 * torch.sin(2 * torch.pi * 220 * torch.arange(88200) / 44100)
    bank = separated_bank("voice")
    stop = dataclasses.replace(bank.stops[0], grains=library_of([tone], 44100))
    save_separated_bank(tmp_path / "bank", dataclasses.replace(bank, stops=(stop,)))
    read = load_separated_bank(tmp_path / "bank").stops[0].grains
    assert read is not None
    assert stop.grains is not None
    assert torch.equal(read.stored, stop.grains.stored)
    assert torch.equal(read.keys, stop.grains.keys)
