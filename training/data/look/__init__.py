"""Looks at recordings before any work: which are used, skipped (and why) or odd, and which would spoil the result."""
