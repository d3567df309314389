"""What commands draw and tabulate: the pictures of `classify` and `sweep`."""
