"""Trains the shipped RAVE, its bank and its classifiers, and measures them."""
