"""Results as one HTML page or in a terminal."""
