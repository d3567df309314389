"""Shown and true durations of a command: what its overall line says is left at 10, 25, 50, 75 and 90 % of the time that it took.

python -m bench.durations make --stop guitar with/ without/ --out my-organ: the command runs in a terminal of its own, as a user
sees it; its lines are read with the time at which they come.
"""

import argparse
import os
import pty
import re
import signal
import sys
import time

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_LINE = re.compile(r"step (\d+) of (\d+)(?:, about ([\d.]+) (s|min|h))?")
INTO_THE_STEP_S = 1.0
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def watched(
    command: list[str], kill_at: int | None = None
) -> tuple[list[tuple[float, str, float | None]], float, int]:
    """What a command shows: (seconds since the first overall line, step, seconds left); how long it took since; its exit status.

    Args:
        kill_at: a step in which it is ended with SIGKILL, a moment after it began.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["COLUMNS"] = "200"
        os.execvp(command[0], command)
    shown: list[tuple[float, str, float | None]] = []
    began, rest = 0.0, ""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # a terminal whose process has ended gives an error, not an end
            break
        if not part:
            break
        rest = (rest + part.decode(errors="replace"))[-4000:]
        found = list(_LINE.finditer(rest))
        if found:
            now = time.monotonic()
            began = began or now
            step, steps, number, unit = found[-1].groups()
            left = float(number) * _SECONDS[unit] if number else None
            shown.append((now - began, f"{step}/{steps}", left))
            rest = rest[found[-1].end() :]
            if kill_at is not None and int(step) >= kill_at:
                time.sleep(INTO_THE_STEP_S)
                os.kill(pid, signal.SIGKILL)
                kill_at = None
    _, status = os.waitpid(pid, 0)
    return shown, time.monotonic() - began, os.waitstatus_to_exitcode(status)


def print_table(shown: list[tuple[float, str, float | None]], took: float, status: int) -> None:
    """Prints what `watched` gave: when the steps began, and what was said to be left beside what was, at five moments."""
    if not shown:
        sys.exit(f"no overall line was shown, exit status {status}")
    load = " ".join(f"{each:.0f}" for each in os.getloadavg())
    print(f"took {took:.0f} s after the first overall line, exit status {status}, load averages {load}")
    steps: dict[str, float] = {}
    for at, step, _ in shown:
        steps.setdefault(step, at)
    print("steps began at (s): " + ", ".join(f"{step} {at:.0f}" for step, at in steps.items()))
    print("| of the time | step | shown left, s | truly left, s | shown / true |\n|---|---|---|---|---|")
    for share in SHARES:
        before = [line for line in shown if line[0] <= share * took]
        _, step, left = before[-1] if before else (0.0, "-", None)
        true = (1 - share) * took
        said = "-" if left is None else f"{left:.0f}"
        print(
            f"| {share:.0%} | {step} | {said} | {true:.0f} | {'-' if left is None else f'{left / true:.2f}'} |"
        )


def main() -> None:
    """Runs the command and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    print_table(*watched([sys.executable, "-m", "drawstop", *parser.parse_args().command]))


if __name__ == "__main__":
    main()
