"""Controllers: bytes -> events -> knob signals. All pure; ports and sockets are left to the caller."""
