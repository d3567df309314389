"""Frames to disk by several workers, several machines, and after interruptions: always the same bytes."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from drawstop.audio.files import write_audio
from drawstop.errors import DrawstopError
from tests.helpers.models.dying_waves import DeadWaves, dying
from tests.helpers.models.layered_waves import LayeredWaves, write_waves
from tests.helpers.programs.command_line import Run, refused
from tests.helpers.repository import REPOSITORY
from training.activations.extraction import ExtractOptions
from training.activations.index import INDEX_FILE
from training.activations.lock import Part, writing
from training.activations.shards import DTYPES
from training.activations.store import ActivationStore
from training.activations.streamed_frames import ModelFrames
from training.banks.train.train import write_frames
from training.data.recordings import scan

SITES = ["a", "b"]
SHARD_FRAMES = 400
"""Three of the 130-frame recordings: 14 of them are 5 shards."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_waves(tmp_path_factory.mktemp("waves"))


def model_frames(recordings: Path) -> ModelFrames:
    return ModelFrames(LayeredWaves(), scan(recordings), SITES)


def options(workers: int = 1, part: str = "1/1") -> ExtractOptions:
    return ExtractOptions("float32", SHARD_FRAMES, Part.read(part), workers)


@pytest.fixture(scope="module")
def single(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that one process writes."""
    out = tmp_path_factory.mktemp("single") / "frames"
    assert len(write_frames(model_frames(recordings), out, options())) == len(SITES)
    return out


def every_file(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_store_holds_the_models_frames_in_the_order_of_the_recordings(
    single: Path, recordings: Path
) -> None:
    frames = model_frames(recordings)
    for site in SITES:
        store = ActivationStore.open(single / site)
        assert len(store.index.shards) == 5
        assert max(shard.rows for shard in store.index.shards) <= SHARD_FRAMES
        assert store.recordings == frames.recordings
        every = np.concatenate([frames.of_recording(i)[site] for i in range(len(store.recordings))])
        assert np.allclose(np.asarray(store.frames), every, atol=1e-6)
        every = np.asarray(store.frames)
        rows = np.random.default_rng(0).integers(0, len(store.frames), 300)
        assert np.array_equal(store.frames[rows], every[rows])
        assert np.array_equal(store.frames[100:700], every[100:700])


@pytest.mark.slow
@pytest.mark.parametrize("workers, killed", [(2, False), (4, True)])
def test_workers_write_the_same_bytes_as_one_process_though_one_is_killed_on_the_way(
    single: Path, recordings: Path, tmp_path: Path, workers: int, killed: bool
) -> None:
    armed = tmp_path / "armed"
    if killed:
        armed.touch()
    out = tmp_path / "frames"
    write_frames(model_frames(recordings), out, options(workers), [dying(armed, 4)])
    assert not armed.exists(), "no worker was killed"
    assert every_file(out) == every_file(single)


@pytest.mark.slow
def test_workers_that_all_die_raise_one_line_and_finished_shards_stay(
    single: Path, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.activations.workers._FRUITLESS_ROUNDS", 1)
    with pytest.raises(DrawstopError, match=r"workers died .* 5 shards are left; give the same command"):
        write_frames(model_frames(recordings), tmp_path / "frames", options(2), [DeadWaves])
    write_frames(model_frames(recordings), tmp_path / "frames", options())
    assert every_file(tmp_path / "frames") == every_file(single)


KILLED = """
    import sys
    from pathlib import Path
    from tests.helpers.models.dying_waves import DyingWaves
    from tests.training.activations.test_extraction import SITES, options
    from training.activations.streamed_frames import ModelFrames
    from training.data.recordings import scan
    from training.banks.train.train import write_frames
    model = DyingWaves(Path(sys.argv[3]), 30)
    write_frames(ModelFrames(model, scan(Path(sys.argv[1])), SITES), Path(sys.argv[2]), options())
"""


@pytest.mark.slow
def test_a_killed_writer_loses_one_shard_and_the_same_command_goes_on(
    single: Path, recordings: Path, tmp_path: Path
) -> None:
    armed, out = tmp_path / "armed", tmp_path / "frames"
    armed.touch()
    command = [sys.executable, "-c", textwrap.dedent(KILLED), recordings, out, armed]
    assert subprocess.run(command, cwd=REPOSITORY, check=False).returncode == -signal.SIGKILL
    assert list(out.glob("*.lock")), "it died as a writer does: with its lock in place"
    with pytest.raises(DrawstopError, match="unfinished, 5 of its 5 shards"):
        ActivationStore.open(out / "a")
    (out / "b" / "shards" / ".00004.npy.x.sha256").touch()  # as if killed while it noted a hash
    frames = model_frames(recordings)
    write_frames(frames, out, options())
    assert isinstance(frames.model, LayeredWaves)
    assert (
        frames.model.calls
        == sum(len(range(0, each.stop - each.start, 50)) for each in frames.recordings) - 27
    )
    assert every_file(out) == every_file(single)


def test_parts_in_one_folder_are_the_store_when_the_last_is_done(
    single: Path, recordings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "frames"
    assert write_frames(model_frames(recordings), out, options(part="2/2")) == []
    assert len(write_frames(model_frames(recordings), out, options(part="1/2"))) == 2
    assert every_file(out) == every_file(single)


def test_parts_in_folders_of_their_own_are_joined(single: Path, recordings: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for part, folder in (("1/2", first), ("2/2", second)):
        assert write_frames(model_frames(recordings), folder, options(part=part)) == []
    frames = model_frames(recordings)
    assert len(write_frames(frames, first, options(), others=[second])) == 2
    assert isinstance(frames.model, LayeredWaves)
    assert frames.model.calls == 0
    assert every_file(first) == every_file(single)
    other = ModelFrames(LayeredWaves(piece_frames=40), scan(recordings), SITES)
    with pytest.raises(DrawstopError, match="holds another store: its piece_frames is 50, not 40"):
        write_frames(other, tmp_path / "third", options(), others=[second])


@pytest.mark.parametrize("damage", ["corrupt", "missing", "cut short"])
def test_a_damaged_shard_is_reported_and_the_same_command_mends_it_alone(
    single: Path, recordings: Path, tmp_path: Path, damage: str
) -> None:
    out = tmp_path / "frames"
    write_frames(model_frames(recordings), out, options())
    shard = out / "b" / "shards" / "00003.npy"
    whole = shard.read_bytes()
    if damage == "missing":
        shard.unlink()
    else:
        shard.write_bytes(whole[:-1] + b"?" if damage == "corrupt" else whole[:-8])
    with pytest.raises(DrawstopError, match=r"00003.npy is (corrupt|missing).*; give the command that wrote"):
        np.asarray(ActivationStore.open(out / "b").frames)
    frames = model_frames(recordings)
    write_frames(frames, out, options())
    assert isinstance(frames.model, LayeredWaves)
    assert 0 < frames.model.calls <= 9, "three recordings of three pieces"
    assert every_file(out) == every_file(single)


def test_recordings_that_changed_are_named_and_nothing_is_lost(single: Path, tmp_path: Path) -> None:
    folder, out = write_waves(tmp_path / "waves"), tmp_path / "frames"
    frames = model_frames(folder)
    changed = folder / "odd" / "03.wav"
    whole = changed.read_bytes()
    write_audio(changed, 0.1 * np.random.default_rng(0).standard_normal((1, 10400)), 8000)
    with pytest.raises(DrawstopError, match=r"03.wav changed while its frames were being computed"):
        write_frames(frames, out, options())
    with pytest.raises(DrawstopError, match=r"the recording odd/03.wav changed: the store has SHA-256"):
        write_frames(model_frames(folder), out, options())
    changed.write_bytes(whole)
    (folder / "new.wav").write_bytes(whole)
    with pytest.raises(DrawstopError, match="recordings are others, 1 aren't in it"):
        write_frames(model_frames(folder), out, options())
    (folder / "new.wav").unlink()
    write_frames(model_frames(folder), out, options())
    stored, expected = (ActivationStore.open(place / "a") for place in (out, single))
    assert [each.hash for each in stored.recordings] == [each.hash for each in expected.recordings]
    assert np.array_equal(np.asarray(stored.frames), np.asarray(expected.frames))


def test_a_second_writer_is_refused_unless_its_part_is_another(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    with writing(out, Part.read("1/2")):
        with pytest.raises(DrawstopError, match=f"being written by process {os.getpid()} on .*delete .*lock"):
            write_frames(model_frames(recordings), out, options())
        write_frames(model_frames(recordings), out, options(part="2/2"))
    write_frames(model_frames(recordings), out, options())
    assert list(out.glob("*.lock")) == []


def test_the_lock_of_a_process_that_is_gone_is_taken_over_and_that_of_another_machine_isnt(
    tmp_path: Path,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock = tmp_path / "writer-1-of-1.lock"
    with writing(tmp_path, Part()):
        mine = lock.read_text()
    lock.write_text(mine.replace(str(os.getpid()), str(gone.pid)))
    with writing(tmp_path, Part()):
        assert lock.read_text() == mine
    lock.write_text('{"pid": 1, "host": "elsewhere"}')
    with pytest.raises(DrawstopError, match="process 1 on elsewhere"), writing(tmp_path, Part()):
        pass


@contextmanager
def files_of_at_most(count: int) -> Iterator[None]:
    """A file that grows beyond so many bytes is refused by the kernel (EFBIG), as by a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_raises_one_line_and_what_was_written_stays(
    single: Path, recordings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "frames"
    write_frames(model_frames(recordings), out, options(part="1/5"))
    before = every_file(out)
    with (
        files_of_at_most(9000),
        pytest.raises(DrawstopError, match=r"can't write .*File too large; every finished"),
    ):
        write_frames(model_frames(recordings), out, options())
    assert every_file(out) == before
    write_frames(model_frames(recordings), out, options())
    assert every_file(out) == every_file(single)


def test_a_disk_without_room_is_refused_before_anything_is_computed(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.activations.extraction.free_bytes", lambda folder: 1000)
    frames = model_frames(recordings)
    with pytest.raises(DrawstopError, match=r"need 0.1 MB in .*, 0.0 MB are free"):
        write_frames(frames, tmp_path / "frames", options())
    assert isinstance(frames.model, LayeredWaves)
    assert frames.model.calls == 0


def test_a_store_of_another_version_is_refused(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    write_frames(model_frames(recordings), out, options())
    index = out / "a" / INDEX_FILE
    index.write_text(index.read_text().replace('"format": 2', '"format": 3'))
    before = every_file(out)
    for use in (
        lambda: ActivationStore.open(out / "a"),
        lambda: write_frames(model_frames(recordings), out, options()),
    ):
        with pytest.raises(DrawstopError, match="has format 3, this Drawstop reads 1 and 2"):
            use()
    assert every_file(out) == before


def test_a_folder_of_other_things_is_refused(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    frames = ModelFrames(LayeredWaves(), scan(recordings), ["a"])
    with pytest.raises(DrawstopError, match=r"files that aren't ours \(thesis.tex\)"):
        write_frames(frames, tmp_path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_narrow_frames_are_the_nearest_that_their_dtype_has(
    single: Path, recordings: Path, tmp_path: Path, dtype: str
) -> None:
    narrow = write_frames(model_frames(recordings), tmp_path / "frames", ExtractOptions(dtype, SHARD_FRAMES))  # type: ignore[arg-type]
    digits = {"float32": 0.0, "float16": 2.0**-11, "bfloat16": 2.0**-8}[
        dtype
    ]  # half a unit in the last place
    for store in narrow:
        exact = np.asarray(ActivationStore.open(single / store.site).frames)
        found = np.asarray(store.frames)
        assert found.dtype == np.float32
        assert np.all(np.abs(found - exact) <= digits * np.abs(exact) + 1e-7 * (digits > 0))
        assert (dtype == "float32") == np.array_equal(found, exact)


@pytest.mark.slow
def test_the_command_writes_a_raves_frames_with_workers_and_refuses_what_it_cannot_do(
    run: Run, example_rave: Path, tmp_path: Path
) -> None:
    sounds = tmp_path / "sounds"
    for i in range(4):
        write_audio(sounds / f"{i}.wav", 0.1 * np.random.default_rng(i).standard_normal((1, 9000)), 44100)
    common = ["activations", example_rave, sounds, "--site", "latent", "--shard-frames", 40]
    assert run(*common, "--out", tmp_path / "one")[0] == 0
    code, out, _ = run(*common, "--out", tmp_path / "two", "--workers", 2)
    assert (code, "72 frames of 128 numbers, 4 recordings, 2 shards" in out) == (0, True)
    assert every_file(tmp_path / "one") == every_file(tmp_path / "two")
    refused(run(*common, "--out", tmp_path / "x", "--part", "3/2"), "expected a part from 1/2 to 2/2")
    refused(run(*common, "--out", tmp_path / "x", "--dtype", "int8"), "float32, float16, bfloat16")
    refused(run(*common, "--out", tmp_path / "one", "--dtype", "float16"), "its dtype is float32")


def test_the_command_writes_a_musicgens_layers_part_by_part(
    run: Run, tiny_musicgen: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tones"
    for i in range(4):
        write_audio(folder / f"{i}.wav", 0.1 * np.random.default_rng(i).standard_normal((1, 4000)), 4000)
    common = ["activations", tiny_musicgen, folder, "--site", "layers.0", "--site", "layers.2"]
    common += ["--dtype", "bfloat16", "--shard-frames", "100", "--device", "cpu"]
    assert run(*common, "--out", tmp_path / "whole")[0] == 0
    code, out, _ = run(*common, "--out", tmp_path / "parts", "--part", "1/2")
    assert (code, "part 1/2 is done" in out) == (0, True)
    code, out, _ = run(*common, "--out", tmp_path / "parts", "--part", "2/2")
    assert (code, out.count("200 frames of 64 numbers")) == (0, 2)
    assert every_file(tmp_path / "whole") == every_file(tmp_path / "parts")
