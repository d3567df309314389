"""What the small MusicGen learns from: recordings of timbres, noise, and the folders that a user would bring."""
