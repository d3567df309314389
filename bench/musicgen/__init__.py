"""Measurements of MusicGen at its published size."""
