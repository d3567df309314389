"""The OSC server with real clients: python-osc, liblo, Pd."""

import math
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg
from pythonosc.udp_client import SimpleUDPClient

from drawstop.errors import DrawstopError
from realtime.controllers.osc.addresses import TABLE
from realtime.controllers.osc.packets import write_message
from realtime.controllers.osc.router import MAX_PATTERNS
from realtime.controllers.osc.server import OscServer
from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.osc_parts import (
    RATE,
    STOPS,
    CommandRecorder,
    OscDump,
    UdpPeer,
    make_parameters,
    oscsend,
)
from tests.helpers.control.osc_setup import ServerSetup
from tests.helpers.programs.programs import need_program
from tests.helpers.waiting import PATIENCE_S, wait_for

FLOOD, AT_ONCE = 15_000, 50
SOCKET_MESSAGES = 250  # a UDP socket of Linux holds twice as many without dropping any


@pytest.fixture
def setup() -> Iterator[ServerSetup]:
    with ServerSetup(CommandRecorder()) as made:
        yield made


def test_stops_and_faders_move(setup: ServerSetup) -> None:
    client = setup.client()
    for address, value in [
        ("/stop/guitar", -0.5),
        ("/stop/voice", 1),
        ("/stop/voice", 7.0),
        ("/stop/guitar/ramp", [1.0, 2.0]),
        ("/bypass", True),
        ("/mute", 1),
        ("/wet", 0.25),
        ("/input_gain", -6.0),
        ("/output_gain", 3.0),
        ("/ramp", 0.5),
    ]:
        client.send_message(address, value)
        setup.settle(client)
    assert setup.moved() == [
        ("guitar", -0.5, 0),
        ("voice", 1.0, 0),
        ("voice", 1.0, 0),
        ("guitar", 1.0, 2 * RATE),
        ("engine.bypass", 1.0, 0),
        ("engine.mute", 1.0, 0),
        ("engine.wet", 0.25, 0),
        ("engine.input_gain", -6.0, 0),
        ("engine.output_gain", 3.0, 0),
        ("engine.ramp", 0.5, 0),
    ]
    assert setup.sound.events[0].source.startswith("osc 127.0.0.1:")
    assert not setup.server.errors.counts


def test_a_pattern_moves_all_that_it_fits_at_one_sample(setup: ServerSetup) -> None:
    client = setup.client()
    client.send_message("/stop/*", 0.5)
    client.send_message("/stop/{guitar,voice}/ramp", [1.0, 1.0])
    setup.settle(client)
    assert setup.moved() == [
        ("guitar", 0.5, 0),
        ("voice", 0.5, 0),
        ("guitar", 1.0, RATE),
        ("voice", 1.0, RATE),
    ]
    assert setup.sound.events[0].sample == setup.sound.events[1].sample
    client.send_message("/*", 0.0)  # faders, and no command
    setup.settle(client)
    assert len(setup.moved()) == 10 and setup.scenes is not None and not setup.scenes.calls


def test_without_commands_and_for_unknown_scenes_the_answer_is_an_error(setup: ServerSetup) -> None:
    client = setup.client()
    client.send_message("/scene/none", [])
    assert client.receive_until("/error").params == [
        "there is no scene 'none'; there are: verse",
        "/scene/none",
    ]
    with ServerSetup(None) as bare:
        client = bare.client()
        client.send_message("/panic", [])
        text, address = client.receive_until("/error").params
        assert "undo and panic aren't here" in text and address == "/panic"


def test_stops_are_sent_with_name_range_and_value(setup: ServerSetup) -> None:
    client = setup.client()
    setup.parameters.move({"voice": 0.5}, "test")
    client.send_message("/stops", [])
    assert client.receive_all() == [
        ("/stops", 2),
        ("/stops/guitar", "Electric guitar", -1.0, 1.0, 0.0, 0.0),
        ("/stops/voice", "Voice", -1.0, 1.0, 0.0, 0.5),
    ]
    client.send_message("/values", [])
    assert set(client.receive_all()) == {
        ("/stop/guitar", 0.0),
        ("/stop/voice", 0.5),
        ("/bypass", 0.0),
        ("/mute", 0.0),
        ("/wet", 1.0),
        ("/input_gain", 0.0),
        ("/output_gain", 0.0),
        ("/ramp", float(np.float32(0.02))),
    }


@pytest.mark.parametrize("row", [row for row in TABLE if row.direction == "in"], ids=lambda row: row.pattern)
def test_every_example_of_the_table_works_with_liblo_over_udp_and_tcp(
    row: object, setup: ServerSetup
) -> None:
    need_program("oscsend")
    words = row.example.split()  # type: ignore[attr-defined]
    oscsend(f"osc.udp://127.0.0.1:{setup.server.udp_port}", *words)
    oscsend(f"osc.tcp://127.0.0.1:{setup.server.tcp_port}", *words)
    wait_for(lambda: len(setup.seen) == 2, "both messages")
    setup.settle(setup.client())
    assert {client.transport for client, _ in setup.seen[:2]} == {"udp", "tcp"}
    assert setup.seen[0][1] == setup.seen[1][1] and not setup.server.errors.counts


def test_what_is_sent_is_in_the_table(setup: ServerSetup) -> None:
    client = setup.client()
    for address in ("/subscribe", "/stops", "/values", "/ping", "/nowhere"):
        client.send_message(address, [])
    setup.settle(setup.client())
    setup.server.meters({"in": -20.0})
    setup.server.levels({"voice": 0.5})
    by_websocket = ("/status/", "/spectrum/")  # to those who LISTEN by name: tests/realtime/panel
    patterns = {
        row.pattern for row in TABLE if row.direction == "out" and not row.pattern.startswith(by_websocket)
    }
    names = {"guitar": "<slug>", "voice": "<slug>", "in": "<name>"}
    addresses = {
        "/".join(names.get(part, part) for part in str(each[0]).split("/")) for each in client.receive_all()
    }
    assert addresses == patterns


def test_two_clients_are_sent_each_others_movements_and_not_their_own() -> None:
    clock = MadeUpClock()
    with ServerSetup(CommandRecorder(), clock=clock) as setup:
        one, two = setup.client(), setup.client()
        for client in (one, two):
            client.send_message("/subscribe", [])
            assert len(client.receive_all()) == 8  # all values
        clock.advance(1.0)
        one.send_message("/stop/guitar", 0.75)
        two.send_message("/wet", 0.5)
        assert one.receive_all() == [("/wet", 0.5)]
        assert two.receive_all() == [("/stop/guitar", 0.75)]
        two.send_message("/unsubscribe", [])
        setup.settle(two)
        clock.advance(1.0)
        setup.parameters.move({"voice": -1.0}, "cc 20")
        assert one.receive_all() == [("/stop/voice", -1.0)] and two.receive_all() == []


@pytest.mark.slow
def test_every_step_of_a_slow_movement_reaches_the_other_client_in_order(setup: ServerSetup) -> None:
    one, two = setup.client(), setup.client()
    two.send_message("/subscribe", [])
    two.receive_all()
    for step in range(1, 51):
        one.send_message("/stop/guitar", step / 50)
        assert two.receive_until("/stop/guitar").params == [np.float32(step / 50)]


def test_a_command_in_a_bundle_is_executed_when_its_time_comes_though_nothing_else_is_sent(
    setup: ServerSetup,
) -> None:
    builder = OscBundleBuilder(time.time() + 0.2)
    builder.add_content(build_msg("/scene/verse", []))
    setup.client().send(builder.build())
    wait_for(lambda: setup.scenes is not None and setup.scenes.calls, "the scene")
    assert setup.scenes is not None and setup.scenes.calls == [("scene", "verse", None, None)]


def test_meters_and_levels_are_sent(setup: ServerSetup) -> None:
    client = setup.client()
    client.send_message("/subscribe", [])
    client.receive_all()
    setup.server.meters({"in": -20.0})
    setup.server.levels({"voice": 0.5})
    assert set(client.receive_all()) == {("/meter/in", -20.0), ("/level/voice", 0.5)}


def test_a_surface_that_cannot_ask_is_sent_everything_but_its_own_movements() -> None:
    clock = MadeUpClock()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(PATIENCE_S)
        port = surface.getsockname()[1]
        with ServerSetup(CommandRecorder(), feedback_to=[("localhost", port)], clock=clock) as setup:
            first = [surface.recv(1024) for _ in range(8)]
            assert write_message("/stop/guitar", 0.0) in first
            clock.advance(1.0)
            sender = setup.client()  # the surface sends from another port of its host
            sender.send_message("/stop/guitar", 0.5)
            setup.settle(sender)
            other = setup.client()
            other.send_message("/subscribe", [])
            other.receive_all()
            other.send_message("/stop/voice", -1.0)
            assert surface.recv(1024) == write_message("/stop/voice", -1.0)


def test_a_host_that_is_not_there_is_one_line() -> None:
    with pytest.raises(DrawstopError, match=r"OSC can't send to nowhere\.invalid:9001"):
        ServerSetup(None, feedback_to=[("nowhere.invalid", 9001)]).__enter__()


def test_a_client_that_cannot_listen_where_it_sends_names_a_port(setup: ServerSetup) -> None:
    need_program("oscsend")
    need_program("oscdump")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = f"osc.udp://127.0.0.1:{setup.server.udp_port}"
    with OscDump(port) as dump:
        oscsend(server, "/stops", "i", port)
        assert '/stops/guitar sffff "Electric guitar" -1.0' in dump.line_with("/stops/guitar")
        oscsend(server, "/subscribe", "i", port)
        dump.line_with("/ramp f 0.02")
        setup.parameters.move({"voice": 0.5}, "test")
        assert "/stop/voice f 0.5" in dump.line_with("/stop/voice")
        oscsend(server, "/subscribe", "i", port)  # from another port of its own: the same listener still
        wait_for(lambda: len(setup.server.feedback.clients) == 1, "one subscription")
        oscsend(server, "/unsubscribe", "i", port)
        wait_for(lambda: not setup.server.feedback.clients, "its end")


def test_pure_data_moves_a_stop(setup: ServerSetup, tmp_path: Path) -> None:
    need_program("pd")
    patch = tmp_path / "send.pd"
    patch.write_text(
        "#N canvas 0 0 400 300 12;\n#X obj 0 0 loadbang;\n#X obj 0 20 t b b b;\n"
        f"#X msg 0 40 connect 127.0.0.1 {setup.server.udp_port};\n#X msg 0 60 0.25;\n#X obj 0 80 oscformat stop guitar;\n"
        "#X msg 0 90 send \\$1;\n#X obj 0 100 list prepend send;\n#X obj 0 110 list trim;\n#X obj 0 120 netsend -u -b;\n"
        "#X obj 0 140 del 200;\n#X msg 0 160 \\; pd quit;\n"
        "#X connect 0 0 1 0;\n#X connect 1 2 2 0;\n#X connect 2 0 8 0;\n#X connect 1 1 3 0;\n#X connect 3 0 4 0;\n"
        "#X connect 4 0 6 0;\n#X connect 6 0 7 0;\n#X connect 7 0 8 0;\n#X connect 1 0 9 0;\n#X connect 9 0 10 0;\n"
    )
    command = ["pd", "-nogui", "-stderr", "-nosound", "-batch", "-nomidi", "-open", str(patch)]
    subprocess.run(command, check=True, timeout=PATIENCE_S, capture_output=True)
    wait_for(lambda: setup.moved() == [("guitar", 0.25, 0)], "Pd's message")


def test_a_client_that_is_not_allowed_moves_nothing() -> None:
    with ServerSetup(None, ["10.0.0.0/8", "127.0.0.9"]) as setup:
        setup.client().send_message("/stop/guitar", 1.0)
        stranger = socket.create_connection(("127.0.0.1", setup.server.tcp_port))
        stranger.settimeout(PATIENCE_S)
        assert stranger.recv(1) == b""
        stranger.close()
        wait_for(lambda: setup.server.errors.counts == {"client not allowed": 2}, "the errors")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as known:
            known.bind(("127.0.0.9", 0))
            known.sendto(write_message("/stop/voice", 1.0), ("127.0.0.1", setup.server.udp_port))
            wait_for(lambda: setup.moved() == [("voice", 1.0, 0)], "the allowed client's message")


def test_listening_to_the_network_is_reported_and_to_this_machine_not() -> None:
    for host, count in (("127.0.0.1", 0), ("0.0.0.0", 1)):
        notes: list[str] = []
        with OscServer(make_parameters(), host=host, port=0, show_line=notes.append):
            assert len(notes) == count
    assert "whoever reaches it can move the stops" in notes[0]


def test_it_listens_by_ipv6_too() -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").is_file():
        pytest.skip("this machine has no IPv6")
    with ServerSetup(None, ["::1"], "::1") as setup, SimpleUDPClient("::1", setup.server.udp_port) as client:
        client.send_message("/ping", [])
        assert next(iter(client.get_messages(PATIENCE_S))).address == "/pong"
        assert not setup.notes


def test_a_taken_port_and_a_foreign_address_are_one_clear_line(setup: ServerSetup) -> None:
    for host, port in (
        ("127.0.0.1", setup.server.udp_port),
        ("127.0.0.1", setup.server.tcp_port),
        ("192.0.2.1", 0),
    ):
        with pytest.raises(
            DrawstopError, match=r"OSC can't listen at .*; end the program that has the port, or choose"
        ):
            OscServer(setup.parameters, host=host, port=port).start()
    with pytest.raises(DrawstopError, match=r"port must be in 0\.\.65535, got 70000"):
        OscServer(setup.parameters, port=70000)


def test_it_starts_and_closes_many_times_and_leaves_nothing() -> None:
    parameters = make_parameters()
    server = OscServer(parameters, port=0)
    before = threading.active_count()
    for _ in range(20):
        with server, UdpPeer(server.udp_port) as client:
            client.send_message("/ping", [])
        server.close()
    assert threading.active_count() == before
    assert not parameters._listeners


def test_another_instruments_stops_are_sent(setup: ServerSetup) -> None:
    client = setup.client()
    client.send_message("/subscribe", [])
    client.receive_all()
    setup.parameters.set_targets(STOPS[:1])
    setup.server.send_all()
    assert client.receive_all() == [("/stop/guitar", 0.0)]
    client.send_message("/stop/voice", 1.0)
    assert "the stops are: guitar" in client.receive_until("/error").params[0]


def test_a_fault_in_a_command_ends_nothing(setup: ServerSetup) -> None:
    assert setup.scenes is not None
    setup.scenes.undo = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    client = setup.client()
    client.send_message("/undo", [])
    client.send_message("/stop/guitar", 0.5)
    setup.settle(client)
    assert setup.moved() == [("guitar", 0.5, 0)]
    assert setup.server.errors.counts == {"fault in Drawstop": 1}


@pytest.mark.slow
def test_fuzzed_packets_move_nothing_but_by_their_words(setup: ServerSetup) -> None:
    client, chance = setup.client(), random.Random(11)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(5000):
            packet = bytearray(write_message("/stop/guitar", chance.uniform(-9, 9)))
            packet[chance.randrange(len(packet))] = chance.randrange(256)
            sock.sendto(packet, ("127.0.0.1", setup.server.udp_port))
            if number % 50 == 0:
                setup.settle(client)
    patterns = [build_msg("/stop/*", [1.0])] * (MAX_PATTERNS + 1)
    builder = OscBundleBuilder(IMMEDIATELY)
    for pattern in patterns:
        builder.add_content(pattern)
    client.send(builder.build())
    setup.settle(client)
    assert setup.sound.events and all(
        math.isfinite(event.value) and abs(event.value) <= 1 for event in setup.sound.events
    )
    assert "fault in Drawstop" not in setup.server.errors.counts


@pytest.mark.slow
def test_after_a_flood_each_stop_is_where_it_was_last_sent(setup: ServerSetup) -> None:
    clients, watcher, chance = [setup.client(), setup.client()], setup.client(), random.Random(6)
    watcher.send_message("/subscribe", [])
    watcher.receive_all()
    last, received = dict[str, float](), list[tuple[object, ...]]()
    sent = len(setup.seen)
    for _ in range(FLOOD // AT_ONCE):
        for number in range(AT_ONCE):
            slug = STOPS[number % 2].slug
            last[slug] = chance.uniform(-1.0, 1.0)
            clients[number % 2].send_message(f"/stop/{slug}", last[slug])
        sent += AT_ONCE
        wait_for(lambda sent=sent: len(setup.seen) > sent - SOCKET_MESSAGES, "room in the socket")
        received += watcher.receive_waiting()
    for client in clients:
        setup.settle(client)
    received += watcher.receive_all()
    shown = {str(each[0]): each[1] for each in received}
    for slug, value in last.items():
        assert setup.parameters.values[slug] == shown[f"/stop/{slug}"] == np.float32(value)
    assert not setup.server.errors.counts
