"""Kill and go on: `drawstop make` is ended with SIGKILL in each of its steps, started again, and compared with a run in one go.

python -m bench.kill_and_go_on FOLDER -- --stop guitar with/ without/: FOLDER gets both results. Every file's bytes are compared.
"""

import argparse
import itertools
import shutil
import sys
from pathlib import Path

from bench.durations import print_table, watched
from drawstop.files import sha256_file


def contents(folder: Path) -> dict[str, str]:
    """The hash of each file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): sha256_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main() -> None:
    """Prints in which steps the command was killed, and the files that differ; ends with 1 where any does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    options = [each for each in arguments.options if each != "--"]
    whole, killed = arguments.folder / "whole", arguments.folder / "killed" / "whole"
    for out in (whole, killed):
        shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "drawstop", "make", *options]
    shown, took, status = watched([*command, "--out", str(whole)])
    print("in one go:")
    print_table(shown, took, status)
    sys.stdout.flush()
    for step in itertools.count(1):
        shown, took, status = watched([*command, "--out", str(killed)], kill_at=step)
        began, ended = shown[0][1], shown[-1][1]
        print(
            f"killed in step {step}: exit status {status}, began at {began}, ended at {ended}, {took:.0f} s",
            flush=True,
        )
        if status == 0:
            break
    first, second = contents(whole), contents(killed)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    print(f"{len(first)} files, {len(differing)} differ: {', '.join(differing) or 'none'}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
