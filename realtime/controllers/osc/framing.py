"""Packets in a TCP stream, in either of OSC's two ways."""

from pythonosc import slip

from realtime.controllers.osc.packets import MAX_PACKET_BYTES, PacketError

_LENGTH_BYTES = 4
_FIRST_BYTES = b"\0/#" + slip.END
MAX_SLIP_BYTES = 2 * MAX_PACKET_BYTES
"""Of a packet in which every byte is escaped."""


class StreamFraming:
    """Cuts one connection's bytes into packets, and makes packets ready for it.

    OSC 1.1 puts END bytes around a packet (SLIP), OSC 1.0 its length before it, as liblo does. The first byte tells:
    a length's is 0, since a packet is shorter than 16 MB; neither END nor a packet's beginning is. Any other first
    byte is no OSC: a browser that a web page makes send something here begins with a letter, and packets may follow.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self._length_first: bool | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete now; an empty one stands for a packet that is broken.

        Raises:
            PacketError: no packet can end any more; close the connection.
        """
        self._waiting += data
        if self._length_first is None and self._waiting:
            if self._waiting[0] not in _FIRST_BYTES:
                raise PacketError(
                    f"OSC by TCP begins with a length, END, '/' or '#', got {self._waiting[:8]!r}"
                )
            self._length_first = self._waiting[0] == 0
        return self._by_length() if self._length_first else self._by_end()

    def wrap(self, packet: bytes) -> bytes:
        """A packet as this connection's other side reads it; SLIP before it has sent anything."""
        if self._length_first:
            return len(packet).to_bytes(_LENGTH_BYTES, "big") + packet
        return bytes(slip.encode(packet))

    def _by_end(self) -> list[bytes]:
        *frames, self._waiting = self._waiting.split(slip.END)
        if len(self._waiting) > MAX_SLIP_BYTES:
            raise PacketError(f"{len(self._waiting)} bytes came without the end of a packet")
        return [slip.decode(frame) if slip.is_valid(frame) else b"" for frame in frames if frame]

    def _by_length(self) -> list[bytes]:
        found = []
        while len(self._waiting) >= _LENGTH_BYTES:
            length = int.from_bytes(self._waiting[:_LENGTH_BYTES], "big")
            if length > MAX_PACKET_BYTES:
                raise PacketError(f"a packet takes {MAX_PACKET_BYTES} bytes or fewer, got {length}")
            end = _LENGTH_BYTES + length
            if len(self._waiting) < end:
                break
            found.append(self._waiting[_LENGTH_BYTES:end])
            self._waiting = self._waiting[end:]
        return found
