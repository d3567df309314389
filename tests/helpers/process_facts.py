"""What a child process says of itself, for tests of how it was started."""

import os
import signal
import sys
from multiprocessing.connection import Connection


def send_facts(pipe: Connection) -> None:
    """Send whether torch was imported before, whether Ctrl-C is ignored, and the parent's number; then wait for any message."""
    pipe.send(("torch" in sys.modules, signal.getsignal(signal.SIGINT) is signal.SIG_IGN, os.getppid()))
    pipe.recv()
