"""Finding a concept with a separator: recordings with and without it become a query."""
