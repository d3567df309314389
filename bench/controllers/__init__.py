"""Measurements of the controllers, live under a real JACK server: `python -m bench.controllers`."""
