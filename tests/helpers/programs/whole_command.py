"""`drawstop` run to its end in a process of its own."""

import os
import subprocess
import sys


def drawstop(*arguments: object, wait_s: float = 800, **environment: str) -> subprocess.CompletedProcess[str]:
    """`drawstop …` as a user starts it, in a terminal of 200 columns.

    Args:
        environment: environment variables beside the tests' own.
    """
    command = [sys.executable, "-m", "drawstop", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=wait_s,
        env=os.environ | {"COLUMNS": "200"} | environment,
    )
