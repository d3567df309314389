"""How the demo's small MusicGen was made: recordings, EnCodec, language model and figures, on one core."""
