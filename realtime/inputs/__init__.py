"""Ports and sockets: MIDI, OSC and the keyboard, connected to the parameters."""
