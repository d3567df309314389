"""One movement of one stop, at one sample."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ControlEvent:
    """A stop takes a new knob value from `sample` on, and keeps it until its next event.

    Events sort by time first.

    Args:
        sample: input sample, counted from the engine's last reset, at which the value begins to hold.
        slug: the stop's slug as in the instrument's description.
        value: knob value, within the stop's minimum..maximum (usually -1..1); added to the stop's attribute.
        source: where it came from, for people ("cc 20", "note 60", "test").
        glide: samples in which the value is reached, in a straight line from where the stop is then; 0: at once.
    """

    sample: int
    slug: str
    value: float
    source: str = ""
    glide: int = 0
