"""Finds stops of a RAVE."""
