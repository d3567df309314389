"""One network that says which part of a frame's latents belongs to a concept, for every stop of a bank."""
