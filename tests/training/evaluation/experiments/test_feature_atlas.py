"""The atlas on features that follow synthesised tones by construction, and on the shipped RAVE."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drawstop.audio.files import write_audio
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.feature_atlas.experiment import atlas_result
from training.evaluation.experiments.feature_atlas.measure import (
    SIGNIFICANT,
    Atlas,
    discovery_rates,
    follow,
    label_aurocs,
    make_atlas,
    name_of,
)
from training.evaluation.probes.clip_statistics import features_of, shares_of
from training.metrics.descriptors import DESCRIPTORS, describe
from training.sae.config import SAEConfig
from training.sae.model import SAE

pytestmark = pytest.mark.slow

RATE = 16000
STEP = 1600
STEP_FRAMES = 5
SECONDS = 3
PITCH, LOUDNESS, NOISE, LABEL = 0, 1, 2, 3
"""What the planted features follow; the others follow nothing."""


def sound_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Tones and noises of a fifth of a second in a random order, and what each step is: pitch, level, noise."""
    parts, truth = [], []
    for _ in range(SECONDS * 5):
        pitch, level, noisy = rng.uniform(50, 80), rng.uniform(0.05, 0.5), rng.random() < 0.3
        time = np.arange(2 * STEP) / RATE
        tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time)
        parts.append(level * (rng.uniform(-1, 1, len(time)) if noisy else tone))
        truth += [[np.nan if noisy else pitch, level * (0.58 if noisy else 0.71), noisy]] * 2
    return np.concatenate(parts).astype(np.float32), np.array(truth)


@pytest.fixture(scope="module")
def described() -> tuple[np.ndarray, np.ndarray]:
    audio, truth = sound_of(np.random.default_rng(0))
    return describe(audio, RATE, STEP, len(truth)), truth


def test_descriptors_of_tones_are_those_that_were_played(described: tuple[np.ndarray, np.ndarray]) -> None:
    seen, truth = described
    pitched = np.isfinite(seen[:, 0]) & np.isfinite(truth[:, 0])
    assert pitched.sum() > 0.7 * np.isfinite(truth[:, 0]).sum()
    assert np.median(np.abs(seen[pitched, 0] - truth[pitched, 0])) < 0.25
    decibels = 20 * np.log10(truth[:, 1])
    assert np.median(np.abs(seen[:, 1] - decibels)) < 0.7
    noisy = truth[:, 2] == 1
    for name in ("brightness", "noisiness"):
        column = seen[:, DESCRIPTORS.index(name)]
        assert column[noisy].min() > np.median(column[~noisy])


def test_silence_has_no_descriptors() -> None:
    assert np.isnan(describe(np.zeros(RATE, np.float32), RATE, STEP, 10)).all()


def planted(folder: Path, count: int = 12) -> tuple[EncodedSet, list[np.ndarray]]:
    """A set whose SAE passes on one number per feature, and the numbers follow the sound."""
    recordings, frames, descriptors = [], [], []
    for i in range(count):
        rng = np.random.default_rng(100 + i)
        audio, truth = sound_of(rng)
        path = folder / ("one", "other")[i % 2] / f"{i}.wav"
        write_audio(path, audio[None], RATE)
        steps = len(truth)
        x = np.abs(rng.standard_normal((steps, 8)))
        x[:, PITCH] = np.where(np.isnan(truth[:, 0]), 0, truth[:, 0] - 45)
        x[:, LOUDNESS] = 10 * truth[:, 1]
        x[:, NOISE] = truth[:, 2] * rng.uniform(1, 2, steps)
        x[:, LABEL] += 3 * (i % 2)
        frames.append(np.repeat(x, STEP_FRAMES, axis=0).astype(np.float32))
        labels = frozenset(["other"] if i % 2 else [])
        recordings.append(LabelledRecording(path, labels, f"{i}", "train"))
        descriptors.append(describe(audio, RATE, STEP, steps))
    return encoded_of(recordings, frames), descriptors


def encoded_of(recordings: list[LabelledRecording], frames: list[np.ndarray]) -> EncodedSet:
    sae = SAE(SAEConfig(d_in=8, n_features=8, k=8))
    with torch.no_grad():
        sae.W_enc.copy_(torch.eye(8))
        sae.W_dec.copy_(torch.eye(8))
    sae.requires_grad_(False)
    features = np.stack([features_of(sae, z).mean(0) for z in frames])
    data = LabelledSet("planted", "folders", tuple(recordings))
    labels = np.array([["other" in each.labels] for each in recordings])
    none, loud = np.zeros((len(frames), 0), np.float32), np.ones(len(frames), bool)
    starts = (0.0,) * len(frames)
    rate = RATE / STEP * STEP_FRAMES
    shares = shares_of(features)
    return EncodedSet(
        data,
        "a",
        sae,
        rate,
        RATE,
        starts,
        tuple(frames),
        features,
        shares,
        none,
        none,
        labels,
        ("other",),
        loud,
    )


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[EncodedSet, list[np.ndarray]]:
    return planted(tmp_path_factory.mktemp("tones"))


@pytest.fixture(scope="module")
def atlas(truth: tuple[EncodedSet, list[np.ndarray]]) -> Atlas:
    return make_atlas(*truth, STEP_FRAMES, shifts=60)


@pytest.mark.parametrize(
    ("feature", "descriptor"), [(PITCH, "pitch"), (LOUDNESS, "loudness"), (NOISE, "noisiness")]
)
def test_a_feature_that_follows_a_descriptor_is_found(atlas: Atlas, feature: int, descriptor: str) -> None:
    column = DESCRIPTORS.index(descriptor)
    assert atlas.following.q[feature, column] < 1e-3
    assert atlas.following.strengths[feature, column] > 0.75
    assert atlas.following.correlations[feature, column] <= atlas.following.strengths[feature, column] + 1e-9


def test_features_that_follow_nothing_have_no_name(atlas: Atlas) -> None:
    assert atlas.names[4:] == ("", "", "", "")
    assert (atlas.following.control > SIGNIFICANT).mean() > 0.95


def test_names_say_what_features_follow_and_detect(atlas: Atlas) -> None:
    assert atlas.names[PITCH].startswith("high")
    assert atlas.names[LOUDNESS].startswith("loud")
    assert "noisy" in atlas.names[NOISE] and "loud" not in atlas.names[NOISE]
    assert atlas.names[LABEL] == "other"
    assert set(atlas.by_informativeness()[:4]) == {PITCH, LOUDNESS, NOISE, LABEL}


def test_density_and_loudest_moments_are_those_planted(
    truth: tuple[EncodedSet, list[np.ndarray]], atlas: Atlas
) -> None:
    encoded, _ = truth
    whole = np.concatenate(encoded.frames)
    assert np.allclose(atlas.density, (whole > 0).mean(0))
    for feature in (LOUDNESS, 5):
        moments = atlas.moments[feature]
        best = max(range(len(encoded)), key=lambda i: encoded.frames[i][:, feature].max())
        assert moments[0].recording == best
        assert moments[0].value == pytest.approx(whole[:, feature].max(), abs=1e-3)
        frame = round(moments[0].seconds * encoded.frame_rate)
        assert encoded.frames[best][frame, feature] == pytest.approx(moments[0].value, abs=1e-3)
        assert len({moment.recording for moment in moments}) == 3


def test_slow_courses_that_have_nothing_to_do_with_each_other_are_not_taken_for_discoveries() -> None:
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.standard_normal((3000, 45)), axis=0)
    slow -= np.stack([np.convolve(column, np.ones(300) / 300, "same") for column in slow.T], 1)
    found = follow(slow[:, :40].astype(np.float32), slow[:, 40:].astype(np.float32), 30, 0, 100)
    assert (found.q <= SIGNIFICANT).mean() < 0.02


def test_a_label_auroc_by_hand() -> None:
    shares = np.array([[0.1, 0.5], [0.2, 0.5], [0.3, 0.5], [0.3, 0.5], [0.4, 0.5], [0.5, 0.5]], np.float32)
    labels = np.array([[0], [0], [0], [1], [1], [1]], bool)
    auroc, _ = label_aurocs(shares, labels)
    assert auroc[:, 0].tolist() == pytest.approx([8.5 / 9, 0.5])
    assert np.isnan(label_aurocs(shares, np.array([[0], [0], [0], [0], [0], [1]], bool))[0]).all()


def test_discovery_rates_by_hand() -> None:
    p = np.array([[0.01, 0.04], [0.03, 0.5]])
    assert discovery_rates(p).reshape(-1).tolist() == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])


def test_weak_or_chance_correlations_give_no_word() -> None:
    strengths, sure, chance = np.array([0.9, -0.5, 0.2, 0.0, 0.0]), np.zeros(5), np.ones(5)
    nothing = np.array([np.nan]), np.ones(1)
    assert name_of(strengths, sure, *nothing, ["x"]) == "high, quiet"
    assert name_of(strengths, chance, *nothing, ["x"]) == ""
    assert name_of(strengths, chance, np.array([0.9]), np.zeros(1), ["x"]) == "x"


def test_the_section_writes_short_sounds_and_says_the_same_twice(
    truth: tuple[EncodedSet, list[np.ndarray]], tmp_path: Path
) -> None:
    encoded, _ = truth
    runs = [
        atlas_result(encoded, tmp_path / name, quick=True, cache=tmp_path / "cache") for name in ("a", "b")
    ]
    assert runs[0] == runs[1]
    sounds = [sound for row in runs[0].content[0].rows for sound in row]
    assert len(sounds) >= 12
    for sound in sounds:
        path = tmp_path / "a" / sound.path
        assert 0.4 < soundfile.info(path).duration <= 1.01
        assert path.stat().st_size < 60_000
    assert {path.name for path in (tmp_path / "b" / "atlas").iterdir()} == {Path(s.path).name for s in sounds}
    assert runs[0].goals[0].reached


def test_gain_does_not_make_every_feature_of_a_bias_free_sae_loud(
    truth: tuple[EncodedSet, list[np.ndarray]],
) -> None:
    encoded, descriptors = truth
    sae = encoded.sae
    sae_free = SAE(replace(sae.config, centre=False, bias=False))
    sae_free.load_state_dict(sae.state_dict())
    louder = [
        z * np.repeat(10 ** (each[:, 1:2] / 20), STEP_FRAMES, axis=0)
        for z, each in zip(encoded.frames, descriptors, strict=True)
    ]
    frames = tuple(z.astype(np.float32) for z in louder)
    atlas = make_atlas(replace(encoded, sae=sae_free, frames=frames), descriptors, STEP_FRAMES, shifts=60)
    assert all("loud" not in name for name in atlas.names[4:])
