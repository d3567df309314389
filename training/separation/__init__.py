"""One network that separates the part of the latents that belongs to a concept, for every stop of a bank."""
