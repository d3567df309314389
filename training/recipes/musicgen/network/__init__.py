"""The small MusicGen's EnCodec and language model: what they are, how they are trained and exported."""
