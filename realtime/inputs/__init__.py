"""MIDI ports, OSC sockets, the keyboard and files, connected to the parameter store."""
