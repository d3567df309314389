"""The cached classifier of an evaluation: used again for the same recordings and options, trained anew otherwise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch

from tests.helpers.models.random_banks import random_stops
from training.banks.bank import load_bank
from training.classifiers.cache import FILE
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.evaluation import context
from training.evaluation.context import Options
from training.evaluation.example_set import EXAMPLE
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.rave_context import RaveContext
from training.models.rave.model import RaveModel

if TYPE_CHECKING:
    from training.models.musicgen.model import MusicGenModel

SHORT = ClassifierOptions(steps=2, batch=4, reconstructions=4)
"""Two steps change every weight: enough to distinguish classifiers."""

ClassifierOf = Callable[..., ConceptClassifier]


def tones(folder: Path, low_hz: float) -> LabelledSet:
    """Two recordings of each label, of a second and a half."""
    recordings = []
    for place, label in enumerate(("guitar", "guitar", "voice", "voice")):
        path = folder / f"{low_hz:g}-{place}.wav"
        time = np.arange(int(1.5 * 44100)) / 44100
        soundfile.write(path, 0.1 * np.sin(2 * np.pi * low_hz * (1 + place) * time), 44100)
        recordings.append(LabelledRecording(path, frozenset({label}), str(place), "train"))
    return LabelledSet("tones", "folders", tuple(recordings))


@pytest.fixture(scope="module")
def rave() -> RaveModel:
    return RaveModel(EXAMPLE.rave)


@pytest.fixture
def classifier_of(rave: RaveModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClassifierOf:
    """The classifier of the example bank on some recordings, kept in one folder."""
    monkeypatch.setattr(context, "CONCEPT_OPTIONS", SHORT)
    bank = load_bank(EXAMPLE.folder / "bank", rave.fingerprint)

    def call(data: LabelledSet, seed: int = 0) -> ConceptClassifier:
        return RaveContext(rave, bank, data, tmp_path / "out", Options(seed)).network()

    return call


def same(one: ConceptClassifier, other: ConceptClassifier) -> bool:
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.slow
def test_a_classifier_of_the_same_things_is_used_again(classifier_of: ClassifierOf, tmp_path: Path) -> None:
    data = tones(tmp_path, 200)
    first = classifier_of(data)
    written = (tmp_path / "out" / FILE).stat().st_mtime_ns
    assert same(classifier_of(data), first)
    assert (tmp_path / "out" / FILE).stat().st_mtime_ns == written


@pytest.mark.slow
def test_other_recordings_labels_or_seeds_have_a_classifier_of_their_own(
    classifier_of: ClassifierOf, tmp_path: Path
) -> None:
    data, other = tones(tmp_path, 200), tones(tmp_path, 310)
    first = classifier_of(data)
    swapped = [replace(each, labels=frozenset({"voice", "guitar"}) - each.labels) for each in data.recordings]
    for classifier in (
        classifier_of(other),
        classifier_of(replace(data, recordings=tuple(swapped))),
        classifier_of(data, 1),
    ):
        assert not same(classifier, first)
    assert same(classifier_of(data), first)


@pytest.mark.slow
def test_a_file_that_changed_in_its_place_is_trained_on_anew(
    classifier_of: ClassifierOf, tmp_path: Path
) -> None:
    data = tones(tmp_path, 200)
    first = classifier_of(data)
    for each in data.recordings:
        soundfile.write(each.path, 0.1 * np.random.default_rng(0).standard_normal(66150), 44100)
    assert not same(classifier_of(data), first)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"no weights"])
def test_a_damaged_classifier_is_trained_anew(
    classifier_of: ClassifierOf, tmp_path: Path, damage: bytes
) -> None:
    data = tones(tmp_path, 200)
    first = classifier_of(data)
    (tmp_path / "out" / FILE).write_bytes(damage)
    assert same(classifier_of(data), first)


def test_a_musicgens_classifier_follows_the_seed_too(
    musicgen: "MusicGenModel", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.evaluation.playback.musicgen import Prompt

    monkeypatch.setattr(context, "CONCEPT_OPTIONS", SHORT)
    bank = random_stops(musicgen.width, musicgen.fingerprint, "layers.1")
    prompts = tuple(Prompt(label, frozenset({label})) for label in ("guitar", "voice"))
    data = tones(tmp_path, 200)

    def classifier(seed: int) -> ConceptClassifier:
        asked = MusicGenContext(musicgen, (bank,), data, prompts, tmp_path / "out", Options(seed))
        return asked.network()

    first = classifier(0)
    assert same(classifier(0), first)
    assert not same(classifier(1), first)
