"""Drawstop: knobs, found inside a neural audio model, that bring concepts in and take them away.

This package is what `training`, `realtime` and `export` stand on: files, sound files, errors, progress, and the one command
with its table of sub-commands (`drawstop.cli`).
"""

__version__: str


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it's asked for: importlib.metadata takes half of the time of `drawstop --help`."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("drawstop")
    except PackageNotFoundError:  # the source tree alone, not installed
        return "0+source"
