"""Experiment: what does each feature respond to?"""
