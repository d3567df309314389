"""What the demo's figures say about a model before any stop, on tones whose every figure is known."""

import math

import pytest
import torch
from torch import Tensor

from tests.helpers.evidence.evidence_tones import TuningFork
from training.evaluation.example_set import EXAMPLE
from training.models.rave.batches import encode_clips
from training.models.rave.model import RaveModel
from training.recipes.rave.figures import AS_OTHER, Playback
from training.recipes.rave.held_out_clips import HeldOutClips

HERTZ = {"guitar": 220.0, "voice": 330.0}
ITEMS = 2
SECONDS = 0.5


def tone(hertz: float, sample_rate: int) -> Tensor:
    """`[items, samples]`, a tone with four harmonics, a little louder from item to item."""
    time = torch.arange(int(SECONDS * sample_rate)) / sample_rate
    sound = sum(torch.sin(2 * math.pi * hertz * n * time) / n for n in range(1, 5))
    return torch.stack([0.1 * (1 + 0.1 * item) * sound for item in range(ITEMS)])


@pytest.mark.slow
def test_a_model_that_plays_everything_at_half_the_level_keeps_the_pitch_and_loses_six_decibels() -> None:
    model = RaveModel(EXAMPLE.rave)
    rate = model.rates.sample_rate
    guitar, voice = (tone(hertz, rate) for hertz in HERTZ.values())
    originals = {
        "guitar": guitar,
        "voice": voice,
        "mixture": guitar + voice,
        AS_OTHER["guitar"]: voice,
        AS_OTHER["voice"]: guitar,
    }
    clips = HeldOutClips(
        latents={key: encode_clips(model, sound[:, None]) for key, sound in originals.items()},
        rendered={key: sound / 2 for key, sound in originals.items()},
        additivity=0.25,
        originals=originals,
        lead=0,
    )
    gates = Playback(model, clips, [TuningFork(HERTZ)]).gates()
    heard = ("guitar", "voice", "mixture")
    assert {key: gates["level_db"][key]["mean"] for key in heard} == pytest.approx(
        dict.fromkeys(heard, -6.02), abs=0.01
    )
    assert {key: gates["pitch_kept"][key]["mean"] for key in heard} == dict.fromkeys(heard, 1.0)
    assert all(
        each["rendered"]["mean"] < each["shaped_noise"]["mean"]
        for each in gates["spectral_distance"].values()
    )
    assert gates["auroc_on_reconstructions"] == {"fork": {"guitar": 1.0, "voice": 1.0}}
    assert gates["additivity_error"] == 0.25
