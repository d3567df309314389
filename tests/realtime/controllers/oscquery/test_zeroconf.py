"""OSCQuery's announcement, found by python-oscquery's browser and zeroconf's."""

import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from pythonoscquery.osc_query_browser import OSCQueryBrowser
from pythonoscquery.osc_query_client import OSCQueryClient
from pythonoscquery.shared.osc_access import OSCAccess

from realtime.controllers.oscquery.zeroconf import MAX_NAME_BYTES, Announcement, addresses_of, service_name
from tests.helpers.control.osc_parts import STOPS
from tests.helpers.control.oscquery_parts import NAME, OscQuerySetup
from tests.helpers.waiting import PATIENCE_S, wait_for

GROUP, LOOPBACK = "224.0.0.251", "127.0.0.1"
OSCJSON = "_oscjson._tcp.local."
IN_CI = os.environ.get("CI") == "true"
MULTICAST_S = PATIENCE_S if IN_CI else 10.0
"""How long a datagram to the group may take to come back: where the tests are skipped without it, no one waits long."""


@pytest.fixture(scope="module", autouse=True)
def _multicast() -> None:
    if not multicast_comes_back():
        message = "this system's loopback interface carries no multicast"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)


def multicast_comes_back() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("", 0))
            here = socket.inet_aton(LOOPBACK)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
            membership = struct.pack("4s4s", socket.inet_aton(GROUP), here)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            sock.sendto(b"here?", (GROUP, sock.getsockname()[1]))
            sock.settimeout(MULTICAST_S)
            return sock.recv(16) == b"here?"
        except OSError:
            return False


@pytest.fixture
def browser() -> Iterator[OSCQueryBrowser]:
    made = OSCQueryBrowser()
    yield made
    made.browser.cancel()
    made.zc.close()


def announced(setup: OscQuerySetup, query: bool = True) -> Announcement:
    port = setup.query.open_port if query else None
    return Announcement(NAME, [LOOPBACK], setup.server.udp_port, port, setup.notes.append)


@pytest.mark.slow
def test_a_surface_finds_it_by_name_and_reads_it(browser: OSCQueryBrowser) -> None:
    with OscQuerySetup() as setup, announced(setup):
        wait_for(lambda: browser.listener.oscjson_services, "the announcement")
        service = browser.find_service_by_name(NAME)
        assert (service.name, service.port) == (f"{NAME}.{OSCJSON}", setup.query.open_port)
        client = OSCQueryClient(service)
        info = client.get_host_info()
        assert (info.name, info.osc_ip, info.osc_port) == (NAME, LOOPBACK, setup.server.udp_port)
        node = client.query_node("/stop")
        assert [each.full_path for each in node.contents] == [f"/stop/{stop.slug}" for stop in STOPS]
        assert (node.contents[0].description, node.contents[0].value) == ("Electric guitar", [0.0])
        assert node.contents[0].access is OSCAccess.READWRITE_VALUE
        assert client.query_node("/nowhere") is None
        wait_for(lambda: browser.listener.osc_services, "OSC's own")
        assert {each.port for each in browser.get_discovered_osc()} == {setup.server.udp_port}
    wait_for(lambda: not browser.listener.oscjson_services and not browser.listener.osc_services, "its end")
    for kind in ("_osc._udp", "_oscjson._tcp"):
        assert f"{NAME}.{kind} is announced at {LOOPBACK}" in setup.notes


@pytest.mark.slow
def test_two_of_one_name_are_both_found(browser: OSCQueryBrowser) -> None:
    with OscQuerySetup() as one, OscQuerySetup() as two, announced(one), announced(two):
        wait_for(lambda: len(browser.listener.oscjson_services) == 2, "both")
        ports = {each.port for each in browser.get_discovered_oscquery()}
        assert ports == {one.query.open_port, two.query.open_port}


@pytest.mark.slow
def test_osc_alone_is_announced_too(browser: OSCQueryBrowser) -> None:
    with OscQuerySetup() as alone, OscQuerySetup() as both:
        with announced(alone, query=False):
            wait_for(lambda: browser.listener.osc_services, "the announcement")
            assert [each.port for each in browser.get_discovered_osc()] == [alone.server.udp_port]
            with announced(both):
                wait_for(lambda: browser.listener.oscjson_services, "the later announcement")
                assert [each.port for each in browser.get_discovered_oscquery()] == [both.query.open_port]
        assert alone.notes == [f"{NAME}._osc._udp is announced at {LOOPBACK}"]  # and nothing else was


def test_without_a_network_a_line_says_so_and_nothing_else_happens() -> None:
    before = threading.active_count()
    notes: list[str] = []
    with Announcement(NAME, [], 9000, 9001, notes.append):
        wait_for(lambda: notes, "the note")
    assert notes == ["OSC can't be announced (this machine is in no network)"]
    assert threading.active_count() == before


def test_only_addresses_that_others_reach_are_announced() -> None:
    assert addresses_of("127.0.0.1") == addresses_of("localhost") == addresses_of("nowhere.invalid") == []
    assert addresses_of("192.0.2.7") == ["192.0.2.7"]
    assert not any(address.startswith("127.") or address == "0.0.0.0" for address in addresses_of("0.0.0.0"))
    assert addresses_of("::") == addresses_of("0.0.0.0")


@pytest.mark.parametrize("name", ["", "...", "\0\n", "é" * 100, "Drawstop: a_b.c", "x" * 99])
def test_any_name_can_be_announced(name: str) -> None:
    made = service_name(name)
    assert made and len(made.encode()) <= MAX_NAME_BYTES and "." not in made and made.isprintable()
