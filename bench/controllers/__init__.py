"""The control bridge, measured live under a real JACK server: `python -m bench.controllers`."""
