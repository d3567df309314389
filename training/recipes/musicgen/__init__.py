"""Trains the small MusicGen, its classifier and its stops."""
