"""`drawstop sweep`: every combination once, the Pareto front, and what is there is kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from drawstop.errors import DrawstopError
from tests.helpers.programs.command_line import Run, refused
from training.activations.streamed_frames import ModelFrames
from training.banks.bank import load_bank
from training.banks.train.sweep import Grid, SweepCell, rows_of, sweep
from training.data.recordings import scan
from training.models.rave.model import RaveModel

GRID = Grid((16, 32), (2,), ("topk", "jumprelu"), (0, 1), steps=4)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import soundfile

    folder = tmp_path_factory.mktemp("recordings")
    for i in range(8):
        noise = np.random.default_rng(i).standard_normal(22050) * 0.1
        soundfile.write(folder / f"{i}.wav", noise.astype(np.float32), 44100)
    return folder


@pytest.fixture(scope="module")
def frames(example_rave: Path, recordings: Path) -> ModelFrames:
    return ModelFrames(RaveModel(example_rave), scan(recordings), ["latent"])


def cell(architecture: str, fve: float, l0: float, seed: int = 0, site: str = "latent") -> SweepCell:
    return SweepCell(site, architecture, 16, 2, seed, fve, l0, 0.0, "")


def test_rows_are_means_over_seeds_and_the_front_is_what_nothing_beats_at_its_site() -> None:
    rows = rows_of(
        [
            cell("topk", 0.8, 4.0, seed=0),
            cell("topk", 0.6, 6.0, seed=1),
            cell("jumprelu", 0.7, 5.5),
            cell("matryoshka", 0.9, 8.0),
            cell("jumprelu", 0.1, 50.0, site="encoder.0"),
        ]
    )
    assert [(row.fve, row.l0, row.seeds) for row in rows[:1]] == [(pytest.approx(0.7), 5.0, 2)]
    assert (rows[0].lowest, rows[0].highest) == (0.6, 0.8)
    assert [row.best for row in rows] == [True, False, True, True]


@pytest.mark.slow
def test_a_sweep_reads_the_model_once_and_a_killed_one_goes_on_to_the_same_bits(
    frames: ModelFrames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    done: list[tuple[str, int]] = []

    def kill(what: str, step: int, steps: int) -> None:
        done.append((what, step))
        if len(done) == 11:
            raise KilledError

    with pytest.raises(KilledError):
        sweep(frames, tmp_path / "killed", GRID, "rave", progress=kill)
    begun = len({what for what, _ in done if what != "sweeping"})
    with monkeypatch.context() as blind:
        blind.setattr(frames.model, "frames", None)  # reading it again would fail
        done.clear()
        cells = sweep(
            frames,
            tmp_path / "killed",
            GRID,
            "rave",
            progress=lambda what, step, steps: done.append((what, step)),
        )
    assert len({what for what, _ in done if what != "sweeping"}) == 8 - (begun - 1)
    assert len(cells) == 8
    whole = sweep(frames, tmp_path / "whole", GRID, "rave")
    assert whole == cells
    for each in cells:
        weights = [
            (tmp_path / name / each.bank / "sae_weights.safetensors").read_bytes()
            for name in ("killed", "whole")
        ]
        assert weights[0] == weights[1]


@pytest.mark.slow
def test_banks_of_other_settings_are_refused(frames: ModelFrames, tmp_path: Path) -> None:
    one = Grid((16,), (2,), ("topk",), (0,), steps=4)
    sweep(frames, tmp_path, one, "rave")
    with pytest.raises(DrawstopError, match="other settings"):
        sweep(frames, tmp_path, Grid((16,), (2,), ("topk",), (0,), steps=5), "rave")


@pytest.mark.slow
def test_the_command_writes_table_json_pictures_and_banks_that_find_can_use(
    run: Run, example_rave: Path, recordings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sweep"
    asked = ["--widths", 16, 24, "--ks", 2, "--architectures", "matryoshka", "batchtopk", "--seeds", 3]
    code, said, err = run("sweep", example_rave, recordings, *asked, "--steps", 3, "--out", out)
    assert code == 0, err
    content = json.loads((out / "sweep.json").read_text())
    assert content["grid"]["widths"] == [16, 24]
    assert len(content["cells"]) == len(content["rows"]) == 4
    assert "matryoshka" in said and "•" in said
    assert (out / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert "active features per frame" in (out / "pareto.svg").read_text()
    bank = load_bank(out / content["cells"][0]["bank"], RaveModel(example_rave).fingerprint)
    assert (bank.sae.config.architecture, bank.sae.config.seed) == ("matryoshka", 3)


def test_combinations_that_can_not_be_are_refused_before_anything_is_read(run: Run, tmp_path: Path) -> None:
    for asked, says in (
        (["--widths", 8, "--ks", 16], "k must be at most n_features"),
        (["--architectures", "relu"], "expected an architecture out of"),
    ):
        refused(run("sweep", tmp_path / "none.ts", tmp_path, *asked, "--out", tmp_path / "out"), says)


@pytest.mark.slow
def test_train_takes_an_architecture_and_a_rate_and_its_bank_records_them(
    run: Run, example_rave: Path, recordings: Path, tmp_path: Path
) -> None:
    asked = ["--features", 16, "--k", 2, "--steps", 2, "--out", tmp_path / "bank"]
    given = ["--architecture", "jumprelu", "--learning-rate", 1e-4]
    code, _, err = run("train", example_rave, recordings, *given, *asked)
    assert code == 0, err
    sae = load_bank(tmp_path / "bank", RaveModel(example_rave).fingerprint).sae
    assert sae.config.architecture == "jumprelu"
    assert sae.config.learning_rate == 1e-4
    assert (sae.threshold > 0).all()
    refused(
        run("train", example_rave, recordings, "--architecture", "relu", *asked), "expected an architecture"
    )
    refused(
        run("train", example_rave, recordings, "--learning-rate", 0, *asked), "learning_rate must be above 0"
    )
