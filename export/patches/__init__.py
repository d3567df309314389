"""Pd and Max patches of an instrument: written from its description, one labelled knob per stop."""
