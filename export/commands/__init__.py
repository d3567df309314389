"""One file per command: its options, its checks, what it prints."""
