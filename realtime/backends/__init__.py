"""Runtimes for the RAVE inside an instrument, beside TorchScript."""
