"""MIDI inputs of this machine: names, and opening them. A thin edge around mido and python-rtmidi."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import mido

from drawstop.base.errors import DrawstopError

BACKENDS = ("mido.backends.rtmidi", "mido.backends.rtmidi/UNIX_JACK")
"""The system's own (ALSA, CoreMIDI, WinMM), and JACK's."""


def input_names() -> list[str]:
    """The inputs of every MIDI system that answers."""
    return [name for name, _ in _inputs()]


def open_input(wanted: str, on_message: Callable[[Any], None]) -> AbstractContextManager[Any]:
    """Open the input whose name holds `wanted`; messages are given to `on_message`, from a thread of its own.

    Raises:
        DrawstopError: none or several fit.
    """
    inputs = _inputs()
    fitting = [(name, backend) for name, backend in inputs if wanted.lower() in name.lower()]
    if len(fitting) != 1:
        known = "; ".join(name for name, _ in inputs) or "none"
        found = "no MIDI input fits" if not fitting else f"{len(fitting)} MIDI inputs fit"
        raise DrawstopError(f"{found} {wanted!r}; there are: {known}")
    name, backend = fitting[0]
    port: AbstractContextManager[Any] = mido.Backend(backend).open_input(name, callback=on_message)
    return port


def _inputs() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for backend in BACKENDS:
        try:
            found += [(name, backend) for name in mido.Backend(backend).get_input_names()]
        except Exception:  # noqa: BLE001 - python-rtmidi raises a plain error of its own where a system is missing
            continue
    return found
