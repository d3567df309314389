"""Synthetic frames with known directions, and which of them SAEs of each architecture find."""
