"""Measures the controllers, live under a real JACK server.

    python -m bench.controllers timing|step|flood|performance [--json FILE]

Each prints a table and the limits; a broken limit is exit code 1. Needs jackd.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

from bench.controllers.results import Results


def main() -> None:
    """Measure and print; the exit code says whether every limit was kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.controllers", description=__doc__.split("\n")[0])
    which = parser.add_subparsers(dest="which", required=True)
    one = which.add_parser("timing", help="knob to sound: by MIDI, by OSC, with time tags")
    one.add_argument("--movements", type=int, default=1000, help="of each controller")
    one.add_argument("--rates", type=int, nargs="+", default=[44100, 48000], help="of the device, Hz")
    one.add_argument("--instrument", type=Path, help="for the offline part; the demo's by default")
    one = which.add_parser("step", help="two OSC clients, a motor fader and a scene at one stop")
    one.add_argument("--movements", type=int, default=200, help="of each controller")
    one = which.add_parser("flood", help="5,000 messages a second and 1,700 broken packets, while it plays")
    one.add_argument("--seconds", type=float, default=60.0)
    one = which.add_parser("performance", help="all of it, recorded and rendered again")
    one.add_argument("--seconds", type=float, default=300.0, help="30 or more")
    one.add_argument("--instrument", type=Path, help="a baked one; the demo's by default")
    for each in which.choices.values():
        each.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # a shell's background job ignores Ctrl-C, and so would its children, which are ended by it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    measured = _measured(arguments)
    for results in measured:
        results.show()
    if arguments.json:
        arguments.json.write_text(json.dumps([results.as_json() for results in measured], indent=1) + "\n")
    sys.exit(int(any(results.broken for results in measured)))


def _measured(arguments: argparse.Namespace) -> list[Results]:
    """Run the measurement. Imports are here because the live process has no torch, which a rendering has."""
    match arguments.which:
        case "timing":
            from bench.controllers import offline, timing

            live = [timing.measure(arguments.movements, rate) for rate in arguments.rates]
            return [*live, offline.measure(arguments.movements, arguments.instrument)]
        case "step":
            from bench.controllers import in_step

            return [in_step.measure(arguments.movements, echoes) for echoes in (False, True)]
        case "flood":
            from bench.controllers import flood

            return [flood.measure(arguments.seconds)]
        case "performance":
            from bench.controllers import performance

            return [performance.measure(arguments.seconds, arguments.instrument)]
    raise AssertionError(arguments.which)


if __name__ == "__main__":
    main()
