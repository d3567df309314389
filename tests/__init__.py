"""Drawstop's tests, in folders named as the packages'. A package, because a dependency installs one of the same name."""
