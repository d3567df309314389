"""A process for one instrument: it loads, warms up, and plays the blocks that the conductor sends."""

import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore

import numpy as np

from drawstop.errors import DrawstopError
from realtime.engine import instrument_file
from realtime.engine.instrument_player import Player
from realtime.processes.child_process import (
    PLAYER_PRIORITY,
    begin_child,
    freeze_garbage,
    orphaned,
    take_real_time_priority,
)
from realtime.processes.device_ring import duration_bin
from realtime.processes.player_client import SLOTS, UNSET, PlayerRequest
from realtime.processes.shared_arrays import SharedArrays

TRIAL_S = 0.5
FEWEST_TRIAL_BLOCKS, ENOUGH_TRIAL_BLOCKS = 40, 250
HOPELESS_BLOCKS = 8
"""If not one of so many is played within its own duration, the trial ends: a slow model has waited long enough."""


def run_player(request: PlayerRequest, go: Semaphore, wake: Semaphore, parent: Connection) -> None:
    """The process: load, then do what the parent asks for, then play until it says or is gone.

    Tells `("loaded", description)` or `("error", one line)`. Asked `("trial", block)` it tells the seconds that
    each of some blocks of this length took; asked `("play", descriptor, block)` it warms up, tells `("ready",
    real-time priority)` and plays.
    """
    begin_child()
    try:
        player = load_player(request)
    except DrawstopError as error:
        parent.send(("error", str(error)))
        return
    parent.send(("loaded", player.instrument.description))
    while not orphaned():
        if not parent.poll(0.5):
            continue
        asked = parent.recv()
        if asked[0] == "trial":
            take_real_time_priority(PLAYER_PRIORITY)  # nothing sounds yet
            parent.send(("tried", try_block(load_player(request), asked[1])))
        elif asked[0] == "play":
            shared = SharedArrays(*asked[1])
            player.prepare(asked[2])
            freeze_garbage()
            parent.send(("ready", take_real_time_priority(PLAYER_PRIORITY)))
            play(player, shared, go, wake, parent)
            return
        else:
            return


def load_player(request: PlayerRequest) -> Player:
    """A player, freshly loaded."""
    return Player(
        instrument_file.load(request.path), request.seed, request.threads, request.noise, request.backend
    )


def play(player: Player, shared: SharedArrays, go: Semaphore, wake: Semaphore, parent: Connection) -> None:
    """Play blocks in their order until the parent says anything or is gone."""
    sent, played = shared["sent"], shared["played"]
    while not parent.poll(0) and not orphaned():
        if not go.acquire(timeout=0.5):
            continue
        while played[0] < sent[0]:
            play_slot(player, shared, int(played[0]) % SLOTS)
            played[0] += 1
            wake.release()


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


def try_block(player: Player, block: int) -> list[float]:
    """Seconds that each of some blocks of noise takes, after a warm-up."""
    description = player.instrument.description
    player.prepare(block)
    noise = np.random.default_rng(0).standard_normal(
        (description.channels_in + len(description.stops), block)
    )
    sound = (0.1 * noise).astype(np.float32)
    lasts_s = block / description.sample_rate
    seconds: list[float] = []
    while len(seconds) < FEWEST_TRIAL_BLOCKS or (
        len(seconds) < ENOUGH_TRIAL_BLOCKS and sum(seconds) < TRIAL_S
    ):
        if len(seconds) >= HOPELESS_BLOCKS and min(seconds) > lasts_s:
            break
        start = time.perf_counter()
        player.play(sound)
        seconds.append(time.perf_counter() - start)
        time.sleep(seconds[-1])  # as in a performance, which leaves the core to others between blocks
    return seconds
