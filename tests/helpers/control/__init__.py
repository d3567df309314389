"""The ends of controllers: MIDI boxes, OSC and OSCQuery clients, gestures, clocks, and what keeps the events."""
