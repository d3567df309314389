"""Experiment: several stops moved at once."""
