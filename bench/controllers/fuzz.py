"""OSC packets that are almost right, from a seed: valid ones with bytes changed, cut, joined, grown."""

from collections.abc import Iterator

import numpy as np

from bench.controllers.simulated_controllers import message

IMMEDIATELY = (1).to_bytes(8, "big")


def bundle(*packets: bytes, tag: bytes = IMMEDIATELY) -> bytes:
    """A bundle of packets."""
    return b"#bundle\0" + tag + b"".join(len(each).to_bytes(4, "big") + each for each in packets)


def corpus() -> list[bytes]:
    """What the packets are made from: every kind of message, and what has troubled OSC readers before."""
    plain = [
        message("/stop/one", 0.5), message("/stop/one/ramp", 1.0, 2.0), message("/stop/*", 0.0),
        message("/stop/{one,two}", 0.1), message("/stop/[!a]*", 0.2), message("/bypass", 0), message("/wet", 1.0),
        message("/scene/verse", 0.5), message("/scene/verse/store"), message("/morph/verse/chorus", 0.5),
        message("/morph", "verse", "chorus", 0.5), message("/pad", 0.5, 0.5), message("/undo"), message("/redo"),
        message("/stops"), message("/values"), message("/subscribe"), message("/unsubscribe"), message("/ping"),
    ]  # fmt: skip
    nested = plain[0]
    for _ in range(20):
        nested = bundle(nested)
    return [
        *plain,
        bundle(*plain), nested, bundle(plain[0], tag=b"\xff" * 8), bundle(plain[0], tag=bytes(8)),
        b"", b"/", b"#bundle\0", b"#bundle\0" + IMMEDIATELY + b"\xff\xff\xff\xff", b"/stop/one\0\0\0",
        b"/stop/one\0\0\0,f\0\0", b"/stop/one\0\0\0,f\0\0\x7f\xc0\0\0", b"/stop/one\0\0\0,b\0\0\x80\0\0\0",
        b"/stop/\xff\xfe\0\0\0\0,f\0\0\0\0\0\0", b"/" + b"*" * 200 + b"\0" * 3, b"/" + b"[" * 64 + b"\0" * 3,
        b"/stop/one\0\0\0," + b"f" * 100 + b"\0" * 3, b"/stop/one\0\0\0,[[[[]\0\0\0",
    ]  # fmt: skip


def packets(count: int, seed: int = 0) -> Iterator[bytes]:
    """So many packets."""
    random = np.random.default_rng(seed)
    seeds = corpus()
    for _ in range(count):
        packet = bytearray(seeds[int(random.integers(len(seeds)))])
        for _ in range(int(random.integers(1, 4))):
            _change(packet, seeds, random)
        yield bytes(packet[:2048])


def _change(packet: bytearray, seeds: list[bytes], random: np.random.Generator) -> None:
    index = int(random.integers(len(packet) + 1))
    match int(random.integers(6)):
        case 0 if index < len(packet):
            packet[index] = int(random.integers(256))
        case 1 if index < len(packet):
            packet[index] ^= 1 << int(random.integers(8))
        case 2:
            del packet[index:]
        case 3:
            packet[index:index] = random.bytes(int(random.integers(1, 9)))
        case 4:
            packet += seeds[int(random.integers(len(seeds)))]
        case 5:
            packet[index : index + 4] = b"\xff\xff\xff\xff"
