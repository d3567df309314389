"""Renders the recordings that the example RAVE and its bank are trained on."""
