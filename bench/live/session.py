"""Records a performance under a real JACK server, renders it twice, and compares the bits.

    python -m bench.live.session --instrument X.ts [--minutes 5] [--events 10000]

jack_iodelay's tones go in; the stops and parameters get random values at random moments.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.live.jack import JackServer
from realtime.engine.control_event import ControlEvent
from realtime.engine.parameters import BYPASS, INPUT_GAIN, WET
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.recording.replay import compared, replay
from realtime.recording.session_file import read_session

MOVED = (BYPASS, INPUT_GAIN, WET)
PARAMETER_SHARE = 0.1


def main() -> None:
    """Play, render twice, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.live.session", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--instrument", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--events", type=int, default=10_000)
    arguments = parser.parse_args()
    supervisor = Supervisor(LiveRequest(arguments.instrument))
    with tempfile.TemporaryDirectory() as folder:
        take = Path(folder) / "take"
        tones = None
        with JackServer().use_here() as server:
            try:
                supervisor.load()
                supervisor.open()
                supervisor.start(session=take)
                tones = subprocess.Popen(["jack_iodelay"], stdout=subprocess.DEVNULL)
                time.sleep(1.0)
                server.connect("jack_delay:out", "drawstop:in_0")
                send(supervisor, arguments.events, 60 * arguments.minutes)
            finally:
                report = supervisor.close()
                if tones is not None:
                    tones.kill()
        session = read_session(take)
        print(
            f"{session.input.shape[1] / session.about.sample_rate:.1f} s, {len(session.events)} events, "
            f"{report.lost_blocks} lost blocks, input peak {np.abs(session.input).max():.2f}"
        )
        renders = [replay(session) for _ in range(2)]
        print("both renders equal:", np.array_equal(renders[0], renders[1]))
        print("\n".join(compared(session, renders[0])))


def send(supervisor: Supervisor, events: int, seconds: float) -> None:
    """Random values, evenly spread in number and irregular in time."""
    random = np.random.default_rng(0)
    begin = time.monotonic()
    for moment in np.sort(random.uniform(0, seconds, events)):
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        stops = supervisor.description.stops
        if random.random() < PARAMETER_SHARE:
            parameter = MOVED[int(random.integers(len(MOVED)))]
            slug, value = (
                parameter.slug,
                float(random.uniform(max(parameter.minimum, -12.0), min(parameter.maximum, 6.0))),
            )
        else:
            slug, value = stops[int(random.integers(len(stops)))].slug, float(random.uniform(-1, 1))
        supervisor.schedule([ControlEvent(supervisor.now(), slug, value, "bench")])
        supervisor.watch()


if __name__ == "__main__":
    main()
