"""A look at recordings before any work: what is used, what is skipped and why, what is odd, what would spoil the result."""
