"""Measures what a block costs: the instrument beside the plain RAVE, backends beside TorchScript."""
