"""The verdict that `drawstop make` gives on a stop."""
