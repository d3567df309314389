"""Which controller moves what: the mapping, its file, take-over, learning."""
