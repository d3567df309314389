"""MIDI: decoding, encoding, MPE, clock, files."""
