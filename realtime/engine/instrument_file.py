"""Loads a baked instrument (`.ts`) with its description."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from drawstop.errors import DrawstopError
from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription
from drawstop.names import did_you_mean

HOW_TO_BAKE = "bake one: drawstop bake MODEL BANK -o X.ts"


@dataclass(frozen=True)
class LoadedInstrument:
    """A loaded instrument: the TorchScript module, its description, and its file if it was loaded from one."""

    module: torch.jit.ScriptModule
    description: InstrumentDescription
    path: Path | None = None

    def reset(self) -> None:
        """Clear all caches before the next block; attributes stay as set."""
        self.module.set_reset(1)

    @property
    def state(self) -> list[torch.Tensor]:
        """What the next block depends on: views of the caches and ramps of the one voice that is played.

        Raises:
            DrawstopError: the instrument doesn't say where it has them.
        """
        caches = getattr(self.module, "caches", None)
        if caches is None:
            raise DrawstopError(f"{self.description.name} is of an older Drawstop; bake it anew for this")
        # a RAVE's filter bank has a row for every channel of a voice
        rows = self.description.channels_in
        ramps = getattr(self.module, "stop_ramps", None)
        return [tensor[:rows] for tensor in (*caches, *(ramps.buffers() if ramps else ()))]

    def set_stop(self, slug: str, value: float) -> None:
        """Set a stop's attribute.

        Args:
            value: within the stop's minimum..maximum.

        Raises:
            DrawstopError: an unknown stop, or a value out of range.
        """
        stop = next((stop for stop in self.description.stops if stop.slug == slug), None)
        if stop is None:
            known = ", ".join(stop.slug for stop in self.description.stops) or "none"
            raise DrawstopError(
                f"this instrument has no stop {slug!r}; its stops are: {known}{did_you_mean(slug, known.split(', '))}"
            )
        if not math.isfinite(value) or not stop.minimum <= value <= stop.maximum:
            raise DrawstopError(f"stop {slug!r} takes {stop.minimum:g} to {stop.maximum:g}, got {value:g}")
        if getattr(self.module, f"set_{slug}")(float(value)) != 0:
            raise DrawstopError(f"the instrument refused {value:g} for stop {slug!r}; bake it again")


def load(path: Path) -> LoadedInstrument:
    """Load an instrument onto the CPU, ready to play.

    Raises:
        DrawstopError: the file is missing, damaged, no instrument of ours, or lacks a method it needs.
    """
    if not path.is_file():
        raise DrawstopError(f"no instrument at {path}; {HOW_TO_BAKE}")
    extra: dict[str, str | bytes] = {EXTRA_FILE: ""}
    try:
        module = torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
    except (RuntimeError, ValueError, OSError) as error:
        raise DrawstopError(f"{path} is no TorchScript file, or it is damaged; {HOW_TO_BAKE}") from error
    content = extra[EXTRA_FILE]
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    if not text:
        raise DrawstopError(f"{path} is a TorchScript file but no Drawstop instrument; {HOW_TO_BAKE}")
    description = InstrumentDescription.from_json(text)
    needed = ["play", "set_reset", *(f"set_{stop.slug}" for stop in description.stops)]
    missing = [name for name in needed if not hasattr(module, name)]
    if missing:
        raise DrawstopError(f"{path} lacks the method {missing[0]}; {HOW_TO_BAKE}")
    return LoadedInstrument(module.eval(), description, path)
