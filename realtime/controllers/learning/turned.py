"""Tells a knob from an endless encoder, and a momentary button from a latching one, by the data of one controller."""

from collections.abc import Sequence
from itertools import pairwise

from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.learning.received_sources import SLOW_STEPS, SourceData
from realtime.controllers.mapping.mapping import Encoding
from realtime.controllers.midi.source import MidiSource

FARTHEST_STEP = 30
"""Endless encoders that are turned fast send steps of up to about this."""
BANDS: dict[Encoding, tuple[range, range]] = {
    "twos-complement": (range(1, FARTHEST_STEP + 1), range(128 - FARTHEST_STEP, 128)),
    "binary-offset": (range(65, 65 + FARTHEST_STEP), range(64 - FARTHEST_STEP, 64)),
    "sign-bit": (range(1, FARTHEST_STEP + 1), range(65, 65 + FARTHEST_STEP)),
}
"""The data that each encoding sends, upwards and downwards."""
NO_STEP: dict[Encoding, int] = {"twos-complement": 0, "binary-offset": 64, "sign-bit": 0}
"""The value between the two ranges: a knob that passes from one to the other sends it, an encoder doesn't."""
ENOUGH = 0.8
"""Share of the data that must fit an encoding: a box may send a wrong step now and then."""
FEWEST = 0.1
"""Share of the data that must lie in a direction's range for that direction to count as turned."""
FEWEST_STEPS = 6
"""Fewer data without a repetition may be a fader on a screen, which jumps to where it is touched."""
TAP_S = 0.3
"""A button that is down longer was held, or latches: then the next press sends the 0."""


def button(sent: SourceData) -> LearnedSource:
    """The source of data that are all 0 or 127: a button or pedal, momentary, latching, or without a release."""
    source, data = sent.source, sent.data
    plain = LearnedSource(source, "toggle")
    latching = LearnedSource(source, "toggle", trigger="any")
    if set(data) == {0}:  # never in the upper half: only any input can be a press
        return latching.or_else(plain)
    if set(data) == {127} and len(data) > 1:
        return plain.or_else(LearnedSource(source, "relative"))
    downs = [
        later - earlier
        for earlier, later, value in zip(sent.times, sent.times[1:], data, strict=False)
        if value
    ]
    tapped = data[0] > 0 and data[-1] == 0 and max(downs) <= TAP_S
    return plain if tapped else plain.or_else(latching)


def turned(source: MidiSource, data: Sequence[int]) -> LearnedSource:
    """An absolute knob or an endless encoder.

    A knob passes all positions on its way and sends none twice running. An encoder sends the same steps again, and leaves
    the middle out when its direction changes.
    """
    knob = LearnedSource(source)
    votes = {encoding: _vote(encoding, data) for encoding in BANDS}
    best: list[Encoding] = sorted(votes, key=lambda each: votes[each], reverse=True)
    fitting = [encoding for encoding in best if votes[encoding] >= ENOUGH and NO_STEP[encoding] not in data]
    if not fitting or data[0] not in SLOW_STEPS:
        return knob
    encoders = [LearnedSource(source, "relative", encoding=encoding) for encoding in fitting]
    repeats = sum(first == second for first, second in pairwise(data))
    if not _both_ways(fitting[0], data):
        other = encoders[1] if len(encoders) > 1 else knob
        return encoders[0].or_else(other) if repeats else knob.or_else(encoders[0])
    if fitting[0] != "binary-offset":  # from 1 to 127, or to 65: no knob jumps so
        is_turned = _jumps(data) and (repeats or len(data) >= FEWEST_STEPS)
        return encoders[0] if is_turned else knob.or_else(encoders[0])
    return encoders[0].or_else(None if repeats > 1 else knob) if repeats else knob.or_else(encoders[0])


def _vote(encoding: Encoding, data: Sequence[int]) -> float:
    up, down = BANDS[encoding]
    return sum(value in up or value in down for value in data) / len(data)


def _both_ways(encoding: Encoding, data: Sequence[int]) -> bool:
    return all(sum(value in band for value in data) >= max(1, FEWEST * len(data)) for band in BANDS[encoding])


def _jumps(data: Sequence[int]) -> bool:
    return any(abs(first - second) > FARTHEST_STEP for first, second in pairwise(data))
