"""Measurements, each run by `python -m bench.PACKAGE[.MODULE]`."""
