"""Drawstop: knobs, found inside a neural audio model, that bring concepts in and take them away.

From Python, each name is imported when it is first used (`docs/reference/python.md` has an example of each):

* play: `Instrument`, `render`
* make: `train`, `find`, `bake`, `make`; `steer` and `Sampling` for a MusicGen
* measure: `verify`, `classify`, `evaluate`
* open: `load_model`, `load_bank`, `inspect`; `shipped`, the files that come with Drawstop
* `DrawstopError`: every failure that is expected, in one line

This package is also what `training`, `realtime` and `export` stand on: files, sound files, errors, progress, and the one command
with its table of sub-commands (`drawstop.cli`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drawstop.errors import DrawstopError
    from export.api.files import bake, inspect, load_bank, load_model, render, verify
    from export.api.instrument import Instrument
    from export.api.making import find, make, train
    from export.api.measuring import classify, evaluate
    from export.musicgen.generate import steer
    from training import shipped
    from training.models.musicgen.sampling import Sampling

__all__ = [
    "DrawstopError",
    "Instrument",
    "Sampling",
    "bake",
    "classify",
    "evaluate",
    "find",
    "inspect",
    "load_bank",
    "load_model",
    "make",
    "render",
    "shipped",
    "steer",
    "train",
    "verify",
]

__version__: str

_MODULES = {
    "export.api.files": ("bake", "inspect", "load_bank", "load_model", "render", "verify"),
    "export.api.instrument": ("Instrument",),
    "export.api.making": ("find", "make", "train"),
    "export.api.measuring": ("classify", "evaluate"),
    "export.musicgen.generate": ("steer",),
    "training.models.musicgen.sampling": ("Sampling",),
    "drawstop.errors": ("DrawstopError",),
    "training": ("shipped",),
}
"""Public names by the module that defines them.

They are imported at first use, so that this package imports no other and `drawstop --help` doesn't load torch.
"""


if not TYPE_CHECKING:  # a type checker knows the names from above, and refuses any other

    def __getattr__(name: str) -> Any:
        """A public name, or `__version__`: importlib.metadata takes half of the time of `drawstop --help`."""
        if name == "__version__":
            return _version()
        for module, names in _MODULES.items():
            if name in names:
                import importlib

                within = importlib.import_module(module)
                value = getattr(within, name, None) or importlib.import_module(f"{module}.{name}")
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("drawstop")
    except PackageNotFoundError:  # the source tree alone, not installed
        return "0+source"
