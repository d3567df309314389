"""Classifiers that say whether a concept is audible in a sound."""
