"""Scenes: stored stop values, recalled at once or morphed, undo, their file."""
