"""drawstop plan: arithmetic that can be checked by hand, rates that are measured, and a disk that is too small."""

import json
import resource
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawstop.errors import DrawstopError
from tests.helpers.models.layered_waves import RATE, RATIO, LayeredWaves, write_waves
from tests.helpers.programs.command_line import Run, refused
from training.activations.extraction import ExtractOptions
from training.activations.streamed_frames import ModelFrames
from training.banks.train.forecast import Forecast, Machines, forecast, listed, peak_bytes
from training.banks.train.train import TrainOptions, write_frames
from training.data.recordings import scan
from training.sae.config import SAEConfig

OPTIONS = TrainOptions(SAEConfig(1, 64, 4, steps=100))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_waves(tmp_path_factory.mktemp("waves"), 6)


def forecast_of(recordings: Path, **others: object) -> Forecast:
    frames = ModelFrames(LayeredWaves(), listed(recordings), ["a", "b"])
    return forecast(frames, OPTIONS, recordings, trial_s=0.05, **others)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_disk_that_is_forecast_is_the_disk_that_is_taken(
    recordings: Path, tmp_path: Path, dtype: str
) -> None:
    said = forecast_of(recordings, dtype=dtype)
    frames = ModelFrames(LayeredWaves(), scan(recordings), ["a", "b"])
    stores = write_frames(frames, tmp_path / "frames", ExtractOptions(dtype))  # type: ignore[arg-type]
    taken = sum(path.stat().st_size for path in (tmp_path / "frames").rglob("*.npy"))
    headers = 128 * sum(len(store.index.shards) for store in stores)
    assert said.store_bytes == taken - headers
    assert said.frames == len(stores[0].frames)


def test_hours_grow_with_the_sound_and_shrink_with_workers_and_machines(recordings: Path) -> None:
    said = forecast_of(recordings, sound_hours=1000.0)
    assert said.frames == 1000 * 3600 * RATE // RATIO
    assert said.store_bytes == said.frames * (8 + 12) * 4
    assert said.here.model_hours == pytest.approx(said.frames / said.rates.frames_per_s / 3600)
    as_here = said.hours_on(Machines(4))
    assert as_here == pytest.approx((said.here.model_hours / 4, said.here.training_hours / 4))
    assert said.hours_on(Machines(8, frames_per_s=1000.0))[0] == pytest.approx(said.frames / 1000 / 8 / 3600)
    assert said.hours_on(Machines(1, steps_per_s=50.0))[1] == pytest.approx(100 * (1 + 8 / 12) / 50 / 3600)
    assert "arithmetic, not measured: 1000 frames/s (stated)" in said.text_on(Machines(8, 1000.0))


@pytest.mark.slow
def test_a_model_that_is_twice_as_slow_is_measured_as_such(recordings: Path) -> None:
    class Slow(LayeredWaves):
        def frames(self, audio, sites):  # type: ignore[no-untyped-def]
            for _ in range(200):
                super().frames(audio, sites)
            return super().frames(audio, sites)

    rates = [
        forecast(
            ModelFrames(model(), listed(recordings), ["a"]), OPTIONS, recordings, trial_s=0.1
        ).rates.frames_per_s
        for model in (LayeredWaves, Slow)
    ]
    assert rates[0] > 3 * rates[1]


def test_more_than_the_disk_holds_is_refused_with_the_number(recordings: Path) -> None:
    said = forecast_of(recordings, sound_hours=1e8)
    with pytest.raises(DrawstopError, match=r"would not hold it: 2880\.0 TB are needed, \d"):
        said.require_room(recordings)
    forecast_of(recordings).require_room(recordings)


def test_what_cannot_be_planned_is_refused(recordings: Path) -> None:
    with pytest.raises(DrawstopError, match="at least one worker and more than 0 hours, got 0"):
        forecast_of(recordings, workers=0)
    with pytest.raises(DrawstopError, match="more than 0 hours, got 1 and -2"):
        forecast_of(recordings, sound_hours=-2.0)
    with pytest.raises(DrawstopError, match="at least one GPU and rates above 0"):
        Machines(0)


@pytest.mark.slow
def test_the_command_prints_it_and_ends_with_2_where_the_disk_is_too_small(
    run: Run, example_rave: Path, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.banks.train.forecast.TRIAL_SECONDS", 0.0)
    common = ["plan", example_rave, recordings, "--out", tmp_path, "--workers", "2"]
    code, out, err = run(*common, "--gpus", "8", "--json", tmp_path / "plan.json")
    assert code == 0, err
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "data",
        "disk",
        "memory",
        "time here",
        "time on 8 GPUs",
    ]
    said = json.loads((tmp_path / "plan.json").read_text())
    assert said["elsewhere"]["gpus"] == 8
    assert list(tmp_path.iterdir()) == [tmp_path / "plan.json"]
    code, out, err = run(*common, "--hours", "1e9")
    refused((code, out, err), "would not hold it")
    assert "disk: " in out
    refused(run(*common, "--features", "0"), "n_features must be 1 or more, got 0")


def test_the_most_memory_is_in_bytes_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def held(who: int) -> SimpleNamespace:
        return SimpleNamespace(ru_maxrss=3)

    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=3))
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(psutil, "Process", lambda: process)
    monkeypatch.setattr(resource, "getrusage", held)
    for platform, expected in (("linux", 3 * 1024), ("darwin", 3), ("win32", 3)):
        monkeypatch.setattr(sys, "platform", platform)
        assert peak_bytes() == expected
