"""OSC over UDP, TCP and WebSocket: packets, addresses, server, feedback."""
