"""OSC's bytes: what is read, what is refused, and that nothing else ever happens."""

import contextlib
import math
import random
import re
import socket
import struct
import time
from pathlib import Path

import pytest
from pythonosc import slip
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

from drawstop.errors import DrawstopError
from realtime.controllers.osc.clients import AllowList
from realtime.controllers.osc.packets import (
    MAX_ARGUMENTS,
    MAX_DEPTH,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGES,
    MAX_PACKET_BYTES,
    Message,
    PacketError,
    read_packet,
    write_message,
)
from realtime.controllers.osc.patterns import matching
from realtime.controllers.osc.tcp_transport import StreamFraming
from tests.helpers.control.osc_parts import oscsend
from tests.helpers.programs.programs import need_program
from tests.helpers.waiting import PATIENCE_S

FUZZED = 100_000
WALL_S, CLOCK_S = 1.75e9, 100.0  # the wall clock and the reader's, which stand still
PRECISION_S = 1e-6  # of a double that holds the wall clock's seconds
SLOWEST_PACKET_S = 0.5  # of the thread's own time; the worst of this file takes a tenth
BUNDLE, NOW = b"#bundle\0", struct.pack(">Q", 1)
ADDRESSES = ["/stop/guitar", "/stop/voice", "/stop/guitar/ramp", "/stop/voice/ramp", "/wet"]


def bundle(time_tag: bytes, *elements: bytes) -> bytes:
    return BUNDLE + time_tag + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def built(at: float, *contents: object) -> bytes:
    """A bundle as python-osc builds it, at a time of the wall clock."""
    builder = OscBundleBuilder(at)
    for content in contents:
        builder.add_content(content)
    return builder.build().dgram


@pytest.mark.parametrize(
    "words, expected",
    [
        (("/stop/guitar", "f", "-0.5"), (-0.5,)),
        (("/bypass", "T"), (True,)),
        (("/bypass", "F"), (False,)),
        (("/morph", "ssf", "first verse", "refrain", "0.25"), ("first verse", "refrain", 0.25)),
        (("/wet", "d", "0.1"), (0.1,)),
        (("/subscribe", "i", "9001"), (9001,)),
        (("/x", "h", "8589934592"), (1 << 33,)),
        (("/undo",), ()),
        (("/x", "N"), (None,)),
    ],
)
def test_liblos_messages_are_read_as_they_were_meant(
    words: tuple[str, ...], expected: tuple[object, ...]
) -> None:
    need_program("oscsend")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_S)
        oscsend(f"osc.udp://127.0.0.1:{receiver.getsockname()[1]}", *words)
        assert read_packet(receiver.recv(4096)) == [Message(words[0], expected)]


def test_what_is_written_is_read_again() -> None:
    assert read_packet(write_message("/stops/guitar", "E-Gitarre ♯", 3, 0.5)) == [
        Message("/stops/guitar", ("E-Gitarre ♯", 3, 0.5))
    ]


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock stands still."""
    monkeypatch.setattr("time.time", lambda: WALL_S)


def read_at(packet: bytes) -> list[Message]:
    """What a packet says to a reader whose clock stands still."""
    return read_packet(packet, lambda: CLOCK_S)


@pytest.mark.usefixtures("_still")
def test_a_time_tag_is_the_same_moment_on_the_readers_clock() -> None:
    late, soon = build_msg("/b", [2.0]), build_msg("/a", [1.0])
    inside = (built_inside(WALL_S + 2.0, late), built_inside(WALL_S + 1.0, soon))
    found = read_at(built(IMMEDIATELY, *inside))
    assert [message.address for message in found] == ["/a", "/b"]
    moments = [CLOCK_S + 1.0, CLOCK_S + 2.0]
    assert [message.at for message in found] == pytest.approx(moments, rel=0.0, abs=PRECISION_S)


def built_inside(at: float, *contents: object) -> object:
    builder = OscBundleBuilder(at)
    for content in contents:
        builder.add_content(content)
    return builder.build()


@pytest.mark.usefixtures("_still")
def test_a_bundle_in_a_bundle_applies_no_sooner_than_that_one() -> None:
    message = build_msg("/a", [1.0])
    for inner in (IMMEDIATELY, WALL_S - 5.0, WALL_S + 1.0):
        (found,) = read_at(built(WALL_S + 3.0, built_inside(inner, message)))
        assert found.at == pytest.approx(CLOCK_S + 3.0, rel=0.0, abs=PRECISION_S)


def test_immediately_is_now() -> None:
    assert read_packet(bundle(NOW, write_message("/a", 1.0)))[0].at is None
    assert read_packet(bundle(NOW)) == []


A = write_message("/stop/guitar", 0.5)


@pytest.mark.parametrize(
    "packet, says",
    [
        (b"", "begins with '/'"),
        (b"\0\0\0\0", "begins with '/'"),
        (b"hello world!", "begins with '/'"),
        (b"/stop", "a text has no end"),
        (A[:-1], "arguments end at byte"),
        (A[:-4], "arguments end at byte"),
        (A + b"\0\0\0\0", "arguments end at byte"),
        (b"/a\0\0f\0\0\0\0\0\0\0", "type tags are"),
        (b"/a\0\0,q\0\0\0\0\0\0", "arguments have the types"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xff", "a blob's size"),
        (b"/a\0\0,b\0\0\x7f\xff\xff\xff", "arguments end at byte"),
        (b"/\xff\xfe\0,\0\0\0", "can't be read"),
        (b"/a\0\0,[[\0", "can't be read"),
        (b"/a\0\0,]\0\0", "can't be read"),
        (build_msg("/a", [0] * (MAX_ARGUMENTS + 1)).dgram, "type tags are"),
        (write_message("/" + "a" * MAX_MESSAGE_BYTES), "a message takes"),
        (b"#bundle\0\0\0", "a bundle begins with 16 bytes"),
        (bundle(NOW) + b"\0\0", "a bundle's element"),
        (bundle(NOW) + struct.pack(">i", -4), "a bundle's element says -4 bytes"),
        (bundle(NOW) + struct.pack(">i", 0), "a bundle's element says 0 bytes"),
        (bundle(NOW) + struct.pack(">i", 1 << 30) + A, "a bundle's element"),
        (bundle(NOW, A, A[:-4]), "arguments end at byte"),
        (bundle(NOW, *[b"/a\0\0"] * (MAX_MESSAGES + 1)), f"{MAX_MESSAGES} messages or fewer"),
        (b"/" * (MAX_PACKET_BYTES + 1), f"takes {MAX_PACKET_BYTES} bytes"),
    ],
)
def test_what_is_no_packet_is_refused_with_what_was_expected(packet: bytes, says: str) -> None:
    with pytest.raises(PacketError, match=says):
        read_packet(packet)


def test_bundles_nest_only_so_deep() -> None:
    packet = A
    for _ in range(MAX_DEPTH):
        packet = bundle(NOW, packet)
    assert read_packet(packet)[0].arguments == (0.5,)
    for deeper in (1, 3000):
        for _ in range(deeper):
            packet = bundle(NOW, packet)
        with pytest.raises(PacketError, match="bundles nest"):
            read_packet(packet[:MAX_PACKET_BYTES])


def seeds() -> list[bytes]:
    """The corpus: one packet of every kind that is sent, and of every kind that once did harm in a library."""
    wall = time.time()
    inner = built_inside(wall + 0.1, build_msg("/stop/voice", [1.0]), build_msg("/wet", [0.5]))
    return [
        A,
        write_message("/stop/{guitar,voice}/ramp", 1.0, 2.0),
        write_message("/morph", "verse", "chorus", 0.5),
        build_msg(
            "/x", [1, 1 << 40, 0.5, "text", b"blob", True, False, None, (1, 2, 3, 4), [1, [2.0, "a"]]]
        ).dgram,
        built(IMMEDIATELY, build_msg("/stop/guitar", [0.5]), inner),
        built(wall + 1.0, inner, inner, build_msg("/undo", [])),
        bundle(NOW) + struct.pack(">i", -4),
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"/a\0\0,t\0\0" + b"\xff" * 8,
        b"/a\0\0,ff\0" + struct.pack(">ff", math.nan, math.inf),
        b"/a\0\0," + b"[" * 30 + b"\0",
    ]


def mutated(packet: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """A few bytes changed, cut, doubled, or spliced with another packet."""
    data = bytearray(packet)
    for _ in range(chance.randint(1, 6)):
        index = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[index : index + 1] = bytes([chance.randrange(256)])
            case 1:
                data[index : index + 4] = struct.pack(
                    ">i", chance.choice([-1, -4, 0, 4, 8, 1 << 30, -(1 << 31)])
                )
            case 2:
                del data[index : index + chance.randint(1, 8)]
            case 3:
                data[index:index] = data[: chance.randint(1, 40)]
            case 4:
                data[index:] = chance.choice(others)
            case 5:
                data[index:index] = chance.choice(
                    [b"#bundle\0", b",ifsbt[]TFN", b"\0\0\0\0", b"\xff\xff\xff\xff"]
                )
    return bytes(data)


def verdict(packet: bytes) -> str:
    """What becomes of a packet: how many messages it holds, or why it's refused; without what came in it."""
    try:
        return f"{len(read_packet(packet))} messages"
    except PacketError as error:
        return re.sub(r"(got|begin at|end at byte|says) .*", r"\1", str(error))


def fuzzed_corpus() -> list[tuple[str, bytes]]:
    """The corpus: fuzzed packets, a few of every verdict that 400,000 of them met, and the verdicts."""
    lines = (Path(__file__).parent / "osc_corpus.txt").read_text().splitlines()
    return [(said, bytes.fromhex(packet)) for said, _, packet in (line.partition("\t") for line in lines)]


def test_the_packets_of_the_corpus_meet_the_verdicts_that_they_met() -> None:
    corpus = fuzzed_corpus()
    assert len(corpus) > 50
    assert [verdict(packet) for _, packet in corpus] == [said for said, _ in corpus]


@pytest.mark.slow
def test_a_hundred_thousand_fuzzed_packets_are_messages_or_refused() -> None:
    chance, corpus = random.Random(7), seeds() * 8 + [packet for _, packet in fuzzed_corpus()]
    read = refused = 0
    slowest = 0.0
    for _ in range(FUZZED):
        packet = mutated(chance.choice(corpus), chance, corpus)
        begin = time.thread_time()
        try:
            found = read_packet(packet)
        except PacketError:
            refused += 1
        else:
            read += 1
            assert all(isinstance(each.address, str) and isinstance(each.arguments, tuple) for each in found)
        slowest = max(slowest, time.thread_time() - begin)
    assert read > FUZZED // 50 and refused > FUZZED // 50
    assert slowest < SLOWEST_PACKET_S


def test_the_largest_packets_take_no_long_time() -> None:
    most = MAX_PACKET_BYTES
    heavy = [
        b"/" * most,
        b"/" + b"a" * (most - 5) + b"\0" * 4,
        bundle(NOW, *[b"/a\0\0,fff" + b"\0" * 16] * MAX_MESSAGES),
        bundle(NOW, *[bundle(NOW)] * 3000),
        b"/a\0\0," + b"f" * (most - 8) + b"\0" * 3,
        bundle(NOW, *[b"/" + b"a" * (MAX_MESSAGE_BYTES - 2) + b"\0"] * 15),
    ]
    for packet in heavy:
        begin = time.thread_time()
        with contextlib.suppress(PacketError):
            read_packet(packet)
        assert time.thread_time() - begin < SLOWEST_PACKET_S


def test_a_stream_is_cut_into_packets_wherever_it_was_cut_before() -> None:
    chance = random.Random(3)
    packets = [
        A,
        bytes(range(0xB0, 0x100)),
        b"/\xc0\xdb\xdc\xdd\xdb\xdb",
        write_message("/morph", "a", "b", 0.5),
    ] * 20
    by_end = b"".join(map(slip.encode, packets))
    by_length = b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
    for stream in (by_end, by_length):
        framing, found, rest = StreamFraming(), list[bytes](), stream
        while rest:
            size = chance.randint(1, 50)
            found += framing.feed(rest[:size])
            rest = rest[size:]
        assert found == packets
        assert StreamFraming().feed(framing.wrap(A)) == [A]


def test_a_broken_packet_in_a_stream_is_empty_and_the_next_is_whole() -> None:
    assert StreamFraming().feed(slip.encode(A) + b"/a\xdb\x00\xc0" + slip.encode(A)) == [A, b"", A]


@pytest.mark.parametrize("stream", [b"\xc0" + b"/" * 200_000, b"\0\x10\0\0"], ids=["by end", "by length"])
def test_a_stream_whose_packet_never_ends_is_refused(stream: bytes) -> None:
    framing = StreamFraming()

    def read() -> None:
        for index in range(0, len(stream), 4096):
            framing.feed(stream[index : index + 4096])

    with pytest.raises(PacketError, match=r"without the end of a packet|bytes or fewer"):
        read()


@pytest.mark.parametrize(
    "pattern, found",
    [
        ("/stop/*", ADDRESSES[:2]),
        ("/stop/{guitar,voice}", ADDRESSES[:2]),
        ("/stop/{guitar,v*}/ramp", ADDRESSES[2:4]),
        ("/stop/?oice", ["/stop/voice"]),
        ("/stop/[a-g]*", ["/stop/guitar"]),
        ("/stop/[!a-g]*", ["/stop/voice"]),
        ("/{stop/guitar,wet}", []),
        ("/*", ["/wet"]),
        ("/stop/{" + ",".join(f"guitar_{n}" for n in range(20)) + ",voice}", ["/stop/voice"]),
        ("/stop/[", []),
        ("/stop/{", []),
        ("/stop/" + "{a,g}" * 7, []),
        ("/stop/" + "*" * 300, []),
    ],
)
def test_patterns_mean_what_the_specification_says(pattern: str, found: list[str]) -> None:
    assert matching(pattern, ADDRESSES) == found


def test_no_pattern_takes_long() -> None:
    chance = random.Random(5)
    addresses = ["/stop/" + "a" * 60] * 64
    patterns = [
        "{a,b}" * 3 + "*a" * 4 + "a" * 200 + "b",
        "?" * 240,
        "*a" * 4 + "b" * 240,
        "*a" * 120,
        "?*" * 120,
    ]
    patterns += ["[a-z]*" * 40, "*" * 240, "{*a,*b}" * 6, "[" * 240, "{" * 240, "{a,b}" * 6 + "a" * 200]
    patterns += ["".join(chance.choices("*?[]{}a,!-", k=240)) for _ in range(300)]
    for pattern in patterns:
        begin = time.thread_time()
        matching(f"/stop/{pattern}", addresses)
        assert time.thread_time() - begin < SLOWEST_PACKET_S


def test_the_allow_list_takes_addresses_and_networks() -> None:
    allow = AllowList(["192.168.1.20", "10.0.0.0/8", "fe80::/10"])
    hosts = (
        "192.168.1.20",
        "192.168.1.21",
        "10.9.8.7",
        "127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "::1",
    )
    assert [host in allow for host in hosts] == [True, False, True, False, True, True, False]
    assert "8.8.8.8" in AllowList()
    for wrong in ("example.org", "10.0.0.1/8", "192.168.1"):
        with pytest.raises(DrawstopError, match="an allowed client is an address"):
            AllowList([wrong])
