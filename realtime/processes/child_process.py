"""Starting child processes; and the first steps of each: signals, priority, garbage collection, the parent's end.

Key idea: what plays an instrument needs torch, whose import takes seconds of a core. On Linux such processes are forked from one
that has imported it and does nothing else, so that an exchange, or an instrument that takes the place of a crashed one, costs
a sounding performance none of that. All others are fresh interpreters.
"""

import gc
import importlib
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from drawstop.torchscript import keep_advice_quiet

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext  # Windows has none

CONTEXT: SpawnContext = multiprocessing.get_context("spawn")
"""Fresh interpreters: a fork would copy torch's threads and the terminal's state."""
FORKING: "ForkServerContext | None" = (
    multiprocessing.get_context("forkserver") if sys.platform == "linux" else None
)
"""Forks from a process that has run no thread and opened no terminal; elsewhere than on Linux, system libraries forbid it."""
FORKED_WITH = "realtime.processes.torch_imported"
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
    gc.disable()  # it takes a sixth of an import of torch, and most processes here go on without
    keep_advice_quiet()
    module, function = target.split(":")
    getattr(importlib.import_module(module), function)(*arguments)


def start_child(target: str, *arguments: Any) -> BaseProcess:
    """Start a process that runs `module:function` with these arguments."""
    return _start(CONTEXT, target, arguments)


def begin_importing_torch() -> None:
    """Start the process that imports torch, so that `start_torch_child` waits less; returns at once."""
    if FORKING is not None:
        from multiprocessing import forkserver

        FORKING.set_forkserver_preload([FORKED_WITH])
        forkserver.ensure_running()


def start_torch_child(target: str, *arguments: Any) -> BaseProcess:
    """As `start_child`, for a process that needs torch: forked, where the system can, from one that has imported it."""
    if FORKING is not None:
        begin_importing_torch()
        with suppress(EOFError, OSError):  # torch can't be imported there: a fresh process prints why
            return _start(FORKING, target, arguments)
    return start_child(target, *arguments)


def _start(
    context: "SpawnContext | ForkServerContext", target: str, arguments: tuple[Any, ...]
) -> BaseProcess:
    process = context.Process(target=run_target, args=(target, *arguments), daemon=True)
    process.start()
    return process
