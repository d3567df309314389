"""How long a performance plays dry after its instrument has crashed: its process forked, and a fresh one, in turn, under JACK.

    python -m bench.live.recovery [--instrument X.ts] [--repeats 5]

A crash is a SIGKILL. The time is from there to the sample at which the instrument's new process begins to fade in.
"""

import argparse
import os
import signal
import statistics
import tempfile
import time
from pathlib import Path

from bench.live.jack import JackServer
from bench.live.preparation import demo_instrument
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes import child_process
from realtime.recording.session_file import read_session

LOOK_S = 0.1
SOUNDING_S = 1.0
FORKED, FRESH = "forked", "fresh"


def main() -> None:
    """Print the seconds, and their ratio."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.live.recovery", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--instrument", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {FORKED: [], FRESH: []}
    with tempfile.TemporaryDirectory() as folder, JackServer().use_here():
        instrument = arguments.instrument or demo_instrument(Path(folder))
        forking = child_process.FORKING
        for repeat in range(arguments.repeats):
            for way in seconds:
                child_process.FORKING = forking if way == FORKED else None
                seconds[way].append(recovery_s(instrument, Path(folder) / f"{way}-{repeat}"))
                print(f"{way}: {seconds[way][-1]:.2f} s", flush=True)
    medians = {way: statistics.median(each) for way, each in seconds.items()}
    print(
        f"median of {arguments.repeats}: {medians[FORKED]:.2f} s forked, {medians[FRESH]:.2f} s fresh: "
        f"{medians[FRESH] / medians[FORKED]:.1f} times as long"
    )


def recovery_s(instrument: Path, take: Path) -> float:
    """Play, crash, and wait until the instrument is back; the seconds without it."""
    supervisor = Supervisor(LiveRequest(instrument))
    try:
        supervisor.load()
        supervisor.open()
        supervisor.start(session=take)
        time.sleep(SOUNDING_S)
        supervisor.report()
        os.kill(supervisor.player.pid, signal.SIGKILL)
        swaps = supervisor.swaps
        while supervisor.swaps == swaps or supervisor.report().swapping:
            time.sleep(LOOK_S)
            supervisor.watch()
    finally:
        supervisor.close()
    session = read_session(take)
    fade_at = session.swaps[0].fade_at
    assert fade_at is not None, "the session has no fade"
    return (fade_at - session.deaths[0][0]) / session.about.sample_rate


if __name__ == "__main__":
    main()
