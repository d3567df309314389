"""What every room may import: errors, files, audio files, progress, and the instrument's description."""
