"""Finding a stop from recordings with and without a concept."""
