"""OSCQuery with real clients: urllib, websocket-client, liblo."""

import json
import socket
import threading

import numpy as np
import pytest
import websocket

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import BUTTONS
from realtime.controllers.osc.server import OscServer
from realtime.controllers.osc.subscriber import INTERVAL_S
from realtime.controllers.oscquery.service import OscQuery
from realtime.controllers.scenes.scene import Scene
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.osc_parts import STOPS, ClockedRecorder, UdpPeer, make_parameters, oscsend
from tests.helpers.control.oscquery_parts import NAME, OscQuerySetup
from tests.helpers.programs.programs import need_program
from tests.helpers.waiting import PATIENCE_S, wait_for


def packet(address: str, tags: str, *arguments: object) -> bytes:
    """An OSC message with given types, made here: python-osc knows no impulse."""
    parts = [address.encode(), f",{tags}".encode()]
    parts += [value.encode() for value in arguments if isinstance(value, str)]
    numbers = b"".join(np.array(value, ">f4").tobytes() for value in arguments if not isinstance(value, str))
    return b"".join(part + b"\0" * (4 - len(part) % 4) for part in parts) + numbers


def test_the_tree_is_sent_with_all_values(setup: OscQuerySetup) -> None:
    setup.parameters.move({"voice": 0.1}, "test")
    status, root = setup.get("/")
    assert status == 200
    assert root["CONTENTS"]["stop"]["CONTENTS"]["voice"]["VALUE"] == [0.1]
    assert root["CONTENTS"]["ramp"]["VALUE"] == [0.02]
    assert list(root["CONTENTS"]["scene"]["CONTENTS"]) == ["verse_1", "chorus"]
    setup.server.meters({"in": -20.0})
    assert setup.get("/meter/in?VALUE") == (200, {"VALUE": [-20.0]})
    info = setup.get("/?HOST_INFO")[1]
    assert (info["NAME"], info["OSC_IP"], info["OSC_PORT"]) == (NAME, "127.0.0.1", setup.server.udp_port)


def test_errors_are_statuses_and_wrong_questions_are_counted(setup: OscQuerySetup) -> None:
    assert [setup.get(target)[0] for target in ("/nowhere", "/stop?GABBA", "/panic?VALUE")] == [404, 400, 204]
    assert setup.get("/stop", method="HEAD") == (200, None)
    assert [setup.get("/stop", method=method)[0] for method in ("PUT", "DELETE", "OPTIONS")] == [405] * 3
    assert setup.server.errors.counts == {"malformed request": 5}
    assert "nothing is at '/nowhere'" in setup.notes[0] and len(setup.notes) == 1


def test_whatever_is_described_can_be_sent_as_it_is_described(setup: OscQuerySetup) -> None:
    peer, sent = setup.websocket(), 0
    for path, node in setup.query._present_namespace().methods().items():
        if not node.access & 2:
            continue
        for kind in ({"TYPE": node.type, "RANGE": node.ranges}, *node.overloads):
            ends = kind.get("RANGE", ())
            values = [end["VALS"][-1] if "VALS" in end else end["MAX"] for end in ends]
            values = values or ["Take"] * (kind["TYPE"] == "s")
            peer.socket.send_binary(packet(path, kind["TYPE"], *values))
            sent += 1
    peer.settle()
    assert not setup.server.errors.counts
    moved = {slug: value for slug, value, _ in setup.moved()}
    assert moved == {
        target.slug: target.maximum
        for target in setup.parameters.targets.values()
        if target.slug != "engine.reset"
    }
    assert setup.commands.calls == [
        ("scene", "verse_1", None, None), ("scene", "verse_1", 3600.0, None),
        ("scene", "chorus", None, None), ("scene", "chorus", 3600.0, None),
        ("morph", "chorus", "chorus", 1.0), ("pad", 1.0, 1.0), *((name,) for name in BUTTONS for _ in range(2)),
            ("record", "Take"),
    ]  # fmt: skip
    assert sent == len(moved) + len(setup.commands.calls)


def test_a_client_receives_what_it_listens_to_and_nothing_else(setup: OscQuerySetup) -> None:
    peer, stranger = setup.websocket(), setup.websocket()
    peer.send_command("LISTEN", "/stop/guitar")
    assert peer.receive_all() == [
        ("/stop/guitar", 0.0)
    ]  # its value, which may have changed since the request
    setup.parameters.move({"guitar": 0.5, "voice": 0.5, "engine.wet": 0.5}, "cc 20")
    assert peer.receive_all() == [("/stop/guitar", 0.5)]
    peer.send_command("LISTEN", "/wet")
    assert peer.receive_all() == [("/wet", 0.5)]
    peer.send_command("LISTEN", "/stop")  # a container: its contents aren't sent
    peer.send_command("LISTEN", "/panic")
    peer.send_command("IGNORE", "/stop/guitar")
    peer.send_command("IGNORE", "/stop/voice")
    peer.settle()
    setup.parameters.move({"guitar": 0.75, "voice": 0.75, "engine.wet": 0.75}, "cc 20")
    assert peer.receive_all() == [("/wet", 0.75)]
    assert stranger.receive_all() == [] and not setup.server.errors.counts
    peer.send_command("LISTEN", "/stop/oboe")
    wait_for(lambda: setup.server.errors.counts == {"malformed request": 1}, "the error")


def test_meters_are_received_once_they_exist(setup: OscQuerySetup) -> None:
    peer = setup.websocket()
    setup.server.meters({"in": -20.0})
    setup.query.refresh()
    assert ("PATH_ADDED", "/meter/in") in peer.receive_all()
    peer.send_command("LISTEN", "/meter/in")
    assert peer.receive_all() == [("/meter/in", -20.0)]
    setup.server.meters({"in": -10.0})
    assert peer.receive_all() == [("/meter/in", -10.0)]


def test_what_a_client_sends_moves_stops_and_is_not_sent_back(
    clocked_setup: OscQuerySetup, clock: MadeUpClock
) -> None:
    setup = clocked_setup
    one, two = setup.websocket(), setup.websocket()
    for peer in (one, two):
        peer.send_command("LISTEN", "/stop/guitar")
        peer.receive_all()
    clock.advance(1.0)
    one.send("/stop/guitar", 0.75)
    assert one.receive_all() == [] and two.receive_all() == [("/stop/guitar", 0.75)]
    assert setup.moved() == [("guitar", 0.75, 0)]
    assert setup.sound.events[0].source.startswith("osc 127.0.0.1:")
    one.send("/stop/oboe", 0.75)
    assert one.receive_all()[0][0] == "/error"


def test_one_server_is_shared_by_websocket_udp_and_liblo(setup: OscQuerySetup) -> None:
    need_program("oscsend")
    peer = setup.websocket()
    peer.send_command("LISTEN", "/stop/guitar")
    peer.receive_all()
    with UdpPeer(setup.server.udp_port, setup.drain) as udp:
        udp.send_message("/subscribe", [])
        udp.receive_all()
        oscsend(f"osc.udp://127.0.0.1:{setup.server.udp_port}", "/stop/guitar", "f", 0.25)
        assert peer.receive_all() == [("/stop/guitar", 0.25)] and udp.receive_all() == [
            ("/stop/guitar", 0.25)
        ]
        peer.send("/stop/guitar", 0.5)
        peer.settle()  # the server reads the two sockets in any order
        assert udp.receive_all() == [("/stop/guitar", 0.5)]
        oscsend(f"osc.udp://127.0.0.1:{setup.server.udp_port}", "/panic", "I")
        wait_for(lambda: setup.commands.calls == [("panic",)], "liblo's impulse")


def test_subscribing_by_websocket_is_listening_to_everything(setup: OscQuerySetup) -> None:
    peer = setup.websocket()
    peer.send("/subscribe")
    assert len(peer.receive_all()) == 8
    peer.send_command("IGNORE", "/stop/voice")  # it never listened to that alone
    peer.settle()
    setup.parameters.move({"voice": 0.5, "engine.mute": 1.0}, "cc 20")
    assert set(peer.receive_all()) == {("/stop/voice", 0.5), ("/mute", 1.0)}
    peer.socket.close()
    wait_for(lambda: not setup.server.feedback.clients, "the end of the subscription")


def test_of_many_changes_few_are_sent_and_the_last_always(
    clocked_setup: OscQuerySetup, clock: MadeUpClock
) -> None:
    peer = clocked_setup.websocket()
    peer.send_command("LISTEN", "/stop/guitar")
    peer.receive_all()
    for step in range(1, 1001):
        clocked_setup.parameters.move({"guitar": step / 1000}, "cc 20")
    clock.advance(INTERVAL_S)
    assert peer.receive_all() == [("/stop/guitar", 1.0)]


def test_stops_and_scenes_that_come_and_go_are_sent(setup: OscQuerySetup) -> None:
    peer = setup.websocket()
    peer.send_command("LISTEN", "/stop/voice")
    peer.receive_all()
    setup.scenes.append(Scene("Coda", {}))
    setup.query.refresh()
    assert peer.receive_all() == [
        ("PATH_ADDED", "/scene/coda"),
        ("PATH_CHANGED", "/morph"),
        ("PATH_CHANGED", "/scene"),
    ]
    setup.query.refresh()
    assert peer.receive_all() == []  # nothing has changed
    setup.parameters.set_targets(STOPS[:1])
    setup.server.send_all()
    setup.query.refresh()
    said = peer.receive_all()
    assert ("PATH_REMOVED", "/stop/voice") in said and ("PATH_CHANGED", "/") in said
    assert setup.get("/stop/voice")[0] == 404
    setup.parameters.set_targets(STOPS)
    setup.query.refresh()
    assert ("PATH_ADDED", "/stop/voice") in peer.receive_all()
    setup.parameters.move({"voice": 0.5}, "cc 20")
    assert peer.receive_all() == []  # it would have to listen anew
    peer.send_command("LISTEN", "/stop/voice")
    assert peer.receive_all() == [("/stop/voice", 0.5)]


@pytest.mark.slow
def test_a_large_namespace_is_sent_whole_and_osc_has_its_turn_between(setup: OscQuerySetup) -> None:
    setup.scenes = [Scene(f"Scene {number}", {}) for number in range(1024)]
    ended, answers = threading.Event(), list[int]()

    def ask() -> None:
        while not ended.is_set():
            answers.append(len(setup.get("/")[1]["CONTENTS"]["scene"]["CONTENTS"]))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    with UdpPeer(setup.server.udp_port) as client:
        for step in range(20):
            client.send_message("/stop/guitar", step / 20)
            client.send_message("/ping", [])
            client.receive_until("/pong")
            assert setup.parameters.values["guitar"] == np.float32(step / 20)
    wait_for(lambda: answers, "an answer")
    ended.set()
    for asker in askers:
        asker.join()
    assert answers and set(answers) == {1024}
    assert not setup.server.errors.counts


def test_it_is_reached_by_ipv6_and_gives_the_address_that_was_asked() -> None:
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    with OscQuerySetup(host="::1") as setup, socket.create_connection(("::1", setup.query.open_port)) as sock:
        sock.sendall(b"GET /?HOST_INFO HTTP/1.1\r\nHost: [::1]:9001\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(4096), b""))
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["OSC_IP"] == "::1"


def test_only_the_allowed_are_accepted() -> None:
    with OscQuerySetup(["10.0.0.0/8"]) as setup:
        with pytest.raises(OSError):
            setup.get("/")
        with pytest.raises((OSError, websocket.WebSocketException)):
            setup.websocket()
        assert set(setup.server.errors.counts) == {"client not allowed"}


def test_a_taken_port_is_one_clear_line_and_frees_the_others(setup: OscQuerySetup) -> None:
    parameters = make_parameters(ClockedRecorder())
    query = OscQuery(parameters, setup.query.open_port, "x")
    server = OscServer(parameters, port=0, transports=[query])
    with pytest.raises(DrawstopError, match=r"OSC can't listen at .*; end the program that has the port"):
        server.start()
    with pytest.raises(DrawstopError, match=r"OSCQuery's port must be in 0\.\.65535, got 70000"):
        OscQuery(parameters, 70000, "x")


def test_it_starts_and_closes_many_times_and_leaves_nothing() -> None:
    parameters = make_parameters()
    query = OscQuery(parameters, 0, "x")
    server = OscServer(parameters, port=0, transports=[query])
    before = threading.active_count()
    for _ in range(10):
        with server:
            peer = websocket.create_connection(f"ws://127.0.0.1:{query.open_port}/", timeout=PATIENCE_S)
        assert peer.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
        peer.shutdown()
    query.refresh()  # after its end: nothing
    assert threading.active_count() == before and not parameters._listeners
