"""Patches of an instrument for Pure Data, Max and Live."""
