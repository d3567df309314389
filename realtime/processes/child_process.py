"""Starting child processes; and the first steps of each: signals, priority, garbage collection, the parent's end."""

import gc
import importlib
import multiprocessing
import os
import signal
import sys
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from drawstop.torchscript import keep_advice_quiet

CONTEXT: SpawnContext = multiprocessing.get_context("spawn")
"""Fresh interpreters: a fork would copy torch's threads and the terminal's state."""
SWITCH_INTERVAL_S = 0.0002
AUDIO_PRIORITY, PLAYER_PRIORITY, DEVICE_PRIORITY = 20, 10, 30


def begin_child() -> None:
    """Prepare this child process: the parent handles Ctrl-C and SIGTERM, for it fades out first; no garbage collection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    freeze_garbage()


def freeze_garbage() -> None:
    """Stop garbage collection in this process: our loops make no cycles, and a scan takes milliseconds."""
    gc.collect()
    gc.freeze()
    gc.disable()


def orphaned() -> bool:
    """Whether the process that started this one is gone."""
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def take_real_time_priority(priority: int) -> bool:
    """Ask for the first-in-first-out class for the calling thread; returns whether the system grants it."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return False
    return True


def run_target(target: str, *arguments: Any) -> None:
    """Import `module:function` and call it: in the child, so that the parent never imports torch."""
    keep_advice_quiet()
    module, function = target.split(":")
    getattr(importlib.import_module(module), function)(*arguments)


def start_child(target: str, *arguments: Any) -> BaseProcess:
    """Start a process that runs `module:function` with these arguments."""
    process = CONTEXT.Process(target=run_target, args=(target, *arguments), daemon=True)
    process.start()
    return process
