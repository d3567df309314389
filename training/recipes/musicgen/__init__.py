"""Trains the shipped small MusicGen, its classifier and its stops."""
