"""Drawstop: knobs, found inside a neural audio model, that bring concepts in and take them away.

This package is what `training`, `realtime` and `export` stand on: files, sound files, errors, progress, and the one command
with its table of sub-commands (`drawstop.cli`).
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("drawstop")
except PackageNotFoundError:  # the source tree alone, not installed
    __version__ = "0+source"
