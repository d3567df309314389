"""Several sites in one pass, streamed or from disk: the same frames in the same shuffled give the same weights."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
import torch

from drawstop.errors import DrawstopError
from tests.helpers.models.layered_waves import LayeredWaves, write_waves
from tests.helpers.repository import REPOSITORY
from training.activations.shuffle import ShuffledRows
from training.activations.streamed_frames import ModelFrames
from training.banks.train.train import TrainOptions, train_banks, write_frames
from training.data.recordings import scan
from training.sae.config import SAEConfig
from training.sae.dataset import Batches, StoredFrames
from training.sae.model import SAE
from training.sae.train import train, train_sites

SMALL = SAEConfig(d_in=1, n_features=24, k=3, steps=40, batch_size=32, checkpoint_every=7, dead_after_steps=5)
BUFFER = 300
SITES = ["a", "b"]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_waves(tmp_path_factory.mktemp("waves"))


def streamed(recordings: Path, sites: list[str] | None = None, piece: int | None = 50) -> ModelFrames:
    return ModelFrames(LayeredWaves(piece), scan(recordings), sites or SITES)


def same_bits(one: dict[str, SAE], other: dict[str, SAE]) -> bool:
    pairs = [(one[site].state_dict(), other[site].state_dict()) for site in one]
    return one.keys() == other.keys() and all(
        torch.equal(mine[name], theirs[name]) for mine, theirs in pairs for name in mine
    )


@pytest.mark.slow
@pytest.mark.parametrize("buffer", [BUFFER, 64, 10**9])
def test_streaming_equals_training_from_disk_bit_for_bit(
    recordings: Path, tmp_path: Path, buffer: int
) -> None:
    frames = streamed(recordings)
    stores = StoredFrames(write_frames(frames, tmp_path / "frames"))
    assert stores.identity == frames.identity
    from_disk = train_sites(stores, SMALL, buffer_frames=buffer)
    from_model = train_sites(frames, SMALL, buffer_frames=buffer)
    assert same_bits(from_disk, from_model)
    assert from_disk["b"].metrics == from_model["b"].metrics
    if buffer == 10**9:
        assert same_bits(train_sites(stores, SMALL), from_model), (
            "a buffer that holds all is no other shuffled"
        )
    else:
        assert not same_bits(train_sites(stores, SMALL), from_model)


@pytest.mark.slow
def test_frames_that_lie_in_a_folder_or_behind_a_url_are_trained_on_and_nothing_is_computed_anew(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = TrainOptions(SAEConfig(1, 24, 3, steps=10))
    computed = train_banks(streamed(recordings), tmp_path / "computed", options, "waves")
    write_frames(streamed(recordings), tmp_path / "frames")
    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path / "frames"), "/streaming/frames", recursive=True)
    for number, place in enumerate((tmp_path / "frames", "memory://streaming/frames")):
        frames = streamed(recordings)
        given = replace(options, frames=str(place))
        banks = train_banks(frames, tmp_path / f"banks{number}", given, "waves")
        assert same_bits({bank.site: bank.sae for bank in banks}, {bank.site: bank.sae for bank in computed})
        assert isinstance(frames.model, LayeredWaves)
        assert frames.model.calls == 0
    assert (tmp_path / "frames" / "a").is_dir(), "frames that were given stay"
    for place, message in (
        (tmp_path / "nowhere", "no activation store in"),
        (write_frames(streamed(recordings, piece=40), tmp_path / "others")[0].path.parent, "another model"),
    ):
        given = replace(options, frames=str(place))
        with pytest.raises(DrawstopError, match=message):
            train_banks(streamed(recordings), tmp_path / "refused", given, "waves")
    with pytest.raises(DrawstopError, match="stored or a stream, got both"):
        train_banks(
            streamed(recordings), tmp_path / "refused", replace(options, frames="x", stream=True), "waves"
        )


@pytest.mark.slow
def test_sites_side_by_side_come_out_as_each_alone(recordings: Path, tmp_path: Path) -> None:
    together = train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER)
    for site in SITES:
        alone = train_sites(streamed(recordings, [site]), SMALL, buffer_frames=BUFFER)
        assert same_bits(alone, {site: together[site]})
    store = write_frames(streamed(recordings, ["a"]), tmp_path / "frames")[0]
    stored = train_sites(StoredFrames([store]), SMALL)["a"]
    assert same_bits({"a": stored}, {"a": train(store, replace(SMALL, d_in=8))})


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [3, 20, 36])
def test_a_killed_stream_resumes_to_the_same_bits(recordings: Path, tmp_path: Path, killed_at: int) -> None:
    checkpoints = {site: tmp_path / f"{site}.checkpoint" for site in SITES}

    def kill(step: int, loss: float) -> None:
        if step == killed_at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER, checkpoints=checkpoints, progress=kill)
    steps: list[int] = []
    resumed = train_sites(
        streamed(recordings),
        SMALL,
        buffer_frames=BUFFER,
        checkpoints=checkpoints,
        progress=lambda step, loss: steps.append(step),
    )
    assert steps[0] == killed_at // 7 * 7 + 1
    assert same_bits(resumed, train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER))


@pytest.mark.slow
def test_a_site_that_was_saved_before_the_kill_waits_for_the_others(recordings: Path, tmp_path: Path) -> None:
    early = {site: tmp_path / f"{site}.checkpoint" for site in SITES}
    train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER, checkpoints=early)
    early["b"].unlink()
    resumed = train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER, checkpoints=early)
    assert same_bits(resumed, train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER))


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads({threads})
from tests.training.activations.test_streamed_frames import BUFFER, SITES, SMALL, streamed
from training.sae.train import train_sites
kill = lambda step, loss: os.kill(os.getpid(), signal.SIGKILL) if step == 25 else None
files = {{site: Path(sys.argv[2]) / f"{{site}}.checkpoint" for site in SITES}}
train_sites(streamed(Path(sys.argv[1])), SMALL, buffer_frames=BUFFER, checkpoints=files, progress=kill)
"""


@pytest.mark.slow
def test_a_stream_killed_by_the_system_resumes_to_the_same_bits(recordings: Path, tmp_path: Path) -> None:
    code = KILLED.format(threads=torch.get_num_threads())
    command = [sys.executable, "-c", code, str(recordings), str(tmp_path)]
    root = REPOSITORY
    ended = subprocess.run(command, cwd=root, check=False, env={**os.environ, "PYTHONPATH": str(root)})
    assert ended.returncode == -signal.SIGKILL
    files = {site: tmp_path / f"{site}.checkpoint" for site in SITES}
    steps: list[int] = []
    resumed = train_sites(
        streamed(recordings),
        SMALL,
        buffer_frames=BUFFER,
        checkpoints=files,
        progress=lambda step, loss: steps.append(step),
    )
    assert steps[0] == 22
    assert same_bits(resumed, train_sites(streamed(recordings), SMALL, buffer_frames=BUFFER))


def test_the_buffer_holds_what_it_says_and_no_more_however_long_the_stream_is(recordings: Path) -> None:
    frames = streamed(recordings)
    batches = Batches(frames, SMALL.batch_size, 0, BUFFER)
    stated = BUFFER // SMALL.batch_size * SMALL.batch_size * (8 + 12) * 4
    assert batches.buffer_bytes == stated
    held = {site: batches._buffer[site].ctypes.data for site in SITES}
    for step in range(60):
        shapes = [x.shape for _, x in batches.batch(step)]
        assert shapes == [(32, 8), (32, 12)]
    assert batches.buffer_bytes == stated
    assert {site: batches._buffer[site].ctypes.data for site in SITES} == held, "filled in place"


def test_rows_stay_aligned_over_sites_and_are_the_models_own(recordings: Path) -> None:
    frames = streamed(recordings)
    rows = np.array([400, 3, 3, 177, 1200])
    read = {site: np.empty((5, width), np.float32) for site, width in frames.widths.items()}
    frames.read(rows, read)
    every = [frames.of_recording(index) for index in range(len(frames.sources))]
    for site in SITES:
        whole = np.concatenate([each[site] for each in every])
        assert np.array_equal(read[site], whole[rows])


def test_a_window_takes_each_piece_once_from_the_model(recordings: Path) -> None:
    frames = streamed(recordings)
    batches = Batches(frames, SMALL.batch_size, 0, BUFFER)
    batches.enter(0)
    model = frames.model
    assert isinstance(model, LayeredWaves)
    assert BUFFER / 50 - 1 <= model.calls <= len(frames.all_pieces)
    before = model.calls
    for step in range(batches.shuffled.held // SMALL.batch_size):
        list(batches.batch(step))
    assert model.calls == before


def test_windows_are_shuffled_hold_whole_epochs_once_and_depend_on_the_seed() -> None:
    pieces = [range(0, 40), range(100, 130), range(200, 258)]
    shuffled, other = ShuffledRows(pieces, 8, 0, 33), ShuffledRows(pieces, 8, 1, 33)
    assert shuffled.held == 32
    seen = [
        int(row)
        for step in range(16)
        for row in shuffled.window(shuffled.window_of(step))[shuffled.indices(step)]
    ]
    assert sorted(seen) == sorted(row for piece in pieces for row in piece), (
        "128 rows are one epoch of 16 batches"
    )
    assert seen != sorted(seen)
    assert seen != [
        int(row) for step in range(16) for row in other.window(other.window_of(step))[other.indices(step)]
    ]
    backwards = [shuffled.indices(step).tolist() for step in reversed(range(16))]
    assert backwards == [shuffled.indices(step).tolist() for step in range(16)][::-1]


def test_sites_of_different_rates_are_refused(recordings: Path) -> None:
    with pytest.raises(DrawstopError, match="one frame rate"):
        streamed(recordings, ["all"])
    with pytest.raises(DrawstopError, match="no site 'c'"):
        streamed(recordings, ["c"])


def test_a_buffer_smaller_than_a_batch_is_refused(recordings: Path) -> None:
    with pytest.raises(DrawstopError, match="a batch"):
        train_sites(streamed(recordings), SMALL, buffer_frames=31)


@pytest.mark.slow
def test_a_checkpoint_of_other_recordings_is_refused(recordings: Path, tmp_path: Path) -> None:
    files = {"a": tmp_path / "a.checkpoint"}
    train_sites(streamed(recordings, ["a"]), SMALL, buffer_frames=BUFFER, checkpoints=files)
    fewer = ModelFrames(LayeredWaves(), scan(recordings)[:-1], ["a"])
    with pytest.raises(DrawstopError, match="other frames"):
        train_sites(fewer, SMALL, buffer_frames=BUFFER, checkpoints=files)


def test_pieces_and_whole_recordings_give_frames_of_the_same_places(recordings: Path) -> None:
    whole, cut = streamed(recordings, ["a"], None), streamed(recordings, ["a"], 50)
    assert [each.stop for each in whole.recordings] == [each.stop for each in cut.recordings]
    assert np.allclose(whole.of_recording(3)["a"], cut.of_recording(3)["a"], atol=1e-6)
