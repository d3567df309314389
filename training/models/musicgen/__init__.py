"""MusicGen: loading it, reading and editing its layers."""
