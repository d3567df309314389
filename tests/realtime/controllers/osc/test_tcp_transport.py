"""OSC by TCP: framing, clients that harm, and the number of connections."""

import socket
import struct
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pythonosc import slip
from pythonosc.tcp_client import SimpleTCPClient

from realtime.controllers.osc.listener import MAX_CONNECTIONS
from realtime.controllers.osc.packets import write_message
from tests.helpers.control.osc_parts import CommandRecorder
from tests.helpers.control.osc_setup import ServerSetup
from tests.helpers.waiting import PATIENCE_S, wait_for


@pytest.fixture
def setup() -> Iterator[ServerSetup]:
    with ServerSetup(CommandRecorder()) as made:
        yield made


def test_a_tcp_client_sends_and_receives_in_slip_and_with_lengths(setup: ServerSetup) -> None:
    for mode in ("1.1", "1.0"):
        with SimpleTCPClient("127.0.0.1", setup.server.tcp_port, mode=mode) as client:
            client.send_message("/stop/guitar", 0.5)
            client.send_message("/ping", [])
            assert next(iter(client.get_messages(PATIENCE_S))).address == "/pong"
            client.send_message("/subscribe", [])
            wait_for(lambda: setup.server.feedback.clients, "the subscription")
            client.send_message("/stop/guitar", -0.5)
            setup.parameters.move({"voice": 0.5}, "cc 20")
            received = ((message.address, message.params) for message in client.get_messages(PATIENCE_S))
            assert ("/stop/voice", [0.5]) in received
        wait_for(lambda: not setup.server.feedback.clients, "the end of the subscription")
    assert not setup.server.errors.counts


@pytest.mark.slow
def test_tcp_clients_that_go_flood_or_never_end_harm_nobody(setup: ServerSetup) -> None:
    address = ("127.0.0.1", setup.server.tcp_port)
    gone = socket.create_connection(address)
    gone.sendall(slip.encode(write_message("/subscribe")))
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.close()  # with a reset
    endless = socket.create_connection(address, PATIENCE_S)
    with pytest.raises(ConnectionError):  # noqa: PT012 - disconnected, sooner or later
        while True:
            endless.sendall(b"/" * 4096)
    deaf = socket.create_connection(address, PATIENCE_S)
    asking = slip.encode(write_message("/stops")) * 500
    with pytest.raises(ConnectionError):  # noqa: PT012 - disconnected, since it never reads
        while True:
            deaf.sendall(asking)
    assert set(setup.server.errors.counts) == {"malformed packet", "client that doesn't read"}
    client = setup.client()
    client.send_message("/stop/guitar", 0.5)
    setup.settle(client)
    assert setup.moved() == [("guitar", 0.5, 0)]
    for sock in (endless, deaf):
        sock.close()


@pytest.mark.slow
def test_a_tcp_client_that_floods_leaves_others_their_turn(setup: ServerSetup) -> None:
    client, ended = setup.client(), threading.Event()
    flood = slip.encode(write_message("/stop/guitar", 0.5)) * 1000
    with socket.create_connection(("127.0.0.1", setup.server.tcp_port)) as sock:

        def send() -> None:
            while not ended.is_set():
                sock.sendall(flood)

        sender = threading.Thread(target=send)
        sender.start()
        wait_for(lambda: setup.parameters.values["guitar"] == 0.5, "the flood")
        for step in range(50):
            client.send_message("/stop/voice", step / 50)
            setup.settle(client)
            assert setup.parameters.values["voice"] == np.float32(step / 50)
        ended.set()
        sender.join()


def test_only_so_many_tcp_clients_are_accepted(setup: ServerSetup) -> None:
    sockets = [
        socket.create_connection(("127.0.0.1", setup.server.tcp_port)) for _ in range(MAX_CONNECTIONS + 1)
    ]
    sockets[-1].settimeout(PATIENCE_S)
    assert sockets[-1].recv(1) == b""
    wait_for(lambda: setup.server.errors.counts == {"too many clients": 1}, "the error")
    sockets[0].sendall(slip.encode(write_message("/stop/guitar", 1.0)))
    wait_for(lambda: setup.moved() == [("guitar", 1.0, 0)], "the first client's message")
    for sock in sockets:
        sock.close()
