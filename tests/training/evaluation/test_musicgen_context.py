"""A MusicGen's layers in the report: features and separability, where the truth is known by how the banks are made."""

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.stop import Stop
from training.classifiers.training import ClassifierOptions
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.recordings import load
from training.evaluation import context as context_module
from training.evaluation.context import Options
from training.evaluation.experiment_tables import MUSICGEN
from training.evaluation.experiments.layers import experiment as layers
from training.evaluation.experiments.sae_quality import experiment as sae_quality
from training.evaluation.experiments.separability.space import LayersSpace
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.playback import musicgen as pieces
from training.evaluation.playback.musicgen import Prompt
from training.evaluation.results import from_json, to_json
from training.models.musicgen.likelihood import log_likelihood
from training.sae.config import SAEConfig
from training.sae.model import SAE

if TYPE_CHECKING:
    from training.models.musicgen.model import MusicGenModel

SHORT = ClassifierOptions(steps=2, batch=4, reconstructions=4)
TRAIN, TEST = 2, 6
"""Recordings of each label; six of each are enough for the linear classifier."""
NATS_TOLERANCE = 1e-3
"""Tolerance for a reconstruction that is exact except for rounding."""


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    """Guitars are low, voices high, others noise; a second each, at the tiny model's rate."""
    folder, recordings = tmp_path_factory.mktemp("tones"), []
    rng, time = np.random.default_rng(0), np.arange(4000) / 4000
    for label, hertz in (("guitar", 200.0), ("voice", 900.0), ("", 0.0)):
        for place in range(TRAIN + TEST):
            tone = np.sin(2 * np.pi * hertz * rng.uniform(0.9, 1.1) * time)
            path = folder / f"{label or 'neither'}-{place}.wav"
            soundfile.write(path, 0.2 * tone + 0.02 * rng.standard_normal(4000), 4000)
            split = "train" if place < TRAIN else "test"
            labels = frozenset({label} - {""})
            recordings.append(LabelledRecording(path, labels, path.name, split))
    return LabelledSet("tones", "folders", tuple(recordings))


def axes(width: int, threshold: float) -> SAE:
    """An SAE that has every number of a frame as a feature, and its negative: it explains all above the threshold."""
    config = SAEConfig(width, 2 * width, 4, "batchtopk", steps=3, batch_size=64)
    sae = SAE(config)
    both = torch.cat([torch.eye(width), -torch.eye(width)])
    with torch.no_grad():
        sae.W_dec.copy_(both)
        sae.W_enc.copy_(both.T)
        sae.threshold.fill_(threshold)
    return sae.requires_grad_(False)


def stop_of(name: str, sae: SAE, numbers: range) -> Stop:
    """A stop that takes some numbers of a frame away, wholly."""
    width = sae.config.d_in
    chosen = torch.tensor([*numbers, *(width + number for number in numbers)])
    shares = torch.zeros(2 * width).index_fill_(0, chosen, 1.0)
    return Stop(name, name, "static", shares, torch.zeros(0, width), 1.0)


@pytest.fixture(scope="module")
def context(
    musicgen: "MusicGenModel", tones: LabelledSet, tmp_path_factory: pytest.TempPathFactory
) -> MusicGenContext:
    """`layers.0` has no stop; `layers.1` is described wholly; `layers.2` not at all, its mean apart."""
    whole, nothing = axes(musicgen.width, 0.0), axes(musicgen.width, 1e9)
    frames = musicgen.frames(
        torch.stack([load(each.path, 4000, 1) for each in tones.of("test")]), "layers.2"
    )["layers.2"]
    nothing.mean.copy_(frames.transpose(1, 2).flatten(0, 1).mean(0))
    stops = {"layers.1": (stop_of("guitar", whole, range(8)), stop_of("voice", whole, range(4, 12)))}
    stops["layers.2"] = (stop_of("voice", nothing, range(8)),)
    saes = {"layers.0": whole, "layers.1": whole, "layers.2": nothing}
    banks = [StopBank(sae, stops.get(site, ()), musicgen.fingerprint, site) for site, sae in saes.items()]
    prompts = [Prompt("guitar", frozenset({"guitar"})), Prompt("voice", frozenset({"voice"}))]
    folder = tmp_path_factory.mktemp("evidence")
    return MusicGenContext(musicgen, tuple(banks), tones, tuple(prompts), folder, Options(quick=True))


def test_the_models_own_loss_is_recovered_by_a_layers_whole_frames_and_not_by_their_mean(
    context: MusicGenContext,
) -> None:
    result = sae_quality.run(context, context.options)
    assert from_json(to_json(result)) == result
    assert set(result.metrics) == {"layers.1", "layers.2"}, "layers without stops are left out"
    whole, nothing = (result.metrics[site]["recovered"] for site in ("layers.1", "layers.2"))
    unseen = [load(each.path, 4000, 1)[None] for each in context.data.of("test")]
    known = -np.mean([float(log_likelihood(context.model, sound)) for sound in unseen])
    assert whole["measure"] == "cross-entropy, nats per token"
    assert whole["original"] == pytest.approx(known, abs=NATS_TOLERANCE)
    assert whole["reconstruction"] == pytest.approx(known, abs=NATS_TOLERANCE)
    assert nothing["original"] == pytest.approx(known, abs=NATS_TOLERANCE)
    assert nothing["reconstruction"] == pytest.approx(nothing["mean"], abs=NATS_TOLERANCE)
    assert abs(nothing["mean"] - known) > 10 * NATS_TOLERANCE
    assert result.metrics["layers.1"]["fve"]["mean"] == pytest.approx(1.0, abs=1e-3)
    assert result.metrics["layers.2"]["dead"] == 2 * context.model.width
    assert "layers.1: " in result.answer and "layers.2: " in result.answer


def test_stops_of_other_numbers_are_separable_and_those_that_share_some_are_not(
    context: MusicGenContext,
) -> None:
    space = LayersSpace(context.steered_banks, context.encoded, ("guitar", "voice"))
    guitar, voice = (space.change(concept, -1.0) for concept in ("guitar", "voice"))
    x = space.encoded["layers.1"]
    frames = torch.cat([torch.from_numpy(x.frames[place]) for place in space._places(None)])
    assert energy(guitar) == pytest.approx(energy(frames[:, :8]), rel=1e-3)
    assert float(guitar @ voice) == pytest.approx(energy(frames[:, 4:8]), rel=1e-3)
    assert float(torch.minimum(space.shares("guitar"), space.shares("voice")).sum()) == 8
    left = space.solo_levels("guitar", -1.0, "layers.1")
    assert left.shape == (TEST, context.model.width)
    assert not left[:, :8].any() and left[:, 8:].all()


def energy(x: Tensor) -> float:
    return float(x.square().sum())


def test_separability_is_measured_in_pieces_and_read_from_every_layer_with_stops(
    context: MusicGenContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_module, "CONCEPT_OPTIONS", SHORT)
    monkeypatch.setattr(pieces, "SECONDS", 0.2)
    result = MUSICGEN["separability"].run(context, context.options)
    assert from_json(to_json(result)) == result
    pairs = result.metrics["pairs"]
    assert set(pairs) == {"guitar and voice at layers.1", "guitar and voice at layers.2"}
    first, second = (pairs[f"guitar and voice at {site}"] for site in ("layers.1", "layers.2"))
    assert first["after"] == 1.0, "a linear classifier sees which numbers are gone"
    assert second["after"] == second["before"] is not None, "an SAE that says nothing takes nothing away"
    cosine = result.metrics["cosines"]["−1"]
    assert cosine[0][0] == 1.0 and 0 < cosine[0][1] < 1.0
    assert result.metrics["overlap"][0][1] == pytest.approx(8 / 40, abs=1e-3)  # of layers.2 too
    assert set(result.metrics["moved"]["−1"]) == {"judge", "log-mel"}
    assert np.shape(result.metrics["moved"]["−1"]["judge"]) == (2, 2)


def test_every_layer_with_a_bank_is_read_and_edited_for_each_concept(
    context: MusicGenContext,
) -> None:
    result = layers.run(context, context.options)
    assert from_json(to_json(result)) == result
    assert set(result.metrics) == {"guitar", "voice"}
    for rows in result.metrics.values():
        assert [row["site"] for row in rows] == ["layers.0", "layers.1", "layers.2"]
        assert rows[1]["fve"] == pytest.approx(1.0, abs=1e-3)
        assert rows[1]["off_nats"]["static"] != 0
        assert rows[2]["off_nats"]["static"] == 0, "an SAE that says nothing takes nothing away"
