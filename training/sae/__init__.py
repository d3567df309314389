"""Sparse autoencoders: model, losses, training, files."""
