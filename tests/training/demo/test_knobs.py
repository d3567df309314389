"""The committed figures of the demo's knobs: complete, of enough clips, and no claim that they don't carry."""

import json
from typing import Any

import pytest
from repository import DEMO, DOCS

from training.banks.bank import load_bank
from training.models.rave.model import RaveModel

CLIPS = DOCS / "clips"
FIGURES = json.loads((DEMO / "figures.json").read_text())
SECOND = json.loads((DEMO / "figures_seed_1.json").read_text())
CURVE = json.loads((DEMO / "curve.json").read_text())
CELLS = [(timbres, concept) for timbres in ("known", "held_out") for concept in ("guitar", "voice")]
CONTROL = "random (control)"


def cell(timbres: str, concept: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = FIGURES[timbres][concept][kind]
    return found


def test_the_figures_are_of_the_shipped_model_and_bank() -> None:
    model = RaveModel(DEMO / "rave.ts")
    bank = load_bank(DEMO / "bank", model.fingerprint)
    assert [stop.kind for stop in bank.stops] == ["gated", "gated"]
    assert FIGURES["rave"] == model.fingerprint
    assert FIGURES["items"] >= 60


@pytest.mark.parametrize(("timbres", "concept"), CELLS)
def test_taking_away_goes_further_than_constants_and_than_the_random_control(
    timbres: str, concept: str
) -> None:
    gated, constant, control = (
        cell(timbres, concept, kind)["minus"]["way_to_oracle"] for kind in ("gated", "static fitted", CONTROL)
    )
    assert gated["low"] > control["high"]
    assert gated["mean"] > constant["mean"]


@pytest.mark.parametrize(("timbres", "concept"), CELLS)
def test_taking_away_leaves_the_others_solo_alone(timbres: str, concept: str) -> None:
    assert cell(timbres, concept, "gated")["minus"]["other_solo_energy_changed"]["mean"] < 0.1


@pytest.mark.parametrize("timbres", ["known", "held_out"])
def test_a_guitar_turned_into_a_voice_comes_nearer_to_the_true_rendering_than_at_random(
    timbres: str,
) -> None:
    gated, control = (cell(timbres, "voice", kind)["toggle"]["distance_lower"] for kind in ("gated", CONTROL))
    assert gated["low"] > control["high"]


@pytest.mark.parametrize(("timbres", "concept"), CELLS)
def test_the_same_recipe_with_another_seed_beats_its_random_control_too(timbres: str, concept: str) -> None:
    assert SECOND["items"] >= 60
    assert SECOND["rave"] != FIGURES["rave"]
    gated, control = (SECOND[timbres][concept][kind]["minus"]["way_to_oracle"] for kind in ("gated", CONTROL))
    assert gated["low"] > control["high"]


@pytest.mark.parametrize("concept", ["guitar", "voice"])
def test_twenty_recordings_take_more_of_a_mixture_than_two_and_than_mixtures_alone(concept: str) -> None:
    rows = [row for row in CURVE["rows"] if row["concept"] == concept]
    solos = {row["recordings"]: row["known"]["way_to_oracle"] for row in rows if not row["mixed"]}
    assert sorted(solos) == [2, 5, 10, 20]
    assert solos[20]["mean"] > solos[2]["mean"]
    (mixed,) = (row for row in rows if row["mixed"])
    assert mixed["kind"] == "ranked (mixtures only)"
    assert solos[20]["mean"] > mixed["known"]["way_to_oracle"]["mean"]


def test_silence_stays_silence() -> None:
    assert FIGURES["known"]["silence_peak"] == FIGURES["held_out"]["silence_peak"] == 0.0


def test_clips_before_and_after_are_there_to_be_heard() -> None:
    for folder in ("known", "unheard-timbre"):
        names = {path.stem for path in (CLIPS / folder).glob("*.flac")}
        assert {"guitar-1-knobs-at-rest", "guitar-off-voice-on", "mixture-guitar-off"} <= names
