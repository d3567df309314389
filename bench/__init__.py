"""Measurements side by side: `python -m bench`."""
