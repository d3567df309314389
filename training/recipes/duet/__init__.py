"""Guitar music with a male voice: three stops, found and measured."""
