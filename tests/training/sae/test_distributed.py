"""Training in parts and on many processes (gloo, on this machine): the same SAE as in one go on one, and clean ends.

A worker is a whole Python of its own, so there are few of them: each of the two launches trains every architecture.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import get_args

import pytest
import torch
from torch.distributed import TCPStore

from drawstop.errors import DrawstopError
from tests.helpers.models.sae_worker import CONFIG, frames
from tests.helpers.repository import REPOSITORY
from training.activations.store import write_store
from training.data.recordings import Recording
from training.models.threads import fixed_threads
from training.recipes.planted.planted import planted_frames
from training.sae.config import Architecture, SAEConfig
from training.sae.dataset import StoredFrames, TensorFrames, ahead
from training.sae.launcher import rendezvous, train_on
from training.sae.train import train, train_sites

pytestmark = pytest.mark.slow

SAME_WEIGHTS = 1e-6
"""Sums in another order round differently, by 1e-16 a step in float64, and top-k magnifies it: 200 steps stay far below this."""
SAME_LOSS = 1e-3
"""Relative difference of float32 loss curves if a training was resumed with another number of processes."""
SAME_EXPLAINED = 0.005
"""Difference of variance explained after a training so long that other rounding leads to other features."""
ARCHITECTURES = get_args(Architecture)

WHOLE_TABLE = bool(os.environ.get("DRAWSTOP_WHOLE_TABLE"))
COUNTS = [2, 4] if WHOLE_TABLE else [2]
"""Numbers of processes; four on two cores take a minute."""


@pytest.fixture(scope="module")
def alone() -> dict[str, dict[str, torch.Tensor]]:
    return {
        architecture: train(frames(), replace(CONFIG, architecture=architecture)).state_dict()
        for architecture in ARCHITECTURES
    }


def launched(count: int, folder: Path) -> tuple[TCPStore, list[subprocess.Popen[str]]]:
    """Workers with the environment that `torchrun` gives them, and the store at which they meet."""
    store, environment = rendezvous(count)
    common = {**os.environ, **environment, "PYTHONPATH": str(REPOSITORY)}
    worker = REPOSITORY / "tests" / "helpers" / "models" / "sae_worker.py"
    workers = [
        subprocess.Popen(
            [sys.executable, str(worker), str(folder)],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    return store, workers


def largest_difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.parametrize("count", COUNTS)
def test_several_processes_give_the_sae_that_one_gives_and_end_with_one_line_when_one_is_killed(
    alone: dict[str, dict[str, torch.Tensor]], tmp_path: Path, count: int
) -> None:
    _store, workers = launched(count, tmp_path)
    errors = [worker.communicate(timeout=800)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [2] * (count - 1) + [-signal.SIGKILL], errors
    for said in errors[:-1]:
        assert said.startswith("drawstop: another process of this training has gone"), said
        assert len(said.splitlines()) == 1, said
    for architecture in ARCHITECTURES:
        shared = torch.load(tmp_path / f"{architecture}.pt")
        assert largest_difference(alone[architecture], shared) <= SAME_WEIGHTS, architecture


@pytest.mark.parametrize("architecture", ARCHITECTURES if WHOLE_TABLE else ["batchtopk"])
def test_a_longer_training_explains_as_much_on_two_processes_as_on_one(architecture: Architecture) -> None:
    source = TensorFrames(planted_frames(seed=1, frames=20_000)[1])
    config = SAEConfig(64, 256, 4, architecture, steps=600, batch_size=64)
    explained = [
        sae.metrics.fraction_of_variance_explained
        for count in (1, 2)
        for sae in train_on(count, source, config).values()
        if sae.metrics is not None
    ]
    assert len(explained) == 2 and explained[0] > 0.5
    assert abs(explained[1] - explained[0]) <= SAME_EXPLAINED


def test_of_as_many_sites_as_processes_each_trains_its_share_bit_for_bit_from_anyones_checkpoint(
    tmp_path: Path,
) -> None:
    recording = Recording(Path("0.wav"), "", "0" * 64, "train")
    stores = StoredFrames(
        [
            write_store(tmp_path / site, site, "fingerprint", [(recording, frames()[:, :width].numpy())])
            for site, width in (("a", 8), ("b", 16), ("c", 12))
        ]
    )
    config = replace(CONFIG, steps=60, precision="float32")
    checkpoints = {site: tmp_path / f"{site}.checkpoint" for site in stores.widths}

    def interrupt(step: int, loss: float) -> None:
        if step == 33:
            raise KeyboardInterrupt

    with fixed_threads(1):
        alone = train_sites(stores, config, buffer_frames=330)
        with pytest.raises(KeyboardInterrupt):
            train_sites(stores, config, buffer_frames=330, checkpoints=checkpoints, progress=interrupt)
        seen = list[int]()
        shared = train_on(
            2,
            stores,
            config,
            buffer_frames=330,
            checkpoints=checkpoints,
            progress=lambda step, loss: seen.append(step),
        )
    assert seen == list(range(31, 61)), "from the checkpoint at step 30 on"
    assert list(shared) == list(alone) == ["a", "b", "c"]
    for site, sae in alone.items():
        assert largest_difference(sae.state_dict(), shared[site].state_dict()) == 0.0, site
        assert sae.metrics == shared[site].metrics


def test_the_next_batch_is_read_while_one_is_used_and_a_failure_to_read_is_raised() -> None:
    reading = Event()

    def items() -> Iterator[int]:
        yield 0
        reading.set()
        yield 1
        raise DrawstopError("the shard is missing")

    batches = ahead(items())
    assert next(batches) == 0
    assert reading.wait(60), "nothing else was asked for yet"
    assert next(batches) == 1
    with pytest.raises(DrawstopError, match="the shard is missing"):
        next(batches)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_batch_in_parts_gives_the_sae_that_it_gives_whole(
    alone: dict[str, dict[str, torch.Tensor]], architecture: Architecture
) -> None:
    parts = train(frames(), replace(CONFIG, architecture=architecture), frames_at_once=25)
    assert largest_difference(alone[architecture], parts.state_dict()) <= SAME_WEIGHTS


def test_a_training_whose_process_was_killed_goes_on_with_another_number_of_them(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=60, precision="float32", architecture="batchtopk")
    source = TensorFrames(frames())
    site = next(iter(source.widths))
    whole, curve = dict[int, float](), dict[int, float]()
    train_sites(source, config, progress=whole.__setitem__)
    checkpoints = {site: tmp_path / "sae.checkpoint"}

    def kill_one(step: int, loss: float) -> None:
        curve[step] = loss
        if step == 33:
            os.kill(multiprocessing.active_children()[-1].pid or 0, signal.SIGKILL)

    with pytest.raises(DrawstopError, match=r"process \d of 2 was ended by SIGKILL"):
        train_on(2, source, config, checkpoints=checkpoints, progress=kill_one)
    assert not multiprocessing.active_children()
    resumed = train_on(1, source, config, checkpoints=checkpoints, progress=curve.__setitem__)
    assert list(curve) == sorted(whole)
    assert [curve[step] for step in whole] == pytest.approx(list(whole.values()), rel=SAME_LOSS)
    assert resumed[site].metrics is not None


def test_processes_read_stores_from_their_folders_and_their_refusals_reach_the_caller(tmp_path: Path) -> None:
    items = [(Recording(Path("0.wav"), "", "0" * 64, "train"), frames().numpy())]
    store = write_store(tmp_path / "store", "site", "fingerprint", items)
    config = replace(CONFIG, steps=5, learning_rate=1e30, precision="float32")
    with pytest.raises(DrawstopError, match="the loss isn't finite at step"):
        train_on(2, StoredFrames([store]), config)


def test_streams_and_more_processes_than_frames_are_refused() -> None:
    source = TensorFrames(frames())
    with pytest.raises(DrawstopError, match="expected 1 to 66 processes"):
        train_on(67, source, CONFIG)
    source.random_access = False
    with pytest.raises(DrawstopError, match="without --stream"):
        train_on(2, source, CONFIG)
