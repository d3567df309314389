"""Experiment: are the concepts separable in the model's space?"""
