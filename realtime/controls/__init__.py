"""Controllers: bytes -> events -> knob signals. Ports and sockets are thin edges around what is pure."""
