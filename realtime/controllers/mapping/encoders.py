"""Endless encoders: the signed steps in what they send."""

from realtime.controllers.mapping.mapping import PAIRED, Encoding, Knob
from realtime.controllers.midi.source import ControllerInput


def steps_of(knob: Knob, controller_input: ControllerInput) -> int:
    """The signed steps of an endless encoder; 0 for a parameter's own value, which is no step."""
    if controller_input.source.kind in PAIRED:
        return controller_input.steps
    return relative_steps(controller_input.data, knob.encoding)


def relative_steps(data: int, encoding: Encoding) -> int:
    """The signed number of steps that an endless encoder was turned by.

    >>> [relative_steps(1, e) for e in ("twos-complement", "binary-offset", "sign-bit")]
    [1, -63, 1]
    >>> [relative_steps(127, "twos-complement"), relative_steps(63, "binary-offset"), relative_steps(65, "sign-bit")]
    [-1, -1, -1]
    """
    match encoding:
        case "binary-offset":
            return data - 64
        case "sign-bit":
            return data if data < 64 else 64 - data
    return data if data < 64 else data - 128
