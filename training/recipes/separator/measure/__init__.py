"""What the shipped stops do, measured: each module writes one part of the committed figures."""
