"""Banks: an SAE with its stops, the edit that stops make, and gates."""
