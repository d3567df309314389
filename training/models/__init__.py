"""Steerable models: what a model is to the rest of `training`."""
