"""The forecast of a knob on a MusicGen without a bank counts what finding it then computes; `drawstop plan` prints it."""

import json
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from drawstop.audio.files import list_audio, write_audio
from tests.helpers.programs.command_line import Run, refused
from training.classifiers.training import ClassifierOptions
from training.find.musicgen import layer_choice, prediction_effect
from training.find.musicgen.find import find_stops
from training.find.musicgen.forecast import clip_counts, forecast_knob, work_of
from training.find.musicgen.generated_pieces import PieceOptions
from training.find.musicgen.layer_choice import LayerOptions
from training.find.musicgen.quick_banks import QuickOptions, make_quick_banks
from training.models.musicgen.layer_model import MusicGenLayers
from training.models.musicgen.model import MusicGenModel

pytestmark = pytest.mark.slow

RATE, RECORDINGS = 4000, 5
QUICK = QuickOptions(layers=2, features=32, k=4, steps=20)
LISTENING = ClassifierOptions(steps=6, batch=8, reconstructions=8)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tones")
    for kind, name in enumerate(("low", "high")):
        for i in range(RECORDINGS):
            rng = np.random.default_rng(10 * kind + i)
            time = np.arange(2 * RATE) / RATE
            tone = 0.3 * np.sin(2 * np.pi * rng.uniform(150, 250) * (1 + 3 * kind) * time)
            noise = 0.02 * rng.standard_normal(len(time))
            write_audio(folder / name / f"{name}{i}.wav", (tone + noise)[None], RATE)
    return folder / "low", folder / "high"


def paths_of(kinds: tuple[Path, Path]) -> tuple[list[Path], list[Path]]:
    return list_audio(kinds[0]), list_audio(kinds[1])


@pytest.mark.parametrize("pieces", [0, 2])
def test_what_is_counted_is_what_finding_computes(
    musicgen: MusicGenModel,
    kinds: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pieces: int,
) -> None:
    counted = {"gradients": 0, "likelihoods": 0, "pieces": 0}
    likelihood, gradients = prediction_effect.token_log_likelihood, prediction_effect.likelihood_gradients
    generate = MusicGenModel.generate

    def counting_likelihood(model: MusicGenModel, codes: Tensor, *rest: object) -> Tensor:
        counted["likelihoods"] += len(codes)
        return likelihood(model, codes, *rest)  # type: ignore[arg-type]

    def counting_gradients(model: MusicGenModel, audio: Tensor, *rest: object) -> dict[str, Tensor]:
        counted["gradients"] += len(audio)
        return gradients(model, audio, *rest)  # type: ignore[arg-type]

    def counting_pieces(
        model: MusicGenModel, prompts: list[str | None], *rest: object, **others: object
    ) -> object:
        counted["pieces"] += len(prompts)
        return generate(model, prompts, *rest, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(layer_choice, "STRENGTHS", ((0.0, 1.0), (1.0,)))
    monkeypatch.setattr(layer_choice, "COUNTS", (4, 16))
    monkeypatch.setattr(prediction_effect, "token_log_likelihood", counting_likelihood)
    monkeypatch.setattr(prediction_effect, "likelihood_gradients", counting_gradients)
    monkeypatch.setattr(MusicGenModel, "generate", counting_pieces)
    model, paths = MusicGenLayers(musicgen), paths_of(kinds)
    options = PieceOptions(pieces=pieces, seconds=0.5, classifier=LISTENING)
    _, banks = make_quick_banks(model, tmp_path / "banks", paths, QUICK, "tiny", lambda *_: None)
    find_stops(model, banks, "low", *paths, LayerOptions(pieces=options))
    work = work_of(clip_counts(paths, seed=0), QUICK.layers, ("static", "direction"), pieces)
    assert counted == {
        "gradients": work.gradients, "likelihoods": work.likelihoods, "pieces": work.pieces
    }  # fmt: skip


def test_the_sum_is_of_its_parts_and_pieces_can_be_left_out(
    musicgen: MusicGenModel, kinds: tuple[Path, Path]
) -> None:
    model, paths = MusicGenLayers(musicgen), paths_of(kinds)
    options = PieceOptions(pieces=2, seconds=0.5, classifier=LISTENING)
    whole = forecast_knob(model, paths, QUICK, options, trial_s=0.05)
    assert min(whole.reading_s, whole.gradients_s, whole.likelihoods_s, whole.pieces_s, whole.training_s) > 0
    assert whole.seconds > whole.pieces_s + whole.training_s
    assert "without pieces (--pieces 0)" in whole.text()
    none = forecast_knob(model, paths, QuickOptions(2, 0), PieceOptions(pieces=0), trial_s=0.05)
    assert none.pieces_s == none.classifier_s == none.training_s == none.work.pieces == 0
    assert "pieces" not in none.text()


def test_plan_prints_it_and_names_what_it_needs(
    run: Run, tiny_musicgen: Path, example_rave: Path, kinds: tuple[Path, Path], tmp_path: Path
) -> None:
    both = ["--with", kinds[0], "--without", kinds[1]]
    given = ["plan", tiny_musicgen, *both, "--pieces", 0, "--layers", 2, "--features", 32, "--device", "cpu"]
    code, out, _ = run(*given, "--json", tmp_path / "knob.json")
    assert code == 0
    assert f"data: {2 * RECORDINGS} recordings" in out
    assert "autoencoders of 2" in out
    said = json.loads((tmp_path / "knob.json").read_text("utf-8"))
    assert said["seconds"] > said["reading_s"] > 0
    refused(run("plan", tiny_musicgen, "--with", kinds[0]), "expected RECORDINGS, or both")
    refused(run("plan", tiny_musicgen, kinds[0], *both), "expected RECORDINGS, or both")
    refused(run("plan", example_rave, *both), "no MusicGen")
