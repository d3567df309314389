"""Trains the example RAVE, its bank and its classifiers, and measures them."""
