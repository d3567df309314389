"""From recordings with and without a concept to a stop."""
