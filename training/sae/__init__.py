"""Sparse autoencoders: equations, losses, training, files that SAELens reads too."""
