"""Data sets as they are published, each read as labelled recordings."""
