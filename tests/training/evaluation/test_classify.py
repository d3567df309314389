"""Classification of recordings, and `drawstop classify`, end to end on the shipped RAVE, bank and recordings."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.audio.files import write_audio
from drawstop.errors import DrawstopError
from tests.helpers.models.layered_waves import LayeredWaves, write_waves
from tests.helpers.models.random_banks import random_stops
from tests.helpers.programs.command_line import refused
from tests.helpers.repository import DEMO
from training.banks.bank import load_bank
from training.commands.plots.classification import course
from training.data.labelled_set import LabelledSet
from training.data.read_labelled import read_labelled
from training.evaluation.classify import shares_in
from training.evaluation.encoded_set import EncodedSet, encode_set
from training.evaluation.experiments.classification.experiment import classification_result
from training.evaluation.experiments.classification.measure import classify_set
from training.evaluation.experiments.classification.split_leakage import leakage
from training.evaluation.playback.edits import random_sae
from training.evaluation.probes.clip_statistics import (
    at_one_level,
    features_of,
    log_mel_statistics,
    shares_of,
    windows_of,
)
from training.evaluation.results import from_json, to_json
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE

RECORDINGS = DEMO / "recordings"
Run = Callable[..., tuple[int, str, str]]


def waves_sae(d_in: int = 12) -> SAE:
    return SAE(SAEConfig(d_in=d_in, n_features=32, k=4)).requires_grad_(False)


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    folder = write_waves(tmp_path_factory.mktemp("waves"), count=20, seconds=2.2)
    (folder / "even").rename(folder / "neither")
    return read_labelled(folder)


@pytest.fixture(scope="module")
def encoded(waves: LabelledSet) -> EncodedSet:
    return encode_set(LayeredWaves(), waves_sae(), waves, "b")


def test_rows_of_an_encoded_set_are_the_recordings_in_order(encoded: EncodedSet, waves: LabelledSet) -> None:
    assert encoded.concepts == ("odd",)
    assert encoded.labels[:, 0].tolist() == ["odd" in each.labels for each in waves.recordings]
    for z, features in zip(encoded.frames, encoded.features, strict=True):
        assert z.shape == (220, 12)
        assert np.allclose(features, features_of(encoded.sae, z).mean(0), atol=1e-6)
    assert np.allclose(encoded.shares.sum(1), 1, atol=1e-5)


def test_frames_are_those_of_the_model_in_its_pieces(encoded: EncodedSet, waves: LabelledSet) -> None:
    from training.activations.streamed_frames import ModelFrames
    from training.data.recordings import Recording

    first = waves.recordings[0]
    store = ModelFrames(LayeredWaves(), [Recording(first.path, "", first.group, first.split)], ["b"])
    assert np.allclose(encoded.frames[0], store.of_recording(0)["b"], atol=1e-6)


def test_a_killed_run_encodes_only_what_it_has_not_encoded(waves: LabelledSet, tmp_path: Path) -> None:
    part = replace(waves, recordings=waves.recordings[:5])
    encode_set(LayeredWaves(), waves_sae(), part, "b", cache=tmp_path)
    model = LayeredWaves()
    resumed = encode_set(model, waves_sae(), waves, "b", cache=tmp_path)
    pieces_each = -(-220 // 50)
    assert model.calls == (len(waves.recordings) - 5) * pieces_each
    again = encode_set(LayeredWaves(), waves_sae(), waves, "b", cache=tmp_path)
    assert all(np.array_equal(a, b) for a, b in zip(resumed.frames, again.frames, strict=True))
    assert np.array_equal(resumed.log_mel, again.log_mel)


def test_what_another_normalisation_encoded_is_not_taken_from_the_cache(
    waves: LabelledSet, tmp_path: Path
) -> None:
    part, other = replace(waves, recordings=waves.recordings[:2]), waves_sae()
    other.scale.fill_(2.0)
    once = encode_set(LayeredWaves(), waves_sae(), part, "b", cache=tmp_path)
    halved = encode_set(LayeredWaves(), other, part, "b", cache=tmp_path)
    assert np.allclose(halved.frames[0], once.frames[0] / 2)


def test_only_the_middle_of_a_long_recording_is_encoded(waves: LabelledSet) -> None:
    part = replace(waves, recordings=waves.recordings[:1])
    middle = encode_set(LayeredWaves(None), waves_sae(), part, "b", seconds=1.2)
    whole = encode_set(LayeredWaves(None), waves_sae(), part, "b")
    assert middle.starts == (pytest.approx(0.5),)
    assert np.allclose(middle.frames[0][5:-5], whole.frames[0][55:165], atol=1e-5)


def test_an_sae_of_another_width_is_refused(waves: LabelledSet) -> None:
    with pytest.raises(DrawstopError, match="an SAE of 12 numbers a frame at b, got one of 8"):
        encode_set(LayeredWaves(), waves_sae(8), waves, "b")


def test_silence_only_is_refused_in_words(tmp_path: Path) -> None:
    for i in range(3):
        write_audio(tmp_path / "x" / f"{i}.wav", np.zeros((1, 8000 + i)), 8000)
    with pytest.raises(DrawstopError, match=r"all 3 recordings of .* are silent"):
        encode_set(LayeredWaves(), waves_sae(), read_labelled(tmp_path), "b")


@pytest.mark.parametrize("gain_db", [-20, 12])
def test_log_mel_statistics_do_not_depend_on_the_gain(gain_db: float) -> None:
    audio = torch.randn(8000, generator=torch.Generator().manual_seed(0))
    louder = log_mel_statistics(audio * 10 ** (gain_db / 20), 8000)
    assert np.allclose(louder, log_mel_statistics(audio, 8000), atol=1e-3)


def test_shares_and_levels_of_silence_are_0() -> None:
    nothing = np.zeros((3, 4), np.float32)
    assert not shares_of(nothing).any() and not at_one_level(nothing).any()


def test_windows_cover_every_frame_once(encoded: EncodedSet) -> None:
    z = encoded.frames[0]
    windows = windows_of(encoded.sae, z, encoded.frame_rate, 1.0)
    assert windows.starts == (0.0, 1.0)
    last = features_of(encoded.sae, z[100:]).mean(0)
    assert np.allclose(windows.shares[1], shares_of(last), atol=1e-6)


def test_a_random_sae_encodes_the_same_frames_in_other_directions(encoded: EncodedSet) -> None:
    random = random_sae(encoded.sae, 1000)
    assert random.config.n_features == 32 and torch.equal(random.scale, encoded.sae.scale)
    assert not torch.allclose(random.W_dec, encoded.sae.W_dec, atol=0.1)


@pytest.mark.slow
def test_a_split_by_moments_recognises_recordings_where_labels_mean_nothing() -> None:
    rng = np.random.default_rng(0)
    moments = [rng.standard_normal(30) + 0.5 * rng.standard_normal((20, 30)) for _ in range(40)]
    found = leakage(moments, rng.permutation(np.arange(40) % 2 == 0), range(40), 0, permutations=3)
    assert found.dealt_by_moment > 0.8
    assert 0.4 < found.dealt_by_recording < 0.6


@pytest.mark.slow
def test_the_result_reports_every_concept_beside_its_controls(encoded: EncodedSet) -> None:
    result = classification_result(encoded, quick=True)
    assert from_json(json.loads(json.dumps(to_json(result), allow_nan=False))) == result
    assert all(goal.reached for goal in result.goals), result.goals
    read = result.metrics["concepts"]["odd"]
    assert read["recordings"] == {"with": 10, "without": 10}
    assert read["readers"]["log-mel"]["auroc"]["mean"] > 0.9
    assert len(read["permuted"]["SAE, 5 features"]) == 50


def test_one_class_only_is_refused_in_words(encoded: EncodedSet) -> None:
    with pytest.raises(DrawstopError, match="at least 4 different recordings with it and 4 without"):
        classify_set(replace(encoded, labels=np.ones_like(encoded.labels)))


def test_courses_are_bars() -> None:
    assert course((0.0, 0.49, 1.0, None)) == "▁▄█ "
    assert len(course([0.5] * 1000)) == 30


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    for label in ("guitar", "voice", "neither"):
        shutil.copytree(RECORDINGS / "train" / label, folder / label)
    shutil.copytree(RECORDINGS / "train" / "both", folder / "guitar+voice")
    return folder


@pytest.mark.slow
def test_shares_separate_the_demos_guitar_from_its_voice(example_rave: Path) -> None:
    model = RaveModel(example_rave)
    banks = [load_bank(DEMO / "bank", model.fingerprint)]
    for label, other in (("guitar", "voice"), ("voice", "guitar")):
        for number in ("00", "05"):
            found = shares_in(model, banks, RECORDINGS / "held_out" / label / f"{number}.flac").answers
            assert (found[label].whole or 0) > 0.5 > (found[other].whole or 0)


def test_a_stop_at_several_layers_answers_with_the_mean_over_them(waves: LabelledSet) -> None:
    path = waves.recordings[0].path
    banks = [
        random_stops(width, "waves", site, ("random", "random")) for site, width in (("a", 8), ("b", 12))
    ]
    both = shares_in(LayeredWaves(), banks, path).answers["voice"]
    alone = [shares_in(LayeredWaves(), [bank], path).answers["voice"] for bank in banks]
    assert len(both.seconds) == 2
    assert both.whole == pytest.approx(np.mean([each.whole for each in alone]), abs=1e-4)
    assert both.seconds[1] == pytest.approx(np.mean([each.seconds[1] for each in alone]), abs=1e-4)


@pytest.mark.slow
def test_shares_equal_what_the_instrument_listens_to(example_rave: Path, example_instrument: Path) -> None:
    from drawstop.audio.files import read_audio

    path = RECORDINGS / "held_out" / "both" / "10.flac"
    model = RaveModel(example_rave)
    found = shares_in(model, [load_bank(DEMO / "bank", model.fingerprint)], path)
    audio = torch.from_numpy(read_audio(path, 44100, 1)[0])
    audio = torch.nn.functional.pad(audio, (0, -audio.shape[-1] % 512))
    with torch.no_grad():
        levels = torch.jit.load(str(example_instrument)).listen(audio[None])[0]
        energies = model.encode(audio[None])[0].square().sum(0)
    for level, answer in zip(levels, found.answers.values(), strict=True):
        assert answer.whole == pytest.approx(float((level * energies).sum() / energies.sum()), abs=1e-3)


@pytest.mark.slow
def test_classify_by_the_stops_writes_json_and_a_picture(
    run: Run, tmp_path: Path, example_rave: Path
) -> None:
    take = RECORDINGS / "held_out" / "guitar" / "00.flac"
    write_audio(tmp_path / "silence.wav", np.zeros((1, 44100)), 44100)
    said, drawn = tmp_path / "a.json", tmp_path / "a.png"
    code, out, _ = run(
        *("classify", DEMO / "bank", take, tmp_path / "silence.wav", "--model", example_rave),
        *("--json", said, "--picture", drawn),
    )
    assert code == 0 and "guitar" in out and "share of the sound" in out
    content = json.loads(said.read_text())
    assert content["measure"] == "share"
    loud, silent = content["recordings"]
    assert loud["answers"]["guitar"]["whole"] > 0.9
    assert len(loud["answers"]["guitar"]["per_second"]) == 3
    assert silent["answers"]["voice"]["whole"] in (None, 0.0)
    assert drawn.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_classify_by_examples_reports_probabilities_and_how_good_they_are(
    run: Run, tmp_path: Path, example_rave: Path, examples: Path
) -> None:
    take, known = RECORDINGS / "held_out" / "voice" / "00.flac", examples / "guitar" / "00@fluid-nylon.flac"
    said = tmp_path / "b.json"
    code, out, _ = run(
        "classify",
        DEMO / "bank",
        take,
        known,
        "--model",
        example_rave,
        "--examples",
        examples,
        "--json",
        said,
    )
    assert code == 0 and "cross-validated AUROC" in out
    content = json.loads(said.read_text())
    assert content["examples"]["labels"]["voice"]["with"] == 15
    assert content["examples"]["labels"]["voice"]["auroc"]["mean"] > 0.6
    assert content["recordings"][0]["answers"]["voice"]["whole"] > 0.5
    assert [each["learned_from"] for each in content["recordings"]] == [False, True]


@pytest.mark.slow
def test_too_few_examples_are_refused_in_words(run: Run, tmp_path: Path, example_rave: Path) -> None:
    for label in ("guitar", "neither"):
        (tmp_path / label).mkdir()
        shutil.copy(next((RECORDINGS / "train" / label).glob("*.flac")), tmp_path / label)
    take = RECORDINGS / "held_out" / "voice" / "00.flac"
    result = run("classify", DEMO / "bank", take, "--model", example_rave, "--examples", tmp_path)
    refused(result, "the label guitar: expected at least 4 different recordings")
