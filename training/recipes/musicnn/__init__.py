"""Chooses the thresholds of the published MusicNN classifier."""
