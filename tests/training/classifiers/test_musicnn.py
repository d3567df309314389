from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.audio.files import list_audio, read_audio, resample
from drawstop.errors import DrawstopError
from tests.helpers.repository import DEMO
from training.classifiers.musicnn import (
    HOP,
    SAMPLE_RATE,
    TAGS,
    WINDOW_FRAMES,
    Musicnn,
    load_musicnn,
    save_musicnn,
    slaney_filters,
)
from training.classifiers.network import ConceptClassifier, save_classifier
from training.classifiers.weights_file import MUSICNN, read_metadata
from training.data.clips import SILENCE_DBFS, loud_enough
from training.metrics.auroc import auroc_of_columns
from training.recipes.musicnn.thresholds import choose_thresholds

LABELS = {"guitar": {"guitar"}, "voice": {"voice"}, "both": {"guitar", "voice"}, "neither": set[str]()}
PUBLISHED_TOLERANCE = 1e-3
"""Largest difference of scores by the shipped weights, stored as float16, from musicnn's own."""
BATCH_TOLERANCE = 1e-5
"""Another batch size may add float32 numbers in another order."""
RESAMPLING_TOLERANCE = 0.02
"""Largest change of a score by another sample rate: the top mel bands lie where the lowpass begins."""
AREA_TOLERANCE = 0.1
"""A triangle is sampled at the spectrum's few steps."""
AUROC_FLOOR = 0.9
"""AUROC of the shipped musicnn on the shipped held-out recordings, at least, for each concept."""

MUSICNN_SAYS = {
    "pluck": {"guitar": 0.9061, "solo": 0.3172, "slow": 0.1402, "country": 0.1126, "voice": 0.0001},
    "vowel": {"male": 0.3164, "male vocal": 0.2274, "vocal": 0.1169, "guitar": 0.0760, "voice": 0.0482},
}
"""Output of musicnn 0.1.0 for the two sounds below, with TensorFlow 2.21 and librosa 0.11."""


def pluck() -> torch.Tensor:
    """A decaying harmonic tone twice a second, 4 s at SAMPLE_RATE in steps of 16 bits. `[1, samples]`."""
    t = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE - 0.25
    partials = (np.sin(2 * np.pi * 196 * k * t) * np.exp(-3 * k**0.5 * (t % 0.5)) / k for k in range(1, 13))
    return in_16_bits(sum(partials) * (t >= 0))


def vowel() -> torch.Tensor:
    """A tone with vibrato and three formants, as `pluck`."""
    t = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE - 0.25
    phase = 2 * np.pi * 220 * t + 2 * np.sin(2 * np.pi * 5 * t)
    formants = (600, 1000, 2600)
    partials = (
        np.sin(k * phase) * sum(np.exp(-(((220 * k - f) / 150) ** 2)) / (1 + f / 1000) for f in formants)
        for k in range(1, 21)
    )
    return in_16_bits(sum(partials) * (t >= 0))


def in_16_bits(sound: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.round(8000 * sound).astype(np.float32) / 32768)[None]


SOUNDS = {"pluck": pluck, "vowel": vowel}


@pytest.fixture(scope="module")
def shipped() -> Musicnn:
    return load_musicnn(DEMO / "tagger.safetensors")


@pytest.fixture(scope="module")
def fresh() -> Musicnn:
    torch.manual_seed(0)
    return Musicnn((0.25, 0.5))


def test_every_mel_band_has_a_triangle_of_unit_area() -> None:
    area = slaney_filters().sum(1) * SAMPLE_RATE / 512
    assert (
        area[40:] - 1
    ).abs().max() < AREA_TOLERANCE  # the low bands are narrower than the spectrum's steps
    assert (slaney_filters().amax(1) > 0).all()


@pytest.mark.parametrize("name", MUSICNN_SAYS)
def test_the_tags_are_those_of_the_published_musicnn(shipped: Musicnn, name: str) -> None:
    tags = shipped.tags(SOUNDS[name](), SAMPLE_RATE)[0]
    for tag, expected in MUSICNN_SAYS[name].items():
        assert float(tags[TAGS.index(tag)]) == pytest.approx(expected, abs=PUBLISHED_TOLERANCE)


@pytest.mark.slow
def test_guitar_is_one_tag_and_voice_the_strongest_of_the_vocal_ones(shipped: Musicnn) -> None:
    scores = shipped.scores(torch.cat([pluck(), vowel()]), SAMPLE_RATE)
    expected = torch.tensor([[0.9061, 0.0004], [0.0760, 0.3164]])
    assert (scores - expected).abs().max() < PUBLISHED_TOLERANCE


@pytest.mark.slow
def test_logits_are_the_scores_log_odds(shipped: Musicnn) -> None:
    audio = torch.cat([pluck(), vowel()])
    assert torch.allclose(
        shipped.logits(audio, SAMPLE_RATE).sigmoid(), shipped.scores(audio, SAMPLE_RATE), atol=1e-6
    )


@pytest.mark.slow
def test_a_clip_scores_the_same_in_any_batch(shipped: Musicnn) -> None:
    batch = torch.cat([pluck(), vowel(), 0.5 * pluck()])
    alone = torch.cat([shipped.scores(clip[None], SAMPLE_RATE) for clip in batch])
    assert (shipped.scores(batch, SAMPLE_RATE) - alone).abs().max() < BATCH_TOLERANCE


@pytest.mark.slow
def test_a_score_is_the_mean_of_whole_windows(fresh: Musicnn) -> None:
    samples = 2 * WINDOW_FRAMES * HOP
    audio = 0.1 * torch.randn(1, samples + 20 * HOP, generator=torch.Generator().manual_seed(0))
    changed = audio.clone()
    changed[:, samples + 2 * HOP :] = 0
    assert torch.equal(fresh.tags(audio, SAMPLE_RATE), fresh.tags(changed, SAMPLE_RATE))
    changed[:, samples // 2 :] = 0
    assert not torch.allclose(fresh.tags(audio, SAMPLE_RATE), fresh.tags(changed, SAMPLE_RATE))


@pytest.mark.slow
def test_the_sample_rate_hardly_matters(shipped: Musicnn) -> None:
    audio = torch.cat([pluck(), vowel()])
    faster = torch.from_numpy(resample(audio.numpy(), SAMPLE_RATE, 44100))
    difference = shipped.scores(faster, 44100) - shipped.scores(audio, SAMPLE_RATE)
    assert difference.abs().max() < RESAMPLING_TOLERANCE


@pytest.mark.parametrize("samples", [1, 100, 511, 16000])
def test_short_sounds_are_tagged_too(fresh: Musicnn, samples: int) -> None:
    assert torch.isfinite(fresh.logits(torch.ones(1, samples), 44100)).all()


@pytest.mark.parametrize("shape", [(16000,), (1, 1, 16000), (1, 0), (0, 16000)])
def test_audio_of_another_shape_is_refused(fresh: Musicnn, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[batch, samples\]"):
        fresh.scores(torch.zeros(shape), SAMPLE_RATE)


def test_thresholds_outside_of_the_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="threshold"):
        Musicnn((0.5, 1.5))


@pytest.mark.parametrize("gain_db", [-12, 6])
def test_the_level_does_not_change_which_sound_is_the_guitar_and_which_the_voice(
    shipped: Musicnn, gain_db: float
) -> None:
    scores = shipped.scores(torch.cat([pluck(), vowel()]) * 10 ** (gain_db / 20), SAMPLE_RATE)
    assert scores.argmax(0).tolist() == [0, 1]


@pytest.mark.slow
def test_what_lies_below_the_silence_level_is_not_detected(shipped: Musicnn) -> None:
    audio = pluck() / pluck().square().mean().sqrt()
    quiet, loud = (audio * 10 ** ((SILENCE_DBFS + step) / 20) for step in (-0.1, 0.1))
    assert loud_enough(torch.cat([quiet, loud])).tolist() == [False, True]
    sure = Musicnn((1e-6, 1e-6))
    sure.load_state_dict(shipped.state_dict())
    both = torch.cat([quiet, loud, torch.zeros_like(quiet)])
    assert sure.detected(both, SAMPLE_RATE).tolist() == [[False, False], [True, True], [False, False]]


@pytest.mark.slow
def test_each_concept_has_its_own_threshold(fresh: Musicnn) -> None:
    audio = torch.cat([pluck(), vowel(), 0.3 * torch.randn(1, 64000)])
    scores = fresh.scores(audio, SAMPLE_RATE)
    assert torch.equal(fresh.detected(audio, SAMPLE_RATE), scores > torch.tensor([0.25, 0.5]))


def test_a_saved_musicnn_answers_the_same_bits(tmp_path: Path, fresh: Musicnn) -> None:
    path = tmp_path / "tagger.safetensors"
    save_musicnn(path, fresh, {"licence": "ISC"})
    loaded = load_musicnn(path)
    assert torch.equal(loaded.tags(pluck(), SAMPLE_RATE), fresh.tags(pluck(), SAMPLE_RATE))
    assert loaded.thresholds == fresh.thresholds
    assert read_metadata(path, MUSICNN) == {"licence": "ISC"}


def test_a_missing_musicnn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="found no file"):
        load_musicnn(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 5, 1000, 1_000_000])
def test_a_truncated_musicnn_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "tagger.safetensors"
    path.write_bytes((DEMO / "tagger.safetensors").read_bytes()[:kept])
    with pytest.raises(DrawstopError, match="truncated or corrupt"):
        load_musicnn(path)


def test_a_concept_classifier_is_no_musicnn(tmp_path: Path) -> None:
    save_classifier(tmp_path / "judge.safetensors", ConceptClassifier(), {})
    with pytest.raises(DrawstopError, match="no readable musicnn"):
        load_musicnn(tmp_path / "judge.safetensors")


def test_a_musicnn_with_missing_weights_is_refused(tmp_path: Path, fresh: Musicnn) -> None:
    weights = {"network.back.4.bias": fresh.state_dict()["network.back.4.bias"]}
    save_musicnn(tmp_path / "tagger.safetensors", fresh, {}, weights)
    with pytest.raises(DrawstopError, match="weights"):
        load_musicnn(tmp_path / "tagger.safetensors")


def test_the_shipped_file_says_where_it_comes_from_and_carries_its_licence() -> None:
    metadata = read_metadata(DEMO / "tagger.safetensors", MUSICNN)
    assert metadata["wheel_sha256"] == "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
    licence = str(metadata["licence"])
    assert licence.startswith("Copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019.")
    assert " ".join(licence.split()) in " ".join((DEMO / "LICENSE.md").read_text("utf-8").split())


@pytest.mark.slow
def test_the_shipped_musicnn_ranks_the_held_out_recordings_by_concept(shipped: Musicnn) -> None:
    paths = list_audio(DEMO / "recordings" / "held_out")
    audio = torch.cat([torch.from_numpy(read_audio(path, 44100, 1)[0]) for path in paths])
    scores = shipped.scores(audio, 44100)
    for i, concept in enumerate(shipped.concepts):
        labels = torch.tensor([concept in LABELS[path.parent.name] for path in paths])
        assert float(auroc_of_columns(scores[:, i : i + 1], labels)) >= AUROC_FLOOR, concept


def test_the_threshold_lies_halfway_between_the_clips_with_and_without() -> None:
    scores = torch.tensor([[0.1, 0.9], [0.2, 0.1], [0.3, 0.8], [0.8, 0.2], [0.9, 0.3]])
    labels = torch.tensor([[False, True], [False, False], [False, True], [True, False], [True, True]])
    assert choose_thresholds(scores, labels) == pytest.approx((0.55, 0.25))


def test_a_threshold_weighs_both_sides_alike_whatever_their_numbers() -> None:
    scores = torch.tensor([[0.1], [0.3], [0.3], *[[0.2]] * 3, *[[0.4]] * 47])
    labels = torch.tensor([[False]] * 3 + [[True]] * 50)
    assert choose_thresholds(scores, labels) == pytest.approx((0.35,))  # plain accuracy would say 0.15
