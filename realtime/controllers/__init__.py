"""Turns controllers' messages into parameter values. Opens no MIDI ports."""
