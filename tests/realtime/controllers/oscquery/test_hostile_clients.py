"""OSCQuery against those who mean harm: web pages, floods, the deaf, the slow, and nonsense."""

import contextlib
import json
import os
import random
import socket
import struct

import pytest
import websocket
from pythonosc import slip

from realtime.controllers.osc.listener import MAX_CONNECTIONS
from realtime.controllers.osc.packets import MAX_PACKET_BYTES, write_message
from realtime.controllers.oscquery.connection import EXCHANGE_S, GONE_S, PING_S
from realtime.controllers.scenes.scene import Scene
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.control.oscquery_parts import OscQuerySetup
from tests.helpers.waiting import PATIENCE_S, wait_for

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
REQUESTS, FRAMES, COMMANDS = 1500, 1500, 1500


def raw(setup: OscQuerySetup) -> socket.socket:
    return socket.create_connection(("127.0.0.1", setup.query.open_port), timeout=PATIENCE_S)


def answered(sock: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := sock.recv(1 << 16):
            found += data
    return found


def works(setup: OscQuerySetup) -> None:
    """Everybody else is still served."""
    assert setup.get("/stop/guitar?TYPE") == (200, {"TYPE": "f"})
    with UdpPeer(setup.server.udp_port) as client:
        client.send_message("/stop/voice", 0.25)
        client.send_message("/ping", [])
        client.receive_until("/pong")
    assert setup.parameters.values["voice"] == 0.25


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1:8080", "null", "file://"])
def test_a_web_page_gets_no_websocket_and_moves_nothing(origin: str, setup: OscQuerySetup) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        setup.websocket(origin=origin)
    assert caught.value.status_code == 403
    assert setup.get("/", {"Origin": origin})[0] == 403
    assert setup.server.errors.counts == {"web page not allowed": 2}
    assert origin in setup.notes[0] and not setup.moved()


def test_a_page_whose_name_was_led_here_gets_nothing(setup: OscQuerySetup) -> None:
    for headers in (
        {"Host": "example.com"},
        {"Host": "example.com:9001", "Origin": "http://example.com:9001"},
    ):
        assert setup.get("/", headers)[0] == 403
    assert setup.get("/stop?TYPE", {"Host": "rig.local:9001"})[0] == 200


def test_no_answer_opens_itself_to_pages(setup: OscQuerySetup) -> None:
    for target in ("/", "/?HOST_INFO", "/nowhere"):
        with raw(setup) as sock:
            sock.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % target.encode())
            head = answered(sock).partition(b"\r\n\r\n")[0].lower()
        assert b"access-control" not in head and b"nosniff" in head


def test_a_form_that_a_page_sends_to_oscs_own_tcp_port_moves_nothing(setup: OscQuerySetup) -> None:
    """A browser sends such a thing without asking: only what is read of it can be helped."""
    evil = slip.encode(write_message("/stop/guitar", 1.0))
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\nContent-Type: text/plain\r\n\r\n"
    for beginning in (head, b"\x16\x03\x01"):  # by https it would be TLS
        with socket.create_connection(("127.0.0.1", setup.server.tcp_port), timeout=PATIENCE_S) as sock:
            sock.sendall(beginning + evil)
            assert answered(sock) == b""
    wait_for(lambda: setup.server.errors.counts == {"malformed packet": 2}, "both errors")
    assert not setup.moved()


def test_requests_that_are_too_large_or_none_at_all_are_refused(setup: OscQuerySetup) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(500))
    for request, status in (
        (b"GET /%s HTTP/1.1\r\n\r\n" % (b"a" * 9000), b"414"),
        (b"GET / HTTP/1.1\r\nX: %s\r\n\r\n" % (b"a" * 9000), b"431"),
        (b"GET / HTTP/1.1\r\n" + many + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"a" * 8000) * 3, b"431"),  # and no end
        (b"hello\r\n", b"400"),
        (b"GET / HTTP/3\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\r\n", b"400"),
        (UPGRADE.replace(b"13\r\n", b"8\r\n"), b"400"),
    ):
        with raw(setup) as sock:
            sock.sendall(request)
            assert answered(sock).split(b" ")[1] == status, request[:60]
    assert setup.server.errors.counts == {"malformed request": 9}
    works(setup)


@pytest.mark.slow
def test_only_so_many_are_accepted_and_a_client_that_never_asks_is_disconnected(
    clocked_setup: OscQuerySetup, clock: MadeUpClock
) -> None:
    setup = clocked_setup
    sockets = [raw(setup) for _ in range(MAX_CONNECTIONS)]
    for sock in sockets[::2]:
        sock.sendall(b"GET / HTTP/1.1\r\nHo")
    with raw(setup) as late:
        assert answered(late) == b""
    assert setup.server.errors.counts == {"too many clients": 1}
    clock.advance(EXCHANGE_S - 0.5)
    setup.settle()
    assert len(setup.query._connections) == MAX_CONNECTIONS
    clock.advance(0.5)
    setup.settle()
    for sock in sockets:
        assert answered(sock) == b""  # once they took too long
        sock.close()
    works(setup)


@pytest.mark.slow
def test_a_client_that_asks_and_never_reads_is_disconnected(
    clocked_setup: OscQuerySetup, clock: MadeUpClock
) -> None:
    setup = clocked_setup
    setup.scenes = [Scene(f"{number:04} {'x' * 90}", {}) for number in range(1024)]
    sockets = []
    for _ in range(MAX_CONNECTIONS):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        sock.connect(("127.0.0.1", setup.query.open_port))
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        sockets.append(sock)
    wait_for(lambda: have_all_been_answered(setup), "the responses")
    setup.drain()  # so that the last response isn't just being made
    clock.advance(2 * EXCHANGE_S)
    setup.settle()
    wait_for(lambda: not setup.query._connections, "the end of them")
    for sock in sockets:
        sock.close()
    works(setup)


def have_all_been_answered(setup: OscQuerySetup) -> bool:
    """Whether as many clients as there may be have asked, and no request is left."""
    connections = list(setup.query._connections.values())
    asked = not any(each._reading for each in connections)
    return asked and len(connections) == MAX_CONNECTIONS and not setup.query._requests


@pytest.mark.slow
def test_a_websocket_that_never_reads_is_closed(setup: OscQuerySetup) -> None:
    setup.websocket(sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)])
    many = [Scene(f"{number} {'x' * 90}", {}) for number in range(1024)]
    for turn in range(200):  # each change is sent: some 145 kB each time
        setup.scenes = many if turn % 2 else []
        assert setup.get("/morph?TYPE")[0] == 200
        if setup.server.errors.counts:
            break
    wait_for(lambda: "client that doesn't read" in setup.server.errors.counts, "the error")
    works(setup)


def test_a_websocket_that_falls_silent_is_pinged_and_then_closed(
    clocked_setup: OscQuerySetup, clock: MadeUpClock
) -> None:
    setup = clocked_setup
    alive, gone = setup.websocket(), setup.websocket()
    clock.advance(PING_S)
    setup.drain()
    assert alive.socket.recv_data_frame(control_frame=True)[0] == websocket.ABNF.OPCODE_PING  # and answers it
    setup.drain()
    clock.advance(GONE_S - PING_S - 0.5)
    setup.drain()
    assert len(setup.query._connections) == 2
    clock.advance(0.5)
    setup.drain()
    assert len(setup.query._connections) == 1
    alive.send("/stop/guitar", 0.5)
    wait_for(lambda: setup.moved() == [("guitar", 0.5, 0)], "the movement")
    assert answered(gone.socket.sock) == b"\x89\x00" + b"\x88\x02\x03\xe9"  # a ping; "going away"


@pytest.mark.parametrize(
    "frames",
    [
        b"\x82\x04aaaa",  # not masked
        b"\xf2\x80\0\0\0\0",  # reserved bits
        b"\x80\x80\0\0\0\0",  # goes on with nothing
        b"\x02\x81\0\0\0\0a\x02\x81\0\0\0\0a",  # a second beginning
        b"\x89\xfe\x01\x00\0\0\0\0" + b"a" * 256,  # a ping that is too long
        b"\x82\xff" + struct.pack(">Q", 1 << 62) + b"\0\0\0\0",
        b"\x82\xff" + struct.pack(">Q", MAX_PACKET_BYTES + 1) + b"\0\0\0\0",
        b"\x02\xfe\xff\xff\0\0\0\0" + b"a" * 65535,  # a part, and one too many
        b"\x88\x82\0\0\0\0\0\0",  # closes for a reason that is none
    ],
)
def test_frames_that_are_none_end_the_websocket(frames: bytes, setup: OscQuerySetup) -> None:
    with raw(setup) as sock:
        sock.sendall(UPGRADE)
        assert sock.recv(4096).startswith(b"HTTP/1.1 101")
        sock.sendall(frames)
        if frames[0] == 2 and len(frames) > 65535:
            sock.sendall(b"\x00\x81\0\0\0\0a")
        assert answered(sock)[:1] in (b"\x88", b"")
    wait_for(lambda: setup.server.errors.counts == {"malformed packet": 1}, "the error")
    works(setup)


def test_parts_of_a_message_are_put_together(setup: OscQuerySetup) -> None:
    packet = write_message("/stop/guitar", 0.5)
    with raw(setup) as sock:
        sock.sendall(UPGRADE)
        sock.recv(4096)
        for index in range(0, len(packet), 4):
            head = bytes([(2 if index == 0 else 0) | (0x80 if index + 4 == len(packet) else 0), 0x84])
            sock.sendall(head + b"\0\0\0\0" + packet[index : index + 4])
            sock.sendall(b"\x89\x80\0\0\0\0")  # a ping between the parts is allowed
        wait_for(lambda: setup.moved() == [("guitar", 0.5, 0)], "the movement")
    assert not setup.server.errors.counts


@pytest.mark.slow
def test_fuzzed_requests_harm_nobody(setup: OscQuerySetup) -> None:
    chance = random.Random(21)
    good = (b"GET /stop/guitar?VALUE HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nAccept: */*\r\n\r\n", UPGRADE)
    statuses = set()
    for number in range(REQUESTS):
        request = bytearray(chance.choice(good))
        for _ in range(chance.randrange(1, 6)):
            index = chance.randrange(len(request))
            match chance.randrange(4):
                case 0:
                    request[index] = chance.randrange(256)
                case 1:
                    del request[index : index + chance.randrange(1, 20)]
                case 2:
                    request[index:index] = chance.randbytes(chance.randrange(1, 20))
                case _:
                    request[index:index] = request[index : index + chance.randrange(1, 40)]
            if not request:
                request = bytearray(b"\r\n")
        with raw(setup) as sock, contextlib.suppress(ConnectionError):
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            statuses.add(answered(sock)[9:12])
        if number % 100 == 0:
            setup.settle()
    works(setup)
    assert {b"200", b"400", b"404"} <= statuses and not setup.moved()[:-1]


@pytest.mark.slow
def test_fuzzed_frames_and_commands_harm_nobody(setup: OscQuerySetup) -> None:
    chance = random.Random(22)
    texts = [json.dumps({"COMMAND": "LISTEN", "DATA": "/stop/guitar"}), '{"COMMAND":"IGNORE","DATA":"/wet"}']
    peer = setup.websocket()
    for number in range(COMMANDS):
        text = bytearray(chance.choice(texts).encode())
        for _ in range(chance.randrange(1, 4)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        peer.socket.send(
            bytes(text), chance.choice([websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY])
        )
        if number % 50 == 0:
            setup.settle()
    peer.receive_for(0.1)
    sock = raw(setup)
    for number in range(FRAMES):
        try:
            if number % 5 == 0:
                sock.close()
                sock = raw(setup)
                sock.sendall(UPGRADE)
            payload = bytearray(write_message("/stop/guitar", chance.uniform(-9, 9)))
            payload[chance.randrange(len(payload))] = chance.randrange(256)
            frame = bytearray(bytes([0x82, 0x80 | len(payload)]) + b"\0\0\0\0" + payload)
            if chance.random() < 0.5:
                frame[chance.randrange(6)] = chance.randrange(256)
            sock.sendall(frame)
        except OSError:  # disconnected
            continue
    sock.close()
    setup.settle()
    assert {"malformed request", "malformed packet"} <= set(setup.server.errors.counts)
    assert all(abs(value) <= 1 for _, value, _ in setup.moved())
    works(setup)


@pytest.mark.slow
def test_its_descriptors_are_given_back(setup: OscQuerySetup) -> None:
    works(setup)
    before = descriptors(setup)
    for number in range(200):
        sock = raw(setup)
        sock.sendall((UPGRADE, b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n", b"GET /")[number % 4])
        if number % 3 == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    works(setup)
    assert descriptors(setup) == before


def descriptors(setup: OscQuerySetup) -> int:
    """The number of this process's open files once the server has closed all connections."""
    wait_for(lambda: not setup.query._connections, "the end of the connections")
    return len(os.listdir("/proc/self/fd"))
