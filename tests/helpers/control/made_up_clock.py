"""A clock that stands still until a test advances it, so that no test depends on how fast the machine is."""


class MadeUpClock:
    """Seconds, in place of `time.monotonic`.

    Args:
        now: the time at which it stands at first.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let this time pass."""
        self.now += seconds
