"""The player's process: it holds one instrument, loads it, warms up, and plays the blocks that the audio process sends."""

import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore

import numpy as np

from drawstop.errors import DrawstopError
from realtime.engine import instrument_file
from realtime.engine.control_signals import State
from realtime.engine.instrument_player import Player
from realtime.processes.child_process import (
    PLAYER_PRIORITY,
    begin_child,
    freeze_garbage,
    orphaned,
    take_real_time_priority,
)
from realtime.processes.duration_histogram import duration_bin
from realtime.processes.messages import (
    BlockTimes,
    End,
    Failed,
    PlayerLoaded,
    PlayerRequest,
    Ready,
    SaveState,
    StartPlaying,
    TryBlock,
)
from realtime.processes.player_client import SLOTS, UNSET, PlayerSettings
from realtime.processes.shared_arrays import SharedArrays

TRIAL_S = 0.7
FEWEST_TRIAL_BLOCKS, ENOUGH_TRIAL_BLOCKS = 40, 400
HOPELESS_BLOCKS = 8
"""If not one of so many is played within its own duration, the trial ends: a slow model has waited long enough."""


def run_player(
    settings: PlayerSettings, work_ready: Semaphore, block_done: Semaphore, parent: Connection
) -> None:
    """The process: load, do what messages ask for, then play until the parent sends a message or is gone.

    Sends `PlayerLoaded` or `Failed`; then `BlockTimes` for each `TryBlock`, and `Ready` for `StartPlaying`.

    Args:
        work_ready: released by the audio process when a block waits.
        block_done: to release when a block is played.
    """
    begin_child()
    try:
        player = load_player(settings)
    except DrawstopError as error:
        parent.send(Failed(str(error)))
        return
    parent.send(PlayerLoaded(player.instrument.description))
    while not orphaned():
        if not parent.poll(0.5):
            continue
        request: PlayerRequest = parent.recv()
        match request:
            case TryBlock(block):
                take_real_time_priority(PLAYER_PRIORITY)  # nothing sounds yet
                parent.send(try_block(load_player(settings), block))
            case StartPlaying(descriptor, block):
                shared = SharedArrays(*descriptor)
                player.prepare(block)
                freeze_garbage()
                parent.send(Ready(take_real_time_priority(PLAYER_PRIORITY)))
                play(player, shared, work_ready, block_done, parent)
                return
            case End():
                return


def load_player(settings: PlayerSettings) -> Player:
    """Load an instrument into a new player."""
    return Player(
        instrument_file.load(settings.path),
        settings.seed,
        settings.threads,
        settings.noise,
        settings.backend,
    )


def play(
    player: Player,
    shared: SharedArrays,
    work_ready: Semaphore,
    block_done: Semaphore,
    parent: Connection,
) -> None:
    """Play blocks in their order until the parent asks for the end or is gone."""
    sent, played = shared["sent"], shared["played"]
    path = ""
    while not orphaned():
        if parent.poll(0):
            request: PlayerRequest = parent.recv()
            if not isinstance(request, SaveState):
                return
            path = request.path
            parent.send(Ready())
        if not work_ready.acquire(timeout=0.5):
            continue
        while played[0] < sent[0]:
            slot = int(played[0]) % SLOTS
            if shared["save"][slot] and path:
                save_state(player, path)
            play_slot(player, shared, slot)
            played[0] += 1
            block_done.release()


def save_state(player: Player, path: str) -> None:
    """Copy the state that the next block depends on, and write it in a thread."""
    with suppress(DrawstopError):  # the session says what it lacks when it is rendered
        threading.Thread(target=_write, args=(path, player.state), name="state", daemon=True).start()


def _write(path: str, state: State) -> None:
    with suppress(OSError):
        np.savez(path, **state)


def play_slot(player: Player, shared: SharedArrays, slot: int) -> None:
    """Play one block from its slot of the inbox to that of the outbox."""
    start = time.perf_counter()
    ramp_s = float(shared["ramp"][slot])
    player.submit(shared["inbox"][slot], None if ramp_s == UNSET else ramp_s, bool(shared["reset"][slot]))
    shared["outbox"][slot] = player.collect()
    shared["error_counts"][:] = player.failed_blocks, player.replaced_outputs
    seconds = time.perf_counter() - start
    shared["durations"][duration_bin(seconds)] += 1
    shared["longest"][0] = max(shared["longest"][0], seconds)


def try_block(player: Player, block: int) -> BlockTimes:
    """Play some blocks of noise after a warm-up, and sleep after each as long as it took."""
    description = player.instrument.description
    player.prepare(block)
    noise = np.random.default_rng(0).standard_normal(
        (description.channels_in + len(description.stops), block)
    )
    sound = (0.1 * noise).astype(np.float32)
    lasts_s = block / description.sample_rate
    seconds: list[float] = []
    late: list[float] = []
    while len(seconds) < FEWEST_TRIAL_BLOCKS or (
        len(seconds) < ENOUGH_TRIAL_BLOCKS and sum(seconds) < TRIAL_S
    ):
        if len(seconds) >= HOPELESS_BLOCKS and min(seconds) > lasts_s:
            break
        start = time.perf_counter()
        player.play(sound)
        played = time.perf_counter()
        seconds.append(played - start)
        time.sleep(seconds[-1])  # as in a performance, which leaves the core to others between blocks
        late.append(time.perf_counter() - played - seconds[-1])
    return BlockTimes(seconds, late)
