import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drawstop.errors import DrawstopError
from training.classifiers.clap import ClapClassifier
from training.classifiers.classifier import (
    LogMelClassifier,
    MusicnnClassifier,
    NetworkClassifier,
    accuracy,
    best_threshold,
)
from training.classifiers.musicnn import load_musicnn
from training.classifiers.network import load_classifier
from training.data.clips import CLIP_SECONDS
from training.data.labelled_set import LabelledRecording
from training.evaluation.example_set import EXAMPLE, example_set
from training.evaluation.playback.held_out_clips import LEAD_SECONDS, cut_clips
from training.metrics.auroc import auroc_of_columns
from training.models.rave.model import RaveModel

RATE = 16000
ADDITIVE_ERROR = 0.1
"""Largest error as a share of the energy; the example RAVE has .03 on average between a mixture and its parts' sum."""


def tones_and_noises(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    time = np.arange(RATE) / RATE
    labels = np.arange(count) % 2 == 0
    sounds = [
        np.sin(2 * np.pi * rng.uniform(200, 800) * time) if tone else rng.standard_normal(RATE)
        for tone in labels
    ]
    levels = 10 ** (rng.uniform(-30, -10, (count, 1)) / 20)
    return torch.tensor(levels * np.stack(sounds), dtype=torch.float32), torch.tensor(labels)[:, None]


@pytest.mark.slow
def test_a_log_mel_classifier_separates_tones_from_noises_at_any_level_and_rate() -> None:
    classifier = LogMelClassifier(["tone"], *_swapped(tones_and_noises(40, 0)))
    sounds, labels = tones_and_noises(40, 1)
    assert accuracy(classifier.predict(sounds, RATE), ["tone"], labels)["tone"] == {
        "accuracy": 1.0,
        "auroc": 1.0,
    }
    silent = classifier.predict(torch.zeros(2, RATE), RATE)
    assert not silent.detected.any()


@pytest.mark.slow
def test_a_log_mel_classifier_needs_both_kinds() -> None:
    sounds, labels = tones_and_noises(8, 0)
    with pytest.raises(DrawstopError, match="with and without"):
        LogMelClassifier(["tone"], sounds, RATE, torch.ones_like(labels))


def test_the_best_threshold_lies_between_the_kinds() -> None:
    scores, truth = torch.tensor([0.1, 0.2, 0.6, 0.9]), torch.tensor([False, False, True, True])
    assert best_threshold(scores, truth) == pytest.approx(0.4)


@pytest.mark.slow
def test_the_shipped_classifiers_detect_concepts_in_the_shipped_held_out_recordings() -> None:
    data = example_set(EXAMPLE.recordings)
    unseen = [r for r in data.of("test") if len(r.labels) == 1]
    sounds = torch.stack([torch.from_numpy(soundfile.read(r.path, dtype="float32")[0]) for r in unseen])
    truth = torch.tensor(["voice" in r.labels for r in unseen])
    musicnn = MusicnnClassifier(load_musicnn(EXAMPLE.musicnn), ("guitar", "voice"))
    for classifier in (NetworkClassifier(load_classifier(EXAMPLE.classifier)), musicnn):
        logits = classifier.predict(sounds, 44100).of("voice")[1]
        assert float(auroc_of_columns(logits[:, None], truth)) > 0.9, classifier.name


@pytest.mark.slow
def test_a_tag_without_a_threshold_of_its_own_gets_one_from_recordings() -> None:
    classifier = MusicnnClassifier(load_musicnn(EXAMPLE.musicnn), ("piano",))
    sounds, labels = tones_and_noises(12, 0)
    classifier.calibrate(sounds, RATE, labels)
    assert classifier.thresholds != [0.5]
    assert MusicnnClassifier.knows(("guitar", "male voice")) and not MusicnnClassifier.knows(("kazoo",))


@pytest.mark.slow
def test_mixtures_are_the_sum_of_parts_that_come_from_other_recordings() -> None:
    data, model = example_set(EXAMPLE.recordings), RaveModel(EXAMPLE.rave)
    clips = cut_clips(model, data.of("test"), ("guitar", "voice"), 4, 0)
    places = clips.mixed("guitar")
    assert len(places) == 4 and places == clips.mixed("voice")
    assert clips.lead == 0  # three seconds leave no room for one
    sums = clips.parts["guitar"] + clips.parts["voice"]
    error = (clips.latents[places] - sums[places]).square().sum() / clips.latents[places].square().sum()
    assert float(error) < ADDITIVE_ERROR
    assert all("+" in clips.groups[i] for i in places)
    assert not clips.parts["guitar"][clips.alone("guitar")].any()


@pytest.mark.slow
def test_long_recordings_play_on_before_what_is_measured(tmp_path: Path) -> None:
    model = RaveModel(EXAMPLE.rave)
    rng = np.random.default_rng(0)
    recordings = []
    for label in ("a", "b"):
        path = tmp_path / f"{label}.wav"
        soundfile.write(path, 0.1 * rng.standard_normal(44100 * 6), 44100)
        recordings.append(LabelledRecording(path, frozenset({label}), label, "test"))
    clips = cut_clips(model, recordings, ("a", "b"), 4, 0)
    ratio = model.rates.ratio
    assert clips.lead == round(LEAD_SECONDS * 44100) // ratio
    assert clips.originals.shape[1] == round(CLIP_SECONDS * 44100) // ratio * ratio
    assert len(clips.alone("a")) == 2
    assert {clips.groups[i] for i in clips.alone("a")} == {"a"}


@pytest.mark.slow
def test_silence_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(44100 * 5), 44100)
    recording = LabelledRecording(tmp_path / "a.wav", frozenset({"a"}), "a", "test")
    with pytest.raises(DrawstopError, match="nothing but silence"):
        cut_clips(RaveModel(EXAMPLE.rave), [recording], ("a",), 4, 0)


@pytest.mark.slow
def test_a_clap_from_a_folder_is_asked_in_words(tmp_path: Path) -> None:
    classifier = ClapClassifier(_tiny_clap(tmp_path), ("guitar", "voice"))
    sounds = tones_and_noises(3, 0)[0]
    predictions = classifier.predict(sounds, RATE)
    assert predictions.logits.shape == (3, 2) and torch.isfinite(predictions.logits).all()
    assert torch.equal(predictions.detected, predictions.logits > 0)
    assert torch.equal(classifier.predict(sounds, RATE).logits, predictions.logits)


@pytest.mark.slow
def test_a_folder_without_a_clap_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"expected a CLAP's folder"):
        ClapClassifier(tmp_path, ("guitar",))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clap"}))
    with pytest.raises(DrawstopError, match="download it again"):
        ClapClassifier(tmp_path, ("guitar",))


def _swapped(pair: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, int, torch.Tensor]:
    return pair[0], RATE, pair[1]


def _tiny_clap(folder: Path) -> Path:
    """A CLAP of random weights and a tokenizer of single letters, saved as the hub has them."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor, RobertaTokenizerFast

    letters = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", *map(chr, range(97, 123))]
    (folder / "vocab.json").write_text(json.dumps({letter: i for i, letter in enumerate(letters)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    config = ClapConfig(
        text_config={
            "vocab_size": len(letters),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "projection_dim": 8,
            "max_position_embeddings": 128,
            "pad_token_id": 1,
        },
        audio_config={
            "patch_embeds_hidden_size": 8,
            "depths": [1, 1],
            "num_attention_heads": [1, 1],
            "hidden_size": 16,
            "projection_dim": 8,
            "num_hidden_layers": 2,
            "spec_size": 256,
            "num_mel_bins": 64,
            "num_classes": 2,
        },
        projection_dim=8,
    )
    torch.manual_seed(0)
    ClapModel(config).save_pretrained(folder)
    ClapProcessor(ClapFeatureExtractor(truncation="rand_trunc"), tokenizer).save_pretrained(folder)
    return folder
