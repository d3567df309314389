"""Drawstop: knobs, found inside a neural audio model, that bring concepts in and take them away.

The package holds the one command (`drawstop.cli`), the demo (`export.demo.command`) and `drawstop`, the layer
that the three rooms `training`, `export` and `realtime` stand on.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("drawstop")
except PackageNotFoundError:  # the source tree alone, not installed
    __version__ = "0+source"
