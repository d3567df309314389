"""Pure Data patches."""
