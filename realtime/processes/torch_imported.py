"""What `start_torch_child` forks from: a process that has imported torch, and deaf to the signals that its parent handles."""

import gc
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
gc.disable()

from realtime.processes import level_process, player_process  # noqa: E402

__all__ = ["level_process", "player_process"]

gc.freeze()  # so that no scan copies the pages that the forked processes share
