"""Experiment: how good is the autoencoder?"""
