"""The small MusicGen's classifiers, and what they detect in its sounds, at rest and steered."""
