"""drawstop train, layers and find on a MusicGen: a tiny random one, by the commands a user would type."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.audio.files import write_audio
from tests.helpers.programs.command_line import Run, refused
from training.banks.bank import STOPS_FILE
from training.banks.bank_folders import BANKS_FILE, load_banks
from training.find.musicgen.prediction_effect import PredictionEffect
from training.find.musicgen.stop_spec import CAP
from training.models.musicgen.likelihood import likelihood_gradients, log_likelihood
from training.models.musicgen.model import MusicGenModel

pytestmark = pytest.mark.slow

RATE = 4000


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.helpers.models.tiny_musicgen import save_tiny_musicgen

    return save_tiny_musicgen(tmp_path_factory.mktemp("musicgen") / "tiny")


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tones")
    for kind, name in enumerate(("low", "high")):
        for i in range(6):
            rng = np.random.default_rng(10 * kind + i)
            time = np.arange(4 * RATE) / RATE
            tone = 0.3 * np.sin(2 * np.pi * rng.uniform(150, 250) * (1 + 3 * kind) * time)
            write_audio(
                folder / name / f"{i}.wav", (tone + 0.02 * rng.standard_normal(len(time)))[None], RATE
            )
    return folder


@pytest.fixture(scope="module")
def banks(tiny: Path, tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import drawstop.cli

    out = tmp_path_factory.mktemp("trained") / "banks"
    arguments = ["train", tiny, tones, "--site", "layers.0", "--site", "layers.2", "--out", out]
    arguments += [
        "--features",
        48,
        "--k",
        4,
        "--steps",
        30,
        "--stream",
        "--buffer-frames",
        1024,
        "--device",
        "cpu",
    ]
    with pytest.raises(SystemExit) as ended:
        drawstop.cli.main([str(argument) for argument in arguments])
    assert ended.value.code == 0
    return out


def test_several_sites_are_a_folder_of_banks_and_nothing_is_left_beside_it(banks: Path, tiny: Path) -> None:
    loaded = load_banks(banks)
    assert [bank.site for bank in loaded] == ["layers.0", "layers.2"]
    assert (banks / BANKS_FILE).is_file()
    assert [path.name for path in banks.parent.iterdir()] == ["banks"]
    for bank in loaded:
        assert bank.sae.config.centre
        assert bank.sae.metrics is not None
        assert bank.sae.metrics.fraction_of_variance_explained > 0.3
        assert bank.provenance["streamed"] is True


def test_the_likelihood_is_the_mean_log_probability_of_the_tokens(tiny: Path, tones: Path) -> None:
    musicgen = MusicGenModel(str(tiny), "cpu")
    audio = torch.randn(2, 1, 2 * RATE, generator=torch.Generator().manual_seed(0)) * 0.1
    codes, _ = musicgen.model.compression_model.encode(audio)
    attributes, _ = musicgen.model._prepare_tokens_and_attributes([None, None], None)
    with torch.no_grad():
        output = musicgen.lm.compute_predictions(codes, attributes)
    for row in range(2):
        mask = output.mask[row]
        wanted = -torch.nn.functional.cross_entropy(output.logits[row][mask], codes[row][mask])
        assert float(log_likelihood(musicgen, audio)[row]) == pytest.approx(float(wanted), abs=1e-5)
    nothing = {"layers.1": lambda x, seconds: x}
    assert torch.equal(log_likelihood(musicgen, audio, nothing), log_likelihood(musicgen, audio))
    halved = {"layers.1": lambda x, seconds: 0.5 * x}
    assert not torch.allclose(log_likelihood(musicgen, audio, halved), log_likelihood(musicgen, audio))


def test_a_gradient_is_the_slope_of_the_likelihood(tiny: Path) -> None:
    musicgen = MusicGenModel(str(tiny), "cpu")
    audio = torch.randn(1, 1, RATE, generator=torch.Generator().manual_seed(0)) * 0.1
    direction = torch.randn(musicgen.width, 1, generator=torch.Generator().manual_seed(1))
    found = likelihood_gradients(musicgen, audio, ["layers.0", "layers.2"])
    for site, gradient in found.items():
        steps = []
        for size in (1e-2, -1e-2):
            edit = {site: lambda x, seconds, size=size: x + size * direction}
            steps.append(float(log_likelihood(musicgen, audio, edit)))
        assert float(gradient @ direction[:, 0]) == pytest.approx(
            (steps[0] - steps[1]) / 2e-2, rel=0.02, abs=1e-5
        )


def test_layers_lists_every_layer_in_a_table_and_as_json(
    run: Run, tiny: Path, banks: Path, tones: Path, tmp_path: Path
) -> None:
    table = tmp_path / "layers.json"
    kinds = ["--with", tones / "low", "--without", tones / "high"]
    code, out, err = run("layers", tiny, banks, *kinds, "--json", table, "--device", "cpu")
    assert code == 0, err
    rows = json.loads(table.read_text())
    assert [row["site"] for row in rows] == ["layers.0", "layers.2"]
    for row in rows:
        assert 0 <= row["auroc_best"] <= 1
        assert 1 <= row["features"] <= 64
        assert set(row["off_nats"]) == {"static", "direction", "random"}
        assert 0 < row["l0"] <= 4
        assert f"{row['fve']:.3f}" in out


@pytest.mark.parametrize("kind", ["auto", "direction"])
def test_find_adds_a_stop_to_the_layers_that_it_needs(
    run: Run, monkeypatch: pytest.MonkeyPatch, tiny: Path, banks: Path, tones: Path, kind: str
) -> None:
    from training.classifiers.training import ClassifierOptions
    from training.find.musicgen import generated_pieces, layer_choice

    quick = ClassifierOptions(steps=6, batch=8, reconstructions=8)
    monkeypatch.setattr(generated_pieces, "CONCEPT_OPTIONS", quick)
    monkeypatch.setattr(layer_choice, "STRENGTHS", ((1.0,), (1.0,)))
    monkeypatch.setattr(layer_choice, "COUNTS", (4, 16))
    kinds = ["--with", tones / "low", "--without", tones / "high"]
    how = ["--model", tiny, "--kind", kind, "--pieces", 2, "--seconds", 0.5, "--device", "cpu"]
    how += ["--prompt", "low", "--other-prompt", "high"] if kind == "auto" else []
    code, out, err = run("find", banks, "low", *kinds, *how)
    assert code == 0, err
    having = [bank for bank in load_banks(banks) if bank.stops]
    assert having
    for bank in having:
        stop = bank.stop("low")
        assert {stop.metrics["off_kind"], stop.metrics["on_kind"]} <= (
            {"static", "direction"} if kind == "auto" else {kind}
        )
        assert stop.constants is not None and stop.cap == CAP
        assert {"heard_before_off", "heard_off", "heard_random_off", "heard_on", "off_effect_nats"} <= set(
            stop.metrics
        )
        assert bank.site in (stop.metrics["off_layers"] + stop.metrics["on_layers"])
        assert "the stop low (low) at" in out


@pytest.mark.parametrize("kind", ["auto", "direction"])
def test_find_without_a_bank_makes_one_for_the_layers_that_carry_the_concept(
    run: Run, monkeypatch: pytest.MonkeyPatch, tiny: Path, tones: Path, tmp_path: Path, kind: str
) -> None:
    from training.find.musicgen import layer_choice

    monkeypatch.setattr(layer_choice, "STRENGTHS", ((0.0,), (1.0,)))
    monkeypatch.setattr(layer_choice, "COUNTS", (4,))
    kinds = ["--with", tones / "low", "--without", tones / "high"]
    how = ["--model", tiny, "--kind", kind, "--pieces", 0, "--layers", 2, "--features", 32, "--device", "cpu"]
    code, _, err = run("find", tmp_path / "banks", "low", *kinds, *how)
    assert code == 0, err
    banks = load_banks(tmp_path / "banks")
    assert len(banks) == 2
    assert all(bank.site in err for bank in banks)
    assert {bank.sae.config.n_features for bank in banks} == {32 if kind == "auto" else 1}
    (first, *_) = [bank.stop("low") for bank in banks if bank.stops]
    assert first.metrics["random_draws"] == 3
    assert "heard_off" not in first.metrics
    assert {"off_effect_nats", "off_random_nats", "on_effect_nats"} <= set(first.metrics)


def test_layers_without_banks_compares_raw_frames(run: Run, tiny: Path, tones: Path, tmp_path: Path) -> None:
    kinds = ["--with", tones / "low", "--without", tones / "high"]
    code, out, err = run("layers", tiny, *kinds, "--json", tmp_path / "raw.json", "--device", "cpu")
    assert code == 0, err
    rows = json.loads((tmp_path / "raw.json").read_text())
    assert [row["site"] for row in rows] == [f"layers.{i}" for i in range(len(rows))]
    assert all(0 <= row["auroc"] <= 1 and row["site"] in out for row in rows)
    refused(run("layers", tiny, *kinds, "--listen"), "by their banks")


def test_raw_statistics_are_those_of_normalised_frames(tiny: Path, tones: Path) -> None:
    from training.activations.streamed_frames import ModelFrames
    from training.find.musicgen.raw_layers import sweep_raw_layers
    from training.models.musicgen.layer_model import MusicGenLayers

    model = MusicGenLayers(MusicGenModel(str(tiny), "cpu"))
    paths = sorted((tones / "low").iterdir()), sorted((tones / "high").iterdir())
    sweep = sweep_raw_layers(model, paths)
    frames = ModelFrames(model, sweep.clips.recordings, ["layers.1"])
    train = [i for i, split in enumerate(sweep.clips.splits) if split == "train"]
    x = torch.cat([torch.from_numpy(frames.of_recording(i)["layers.1"]) for i in train])
    sae = sweep.saes["layers.1"]
    z = sae.normalise(x)
    assert torch.allclose(z.mean(0), torch.zeros(z.shape[1]), atol=1e-3)
    assert float(z.square().mean()) == pytest.approx(1.0, abs=1e-3)
    assert float(sweep.clips.sites["layers.1"].squares[train].sum()) == pytest.approx(
        float(z.square().sum()), rel=1e-3
    )
    assert not sae.encode(z).any()


def test_a_neutral_edit_has_no_effect(tiny: Path, banks: Path, tones: Path) -> None:
    musicgen = MusicGenModel(str(tiny), "cpu")
    paths = ([tones / "low" / "0.wav"], [tones / "high" / "0.wav"])
    assert PredictionEffect(musicgen, paths).effect({}, {}, 1.0) == 0.0


def test_what_a_musicgen_has_not_is_refused(
    run: Run, tiny: Path, banks: Path, tones: Path, tmp_path: Path
) -> None:
    train = ("train", tiny, tones, "--out", tmp_path / "bank", "--device", "cpu")
    refused(run(*train, "--site", "layers.9"), "no site 'layers.9'")
    refused(run(*train, "--site", "latent"), "no site 'latent'")
    refused(run(*train, "--stream", "--buffer-frames", 5), "a batch")
    kinds = ("--with", tones / "low", "--without", tones / "high", "--model", tiny, "--device", "cpu")
    refused(run("find", banks, "low", *kinds, "--kind", "gated"), "static, direction, random")
    refused(run("find", banks, "low", *kinds, "--mixed"), "of a RAVE's stops")
    assert not (banks / STOPS_FILE).exists()
