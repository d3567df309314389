"""One folder per experiment of `drawstop evaluate` and `drawstop report`."""
