"""Experiment: how well do a bank's features and stops classify recordings?"""
