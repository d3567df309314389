"""The child processes and the memory that they share."""
