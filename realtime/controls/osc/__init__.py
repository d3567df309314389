"""OSC: other programs and surfaces move the stops and are told where they are. See docs/osc.md."""
