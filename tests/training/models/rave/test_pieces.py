"""A recording encoded in pieces, the caches carried over: the same frames, and memory that doesn't grow."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from drawstop.audio.files import read_audio, sound_blocks
from tests.helpers.recordings.odd_recordings import write_sound
from training.activations.streamed_frames import ModelFrames
from training.data.recordings import scan
from training.models.rave import pieces
from training.models.rave.model import RaveModel
from training.models.rave.pieces import in_pieces
from training.shipped import SHIPPED_RAVE

ROUNDING = 4e-6
"""Rounding, relative to a decoder's largest number: with AVX2 its kernels round by a frame's place."""
GROWTH = 1.35
"""Peak memory at sixteen times the length, at most."""


@pytest.mark.parametrize("blocks", [(1, 5, 3000), (700,) * 9, (10_000,)])
def test_pieces_are_the_sound_in_order_and_the_last_is_the_longest(blocks: tuple[int, ...]) -> None:
    sound = torch.arange(sum(blocks)).float()[None, None]
    pieces = list(in_pieces(sound.split(blocks, -1), 1000))
    assert torch.equal(torch.cat(pieces, -1), sound)
    assert all(each.shape[-1] == 1000 for each in pieces[:-1])
    assert pieces[-1].shape[-1] < 2000


@pytest.mark.slow
@pytest.mark.parametrize("which", ["shipped", "demo"])
def test_the_frames_are_those_of_the_whole_bit_for_bit_but_for_the_rounding_in_a_decoder(
    which: str, example_rave: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = RaveModel(SHIPPED_RAVE if which == "shipped" else example_rave)
    monkeypatch.setattr(pieces, "PIECE_SAMPLES", 1)
    length = pieces.piece_length(model.rates.latent_ratio)
    sound = 0.1 * torch.randn(1, model.channels, 3 * length + 777, generator=torch.Generator().manual_seed(0))
    sites = list(model.sites())
    assert len(list(model.frames_in_pieces([sound], sites))) == 3
    monkeypatch.setattr(pieces, "PIECE_SAMPLES", 10 * length)
    whole = {name: x.clone() for name, x in model.frames(sound, sites).items()}
    monkeypatch.setattr(pieces, "PIECE_SAMPLES", 1)
    for name, x in model.frames(sound, sites).items():
        if name.startswith("decoder"):
            assert float((x - whole[name]).abs().max()) < ROUNDING * float(whole[name].abs().max()), name
        else:
            assert torch.equal(x, whole[name]), name


@pytest.mark.parametrize("rate", [44100, 48000, 22050, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_of_a_file_are_what_is_read_whole(tmp_path: Path, rate: int, channels: int) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (rate * 3 + 17, channels)).astype(np.float32)
    path = write_sound(tmp_path / "a.wav", sound, rate, subtype="FLOAT")
    blocks = np.concatenate(list(sound_blocks(path, 44100, 1, seconds=0.7)), 1)
    np.testing.assert_array_equal(blocks, read_audio(path, 44100, 1)[0])


def test_a_file_of_one_sample_is_a_block(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.full(1, 0.25, np.float32), 96000)
    (block,) = sound_blocks(path, 44100, 1)
    assert block.shape == (1, 1)


@pytest.mark.slow
def test_a_recordings_frames_are_computed_from_its_blocks(tmp_path: Path, example_rave: Path) -> None:
    write_sound(tmp_path / "a.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 60_000), 48000)
    model = RaveModel(example_rave)
    (frames,) = ModelFrames(model, scan(tmp_path), ["latent"]).piece(0).values()
    audio = torch.from_numpy(read_audio(tmp_path / "a.wav", model.sample_rate, 1)[0])
    np.testing.assert_array_equal(frames, model.encode(audio[None])[0].T.numpy())


def peak_megabytes(path: Path, rave: Path) -> float:
    code = (
        "import sys, json, resource, pathlib, torch; torch.set_num_threads(1);"
        "from training.models.rave.model import RaveModel;"
        "from training.data.recordings import scan;"
        "from training.activations.streamed_frames import ModelFrames;"
        "frames = ModelFrames(RaveModel(pathlib.Path(sys.argv[1])), scan(pathlib.Path(sys.argv[2])), ['latent']);"
        "[None for piece in frames.pieces_of(0)];"
        "print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))"
    )
    done = subprocess.run([sys.executable, "-c", code, rave, path], capture_output=True, check=True)
    return float(json.loads(done.stdout))


@pytest.fixture
def lengths(tmp_path: Path) -> dict[int, Path]:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 44100 * 60).astype(np.float32)
    return {m: write_sound(tmp_path / str(m) / "a.wav", np.tile(noise, m)).parent for m in (1, 16)}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(lengths: dict[int, Path]) -> None:
    one, sixteen = (peak_megabytes(path, SHIPPED_RAVE) for path in lengths.values())
    assert sixteen < GROWTH * one
