"""Finds stops on the layers of a MusicGen."""
