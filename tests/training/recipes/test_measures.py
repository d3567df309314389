"""What an edit does to sound, in numbers: known sounds and known predictions."""

import math

import pytest
import torch
from torch import Tensor

from training.metrics.audio import SAMPLE_RATE, distance_recovered
from training.metrics.predictions import Predictions
from training.recipes import measures

RATE = SAMPLE_RATE
ROUNDED = 1e-3
CONCEPTS = ("guitar", "voice")


def noise(items: int = 3, samples: int = RATE // 2, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(items, samples, generator=torch.Generator().manual_seed(seed))


def tones(hertz: float, items: int = 3) -> Tensor:
    phase = 2 * math.pi * hertz * torch.arange(RATE // 2) / RATE
    return 0.1 * torch.sin(phase).expand(items, -1)


def predictions(*logits: float) -> dict[str, Predictions]:
    """One classifier's logits for guitar, detected above 0; none for voice."""
    values = torch.tensor([[logit, -1.0] for logit in logits])
    return {"network": Predictions(CONCEPTS, values > 0, values)}


def test_half_the_amplitude_is_six_decibels_and_a_quarter_of_the_energy() -> None:
    assert measures.level_difference(noise(), 2 * noise())["mean"] == pytest.approx(-6.0206, abs=ROUNDED)
    assert measures.share_of_energy(0.5 * noise(), noise())["mean"] == pytest.approx(0.25, abs=ROUNDED)


def test_what_is_still_detected_is_counted_among_what_was_detected() -> None:
    before, after = predictions(1.0, 2.0, -1.0, -2.0), predictions(-1.0, 2.0, 1.0, -2.0)
    figures = measures.still_detected(before, after, "guitar")["network"]
    shares = {name: figure["mean"] for name, figure in figures.items()}
    assert shares == {"at_rest": 0.5, "steered": 0.5, "where_heard_at_rest": 0.5}
    assert measures.share_detected(before["network"], "guitar")["mean"] == 0.5
    assert measures.share_detected(before["network"], "voice")["mean"] == 0


def test_a_classifier_whose_logits_part_the_sounds_has_an_auroc_of_one() -> None:
    answers = {"guitar": predictions(2.0, 3.0), "mixture": predictions(1.0), "voice": predictions(-1.0, 0.5)}
    assert measures.classifier_auroc(answers, "network", "guitar", "voice") == 1
    answers["voice"] = predictions(2.5, 2.5)
    assert measures.classifier_auroc(answers, "network", "guitar", "voice") == pytest.approx(
        1 / 3, abs=ROUNDED
    )


@pytest.mark.parametrize("sign, expected", [(1.0, 1.0), (-1.0, -1.0), (0.0, 0.0)])
def test_logits_that_follow_the_knob_are_monotone(sign: float, expected: float) -> None:
    values = [-1.0, -0.5, 0.0]
    answers = [predictions(sign * value, sign * value**3) for value in values]
    assert measures.monotone(answers, values, "guitar")["network"]["mean"] == pytest.approx(expected)


def test_an_edit_to_the_oracle_recovers_the_whole_distance_and_none_recovers_nothing() -> None:
    target, other = tones(440.0), noise()
    assert distance_recovered(target + other, target, target, target)["mean"] == pytest.approx(1.0)
    assert distance_recovered(target + other, target + other, target, target)["mean"] == 0
    nearer = measures.distance_lower(target + other, target + 0.1 * other, target)["mean"]
    assert 0 < nearer < measures.distance_lower(target + other, target, target)["mean"] == pytest.approx(1.0)


def test_a_late_sound_is_moved_back_and_then_nearer_than_shaped_noise() -> None:
    original = noise()
    late = torch.nn.functional.pad(original, (123, 0))[:, : original.shape[1]]
    aligned = measures.align(late, original)
    assert torch.equal(aligned[:, :-123], original[:, :-123])
    assert not aligned[:, -123:].any()
    figures = measures.beside_noise(original, late)
    assert figures["rendered"]["mean"] < 0.1 * figures["shaped_noise"]["mean"]


def test_shaped_noise_has_the_level_the_spectrum_and_the_envelope_of_the_sound() -> None:
    original = tones(1000.0) * (torch.arange(RATE // 2) < RATE // 4)
    made = measures.shaped_noise(original, seed=1)
    assert measures.level_difference(made, original)["mean"] == pytest.approx(0, abs=ROUNDED)
    spectrum = torch.fft.rfft(made).abs().square()
    hertz = torch.fft.rfftfreq(made.shape[1], 1 / RATE)
    assert spectrum[:, (hertz - 1000).abs() < 200].sum() > 0.9 * spectrum.sum()
    assert made[:, 3 * RATE // 8 :].square().sum() < 0.01 * made.square().sum()
    assert torch.equal(made, measures.shaped_noise(original, seed=1))
    assert not torch.equal(made, measures.shaped_noise(original, seed=2))
