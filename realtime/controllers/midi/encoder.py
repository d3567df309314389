"""Encodes positions as MIDI messages, for motor faders and rings of lights: the inverse of the decoder."""

import mido

from realtime.controllers.midi.decoder import DATA_LSB, DATA_MSB, LSB_OFFSET
from realtime.controllers.midi.source import MAXIMA, MidiSource, Order


def messages_for(source: MidiSource, position: float, order: Order = "msb-first") -> list[mido.Message]:
    """The messages that a controller sends at a position; none for a kind that no controller can show.

    Args:
        source: the source, with a channel; None is taken as the first channel.
        position: 0 to 1; 0.5 is exactly the middle (64, 8192).
        order: which half of a 14-bit value comes first.
    """
    channel = (source.channel or 1) - 1
    data = data_at(position, MAXIMA[source.kind])
    match source.kind:
        case "cc" | "note":
            return [_simple(source, data, channel)]
        case "bend":
            return [mido.Message("pitchwheel", pitch=data - 8192, channel=channel)]
        case "cc14":
            assert source.number is not None
            return _halves(source.number, source.number + LSB_OFFSET, data, order, channel)
        case "nrpn" | "rpn":
            assert source.number is not None
            msb, lsb = (99, 98) if source.kind == "nrpn" else (101, 100)
            selection = [_cc(msb, source.number >> 7, channel), _cc(lsb, source.number & 127, channel)]
            return selection + _halves(DATA_MSB, DATA_LSB, data, order, channel)
    return []


def data_at(position: float, maximum: int) -> int:
    """Data of 0 to `maximum` for a position; the inverse of `ControllerInput.position`.

    >>> [data_at(position, 127) for position in (0.0, 0.25, 0.5, 1.0)]
    [0, 32, 64, 127]
    """
    middle = (maximum + 1) // 2
    if position <= 0.5:
        return round(max(position, 0.0) * 2 * middle)
    return middle + round((min(position, 1.0) - 0.5) * 2 * (maximum - middle))


def _halves(coarse: int, fine: int, data: int, order: Order, channel: int) -> list[mido.Message]:
    both = [_cc(coarse, data >> 7, channel), _cc(fine, data & 127, channel)]
    return both if order == "msb-first" else both[::-1]


def _simple(source: MidiSource, data: int, channel: int) -> mido.Message:
    if source.kind == "note":  # lights of keys: on or off
        return mido.Message("note_on", note=source.number, velocity=data, channel=channel)
    assert source.number is not None
    return _cc(source.number, data, channel)


def _cc(number: int, value: int, channel: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel)
