"""What a knob makes of an input: its position, the steps of an endless encoder, and the response that gives the value."""

from realtime.controllers.mapping.curves import Response
from realtime.controllers.mapping.mapping import PAIRED, Encoding, Knob
from realtime.controllers.midi.source import MPE_RESTS, ControllerInput
from realtime.engine.control_signals import Ranged

FROM_REST = [kind for kind, rest in MPE_RESTS.items() if rest == 0]
PRESSED_MODES = ("toggle", "momentary", "velocity")


def response_of(knob: Knob, target: Ranged) -> Response:
    """The response of a knob: its own range, or the range of its stop.

    The range of a key, and of a finger's strike, pressure and lift, begins at the stop's default.
    """
    key = knob.mode in PRESSED_MODES or knob.source.kind in FROM_REST
    low = knob.low if knob.low is not None else target.default if key else target.minimum
    high = knob.high if knob.high is not None else target.maximum
    if low == high:  # a stop whose default is its maximum
        low = target.minimum
    return Response(low, high, knob.curve, knob.dead_zone)


def position_of(knob: Knob, controller_input: ControllerInput) -> float:
    """The position of a controller input for a knob, 0 to 1; for a bend, scaled to the knob's own semitones."""
    if knob.semitones is None:
        return controller_input.position
    return min(
        max(0.5 + (controller_input.position - 0.5) * controller_input.semitones / knob.semitones, 0.0), 1.0
    )


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
