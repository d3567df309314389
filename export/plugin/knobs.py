"""Which of an instrument's stops become the plug-in's knobs: it has four, each from 0 to 1."""

from collections.abc import Sequence
from dataclasses import dataclass

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription, StopDescription
from drawstop.names import did_you_mean

MOST_KNOBS = 4
"""The number of knobs that Neutone FX shows."""
WET = "wet"
REST = 0.5
"""A stop's value 0, as played."""


@dataclass(frozen=True)
class PluginKnob:
    """One knob: a stop, or *wet*, which mixes the input in, as late as the output."""

    name: str
    description: str
    default: float
    stop: int | None
    """The stop's index among the instrument's stops; None for *wet*."""
    minimum: float = -1.0
    maximum: float = 1.0


def choose_knobs(description: InstrumentDescription, wanted: Sequence[str] = ()) -> tuple[PluginKnob, ...]:
    """The knobs of these names (stops' slugs, `wet`); without any, the first four stops, or all of fewer and *wet*.

    Raises:
        DrawstopError: an unknown name, a name twice, more than four, or an instrument without stops.
    """
    slugs = [stop.slug for stop in description.stops]
    if not slugs:
        raise DrawstopError(f"{description.name} has no stops: nothing to put a knob on")
    names = list(wanted) or [*slugs, WET][:MOST_KNOBS]
    if len(names) > MOST_KNOBS:
        raise DrawstopError(
            f"the plug-in has {MOST_KNOBS} knobs, got {len(names)}: {', '.join(names)}; leave some out"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DrawstopError(f"the knob {twice} was given twice; name each once")
    unknown = next((name for name in names if name not in (*slugs, WET)), None)
    if unknown is not None:
        raise DrawstopError(
            f"no stop {unknown!r} in this instrument; expected some of {', '.join(dict.fromkeys((*slugs, WET)))}"
            f"{did_you_mean(unknown, slugs)}"
        )
    return tuple(
        _stop_knob(description.stops[slugs.index(name)], slugs.index(name)) if name in slugs else _WET_KNOB
        for name in names
    )


def _stop_knob(stop: StopDescription, place: int) -> PluginKnob:
    above = "1: brought in" if stop.maximum > 0 else "above: the same"
    return PluginKnob(
        stop.slug,
        f"{stop.name}. 0: taken away, .5: as played, {above}",
        REST,
        place,
        stop.minimum,
        stop.maximum,
    )


_WET_KNOB = PluginKnob(WET, "1: the instrument, 0: the input, as late as the instrument", 1.0, None)
