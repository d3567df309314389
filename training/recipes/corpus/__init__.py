"""Renders the recordings that the shipped RAVE and its bank are trained on."""
