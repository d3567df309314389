"""The shipped bank: it belongs to the shipped model, and its stops do on committed recordings what its figures say."""

import json

import pytest
import torch

from drawstop.audio.files import list_audio, read_audio
from drawstop.files import sha256_file
from tests.helpers.repository import RECORDINGS
from training.banks.bank import SEPARATOR_FILE, bank_fingerprint
from training.banks.separated_bank import SeparatedBank, load_separated_bank
from training.banks.separated_edit import RandomSeparatedEdit, SeparatedEdit
from training.metrics.separation import decibels
from training.separation.mdct import HOP, Mdct
from training.shipped import SHIPPED_BANK, SHIPPED_RAVE

FALL_DB = {"guitar": 10.0, "voice": 8.0}
"""Least fall of a stop's own solos, half of what the recipe measured on others."""
BEYOND_RANDOM_DB = 3.0


@pytest.fixture(scope="module")
def bank() -> SeparatedBank:
    return load_separated_bank(SHIPPED_BANK, sha256_file(SHIPPED_RAVE))


@pytest.fixture(scope="module")
def held_out() -> dict[str, torch.Tensor]:
    """Latents of the committed held-out recordings, by concept."""
    latents = {}
    for concept in ("guitar", "voice"):
        sounds = [read_audio(path, 44100, 1)[0][0] for path in list_audio(RECORDINGS / "held_out" / concept)]
        samples = min(map(len, sounds)) // HOP * HOP
        latents[concept] = Mdct()(
            torch.stack([torch.from_numpy(sound[:samples]) for sound in sounds])[:, None]
        )
    return latents


def fall(edit: SeparatedEdit, values: list[float], latents: torch.Tensor) -> torch.Tensor:
    return -decibels(edit(latents, values).flatten(1), latents.flatten(1))


@pytest.mark.slow
def test_it_has_a_guitar_that_goes_and_a_voice_that_comes_and_goes(bank: SeparatedBank) -> None:
    assert {stop.slug: stop.limits for stop in bank.stops} == {"guitar": (-1.0, 0.0), "voice": (-1.0, 1.0)}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "concept", "other"), [(0, "guitar", "voice"), (1, "voice", "guitar")])
def test_each_stop_takes_its_own_solos_away_further_than_the_others_and_than_at_random(
    bank: SeparatedBank, held_out: dict[str, torch.Tensor], number: int, concept: str, other: str
) -> None:
    values = [-1.0 if index == number else 0.0 for index in range(2)]
    own, others = (fall(SeparatedEdit(bank), values, held_out[name]).median() for name in (concept, other))
    random = fall(RandomSeparatedEdit(bank, 0), values, held_out[concept]).median()
    assert float(own) >= FALL_DB[concept]
    assert float(own - others) >= BEYOND_RANDOM_DB
    assert float(own - random) >= BEYOND_RANDOM_DB


def test_the_committed_figures_are_of_this_bank() -> None:
    fingerprint = bank_fingerprint(SHIPPED_BANK)
    for name in ("figures", "brought", "real"):
        figures = json.loads((SHIPPED_BANK.parent / f"{name}.json").read_text())
        assert figures["bank"] == fingerprint, name
    few = json.loads((SHIPPED_BANK.parent / "few.json").read_text())
    assert few["separator"] == sha256_file(SHIPPED_BANK / SEPARATOR_FILE)
