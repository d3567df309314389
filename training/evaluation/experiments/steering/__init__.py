"""Experiment: does each stop do what its label says?"""
