"""Does telling how strongly each stop sounds cost a block? `drawstop play` with and without `--levels`, in turn.

    python -m bench.live.levels [--seconds 60] [--instrument X.ts] [--json FILE]

A real JACK server, every core but one loaded by stress-ng. Needs jackd and stress-ng.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.live.jack import Server, demo_instrument, other_cores_busy

BLOCK = 1024
"""The same for both: a trial on a loaded machine may choose another each time."""


def main() -> None:
    """Play twice, print a table; exit code 1 where `--levels` lost a block."""
    parser = argparse.ArgumentParser(prog="python -m bench.live.levels", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two")
    parser.add_argument("--instrument", type=Path, help="a baked one; the demo's by default")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, other_cores_busy(), Server():
        instrument = arguments.instrument or demo_instrument(Path(folder))
        told = {
            name: play(instrument, arguments.seconds, options, Path(folder) / "report.json")
            for name, options in (("without", []), ("--levels", ["--levels"]))
        }
    table = Table("", "blocks", "lost", "closest call, ms", "heard by the listener", "skipped by it")
    for name, report in told.items():
        blocks = report["sample"] // report["plan"]["block"]
        heard = report.get("levels", {})
        counts = (blocks, report["lost_blocks"], round(report["closest_call_ms"], 1))
        table.add_row(
            name, *map(str, (*counts, heard.get("heard_blocks", "-"), heard.get("skipped_blocks", "-")))
        )
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=1) + "\n")
    sys.exit(int(told["--levels"]["lost_blocks"] > 0))


def play(instrument: Path, seconds: float, options: list[str], report: Path) -> dict[str, Any]:
    """What the command's own report says after so many seconds."""
    words = [
        "play", instrument, "--headless", "--block", BLOCK, "--seconds", seconds, "--json", report, *options,
    ]  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "drawstop", *map(str, words)], check=True, stdout=subprocess.DEVNULL
    )
    told: dict[str, Any] = json.loads(report.read_text())
    return told


if __name__ == "__main__":
    main()
