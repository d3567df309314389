"""Experiment: how many labelled recordings, and how much SAE training, does a concept need?"""
