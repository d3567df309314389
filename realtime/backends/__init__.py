"""Other ways to compute an instrument's blocks than TorchScript's own."""
