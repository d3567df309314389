"""SAE training beside SAELens, and how it grows."""
