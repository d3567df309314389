"""Reads OSC packets into messages, and writes messages.

python-osc reads the messages. Bundles are opened here, and every message's layout is checked first: python-osc loops
for ever on a negative size, recurses without end in nested bundles, and reads 0 if a number is cut off.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import build_msg
from pythonosc.parsing import ntp

from drawstop.errors import DrawstopError
from realtime.controllers.two_clocks import read_both

MAX_PACKET_BYTES = 65_507
"""The largest UDP datagram."""

MAX_MESSAGE_BYTES = 4096
"""The largest message; those of the table are far smaller. python-osc reads strings byte by byte, so this bounds its time."""

MAX_MESSAGES = 1024
"""The most messages in one packet: every stop of a large instrument many times over."""

MAX_DEPTH = 8
"""The deepest nesting of bundles; senders use one or two levels."""

MAX_ARGUMENTS = 64
"""The most arguments of one message; the table's longest has 3."""

_BUNDLE = b"#bundle\0"
_HEADER_BYTES = 16  # "#bundle" and the time tag
_SIZES = dict.fromkeys("ifrm", 4) | dict.fromkeys("hdt", 8) | dict.fromkeys("TFNI[]", 0)


class PacketError(DrawstopError):
    """Bytes that are no OSC packet, or one beyond the limits above."""


@dataclass(frozen=True)
class Message:
    """One OSC message.

    Args:
        address: the address, or an address pattern.
        arguments: the arguments as python-osc reads them.
        at: the moment at which it applies, on the reader's clock; None: now.
    """

    address: str
    arguments: tuple[object, ...] = ()
    at: float | None = None


def read_packet(packet: bytes, clock: Callable[[], float] = time.monotonic) -> list[Message]:
    """All messages of a packet, sorted by time; messages of one time stay in the packet's order.

    A nested bundle applies no sooner than the bundle around it.

    Args:
        packet: the bytes.
        clock: the clock to which time tags, which are of the wall clock, are converted.

    Raises:
        PacketError: not OSC, or beyond a limit.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise PacketError(f"a packet takes {MAX_PACKET_BYTES} bytes or fewer, got {len(packet)}")
    offset = _minus_wall(clock) if packet.startswith(_BUNDLE) else 0.0
    messages = list(itertools.islice(_messages(packet, None, offset, 1), MAX_MESSAGES + 1))
    if len(messages) > MAX_MESSAGES:
        raise PacketError(f"a packet takes {MAX_MESSAGES} messages or fewer; send several")
    return sorted(messages, key=lambda message: -float("inf") if message.at is None else message.at)


def write_message(address: str, *arguments: str | float) -> bytes:
    """A packet of one message: `s` for text, `i` for whole numbers, `f` for others."""
    return build_msg(address, list(arguments)).dgram


def _messages(packet: bytes, at: float | None, offset: float, depth: int) -> Iterator[Message]:
    if not packet.startswith(_BUNDLE):
        yield _message(packet, at)
        return
    if depth > MAX_DEPTH:
        raise PacketError(f"bundles nest {MAX_DEPTH} deep or less; send them one after another")
    if len(packet) < _HEADER_BYTES:
        raise PacketError(f"a bundle begins with {_HEADER_BYTES} bytes, got {len(packet)}")
    at = _later(at, packet[8:_HEADER_BYTES], offset)
    end = _HEADER_BYTES
    while end < len(packet):
        size = int.from_bytes(packet[end : end + 4], "big", signed=True)
        begin, end = end + 4, end + 4 + size
        if size <= 0 or size % 4 or end > len(packet):
            raise PacketError(f"a bundle's element says {size} bytes, {max(0, len(packet) - begin)} are left")
        yield from _messages(packet[begin:end], at, offset, depth + 1)


def _later(at: float | None, tag: bytes, offset: float) -> float | None:
    """The later of the enclosing bundle's time and this bundle's time tag."""
    if tag == ntp.IMMEDIATELY:
        return at
    moment = ntp.ntp_to_system_time(tag) + offset
    return moment if at is None else max(at, moment)


def _message(packet: bytes, at: float | None) -> Message:
    _check_layout(packet)
    try:
        read = OscMessage(_impulses_as_nil(packet))
    except (ParseError, ValueError) as error:  # ValueError: text that isn't UTF-8
        raise PacketError(f"a message can't be read ({type(error).__name__})") from error
    return Message(read.address, tuple(read.params), at)


def _check_layout(packet: bytes) -> None:
    """Check that a message's parts add up to its size. Raises PacketError."""
    if not packet.startswith(b"/"):
        raise PacketError(f"a message begins with '/', got {packet[:8]!r}")
    if len(packet) > MAX_MESSAGE_BYTES:
        raise PacketError(f"a message takes {MAX_MESSAGE_BYTES} bytes or fewer, got {len(packet)}")
    tags_begin = end = _after_text(packet, 0)
    if end == len(packet):
        return  # old senders leave the type tags out if there are no arguments
    end = _after_text(packet, end)
    tags = packet[tags_begin:end].rstrip(b"\0").decode("ascii", "replace")
    if not tags.startswith(",") or len(tags) > MAX_ARGUMENTS + 1:
        raise PacketError(f"type tags are ',' and {MAX_ARGUMENTS} letters or fewer, got {tags[:8]!r}")
    for tag in tags[1:]:
        end = _after(packet, end, tag)
    if end != len(packet):
        raise PacketError(f"a message's arguments end at byte {end} of {len(packet)}")


def _impulses_as_nil(packet: bytes) -> bytes:
    """A message with the type tag N in place of I, which python-osc doesn't know."""
    begin = _after_text(packet, 0)
    if begin == len(packet):
        return packet
    end = _after_text(packet, begin)
    return packet[:begin] + packet[begin:end].replace(b"I", b"N") + packet[end:]


def _after(packet: bytes, begin: int, tag: str) -> int:
    """The index after the argument that begins at `begin`; perhaps beyond the packet."""
    if tag == "s":
        return _after_text(packet, begin)
    if tag == "b":
        size = int.from_bytes(packet[begin : begin + 4], "big", signed=True)
        if size < 0:
            raise PacketError(f"a blob's size is 0 or more, got {size}")
        return begin + 4 + size + -size % 4
    if tag not in _SIZES:
        raise PacketError(f"arguments have the types i f s b h d t r m T F N I, got {tag!r}")
    return begin + _SIZES[tag]


def _after_text(packet: bytes, begin: int) -> int:
    """The index after the text that begins at `begin`, and after its padding."""
    end = packet.find(b"\0", begin)
    padded = (end // 4 + 1) * 4
    if end < 0 or padded > len(packet):
        raise PacketError("a text has no end")
    return padded


def _minus_wall(clock: Callable[[], float]) -> float:
    """A clock less the wall clock, in seconds."""
    now, wall = read_both(clock, time.time)
    return now - wall
