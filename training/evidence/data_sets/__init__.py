"""Data sets as people have them on disk: a file for each layout, which says how to know it and how to read it."""
