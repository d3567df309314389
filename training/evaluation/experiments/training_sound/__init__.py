"""Experiment: does more training sound make better features?"""
