"""Experiment: which layers of a model carry a concept?"""
