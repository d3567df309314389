from pathlib import Path

import pytest
import torch

from drawstop.audio.files import read_audio
from drawstop.errors import DrawstopError
from tests.helpers.repository import DEMO
from training.classifiers.network import (
    ConceptClassifier,
    load_classifier,
    save_classifier,
)
from training.classifiers.weights_file import CLASSIFIER, read_metadata
from training.metrics.mel import mel_filters, window_samples

GAIN_TOLERANCE = 1e-3
"""Largest change of a logit under a gain: what float32 rounding leaves."""
ACCURACY_FLOOR = 0.8
"""Accuracy of the shipped classifier on the shipped held-out recordings, at least, for each concept."""
LABELS = {"guitar": {"guitar"}, "voice": {"voice"}, "both": {"guitar", "voice"}, "neither": set[str]()}


@pytest.fixture(scope="module")
def shipped() -> ConceptClassifier:
    return load_classifier(DEMO / "judge.safetensors")


@pytest.fixture
def fresh() -> ConceptClassifier:
    torch.manual_seed(0)
    return ConceptClassifier().eval()


def clip(path: str) -> torch.Tensor:
    return torch.from_numpy(read_audio(DEMO / "recordings" / path, 44100, 1)[0])


@pytest.mark.parametrize("sample_rate", [8000, 16000, 32000, 44100, 48000])
def test_every_mel_band_has_a_filter_at_every_rate(sample_rate: int) -> None:
    filters = mel_filters(sample_rate, window_samples(sample_rate))
    assert torch.allclose(filters.sum(1), torch.ones(64))


@pytest.mark.parametrize(
    ("sample_rate", "samples"), [(8000, 512), (32000, 2048), (44100, 2048), (48000, 2048)]
)
def test_windows_are_about_as_long_at_every_rate(sample_rate: int, samples: int) -> None:
    assert window_samples(sample_rate) == samples


def test_frame_logits_are_concepts_by_frames(fresh: ConceptClassifier) -> None:
    logits = fresh.frame_logits(torch.randn(2, 10 * fresh.frame_hop))
    assert logits.shape[:2] == (2, 2)
    assert abs(logits.shape[2] - 10) <= 1


@pytest.mark.parametrize("samples", [1, 100, 2047, 5000])
def test_short_sounds_are_classified_too(fresh: ConceptClassifier, samples: int) -> None:
    assert torch.isfinite(fresh.clip_logits(torch.ones(1, samples))).all()


@pytest.mark.parametrize("gain_db", [-30, -6, 12])
def test_gain_does_not_change_the_answer(shipped: ConceptClassifier, gain_db: float) -> None:
    audio = clip("held_out/both/10.flac")
    changed = shipped.clip_logits(audio * 10 ** (gain_db / 20))
    assert (changed - shipped.clip_logits(audio)).abs().max() < GAIN_TOLERANCE


def test_silent_frames_do_not_count(shipped: ConceptClassifier) -> None:
    audio = clip("held_out/guitar/00.flac")
    padded = torch.nn.functional.pad(audio, (0, 44100))
    assert bool((shipped.detected(padded) == shipped.detected(audio)).all())


@pytest.mark.parametrize(
    "audio", [torch.zeros(2, 44100), 0.002 * torch.sin(torch.arange(88200.0)).view(2, -1)]
)
def test_silence_counts_as_not_detected(shipped: ConceptClassifier, audio: torch.Tensor) -> None:
    assert not shipped.detected(audio, threshold=0.0).any()


def test_a_loud_sound_can_be_detected(shipped: ConceptClassifier) -> None:
    assert shipped.detected(clip("held_out/guitar/00.flac"), threshold=0.0).all()


def test_a_saved_classifier_answers_the_same_bits(tmp_path: Path, fresh: ConceptClassifier) -> None:
    save_classifier(tmp_path / "judge.safetensors", fresh, {"seed": 3})
    audio = torch.randn(1, 20000)
    loaded = load_classifier(tmp_path / "judge.safetensors")
    assert torch.equal(loaded.clip_logits(audio), fresh.clip_logits(audio))
    assert loaded.concepts == fresh.concepts
    assert read_metadata(tmp_path / "judge.safetensors", CLASSIFIER) == {"seed": 3}


def test_a_missing_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="found no file"):
        load_classifier(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 5, 1000])
def test_a_truncated_classifier_is_refused(tmp_path: Path, fresh: ConceptClassifier, kept: int) -> None:
    path = tmp_path / "judge.safetensors"
    save_classifier(path, fresh, {})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DrawstopError, match="truncated or corrupt"):
        load_classifier(path)


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(DrawstopError, match="no readable concept classifier"):
        load_classifier(tmp_path / "other.safetensors")


def test_a_classifier_with_missing_weights_is_refused(tmp_path: Path, fresh: ConceptClassifier) -> None:
    fresh.temporal = torch.nn.Sequential()
    save_classifier(tmp_path / "judge.safetensors", fresh, {})
    with pytest.raises(DrawstopError, match="weights"):
        load_classifier(tmp_path / "judge.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("concept", ["guitar", "voice"])
def test_the_shipped_classifier_detects_concepts_in_held_out_recordings(
    shipped: ConceptClassifier, concept: str
) -> None:
    column = shipped.concepts.index(concept)
    right = []
    for folder, labels in LABELS.items():
        for path in sorted((DEMO / "recordings" / "held_out" / folder).glob("*.flac")):
            predictions = bool(shipped.detected(clip(f"held_out/{folder}/{path.name}"))[0, column])
            right.append(predictions == (concept in labels))
    assert len(right) == 28
    assert sum(right) / len(right) >= ACCURACY_FLOOR
