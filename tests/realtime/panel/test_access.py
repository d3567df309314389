"""Whom the panel's port serves: this machine, and others with the code; files alone, and none beside them."""

import http.client
from collections.abc import Iterator

import pytest
import websocket

from realtime.controllers.osc.clients import Client
from realtime.controllers.oscquery.service import OscQuery
from realtime.controllers.oscquery.zeroconf import addresses_of
from realtime.inputs.osc import OscOptions
from realtime.panel.access import CODE_PICTURE, PanelAccess
from realtime.panel.address import panel_address, qr_code, qr_picture
from realtime.panel.pages import PATH, PanelPages
from tests.helpers.control.osc_parts import UdpPeer
from tests.helpers.control.oscquery_parts import OscQuerySetup

HERE, ELSEWHERE = Client("ws", "127.0.0.1", 1), Client("ws", "192.168.1.20", 1)


def cookie_of(access: PanelAccess) -> str:
    brought = access.admit(ELSEWHERE, f"{PATH}?code={access.code}", [])
    assert brought is not None and brought.status == 303 and brought.headers["Location"] == PATH
    cookie = brought.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite" in cookie and access.code not in cookie
    return cookie.partition(";")[0]


def refused(access: PanelAccess, target: str, *cookies: str) -> bool:
    answer = access.admit(ELSEWHERE, target, cookies)
    return answer is not None and answer.status == 403


def test_other_machines_need_the_code_and_this_one_does_not() -> None:
    access = PanelAccess(PATH, 9001)
    for target in ("/panel", PATH, f"{PATH}osc.js", "/", "/stop/guitar?VALUE"):
        assert access.admit(HERE, target, []) is None
        assert refused(access, target)
    cookie = cookie_of(access)
    for target in ("/panel", PATH, "/"):
        assert access.admit(ELSEWHERE, target, ["theme=dark; " + cookie]) is None


def test_a_code_lets_one_browser_in_and_the_next_one_needs_the_next_code() -> None:
    came: list[Client] = []
    access = PanelAccess(PATH, 9001, on_used=came.append)
    first_code = access.code
    first = cookie_of(access)
    assert refused(access, f"{PATH}?code={first_code}") and access.code != first_code
    again = access.admit(ELSEWHERE, f"{PATH}?code={first_code}", [first])  # its own address, from its history
    assert again is not None and (again.status, again.headers) == (303, {"Location": PATH})
    second_code = access.code
    kept = access.admit(ELSEWHERE, f"{PATH}?code={second_code}", [first])  # it is in already: the code stays
    assert kept is not None and kept.status == 303 and access.code == second_code
    second = cookie_of(access)
    assert second != first and access.used == 2 and came == [ELSEWHERE, ELSEWHERE]
    for cookie in (first, second):
        assert access.admit(ELSEWHERE, PATH, [cookie]) is None


def test_the_codes_picture_is_for_this_machine_alone() -> None:
    access = PanelAccess(PATH, 9001, open_paths=True)
    assert refused(access, PATH + CODE_PICTURE, cookie_of(access)) and refused(access, PATH + CODE_PICTURE)
    assert access.admit(HERE, PATH + CODE_PICTURE, []) is None
    answer = PanelPages(access, lambda: qr_picture(panel_address("0.0.0.0", 9001, access))).answer(
        PATH + "code.svg?1"
    )
    assert answer is not None and answer.content_type == "image/svg+xml" and answer.body.startswith("<?xml")
    closed = PanelPages(access).answer(PATH + CODE_PICTURE)
    assert closed is not None and closed.status == 404


def test_a_wrong_code_another_performances_cookie_and_nonsense_are_refused() -> None:
    access, another = PanelAccess(PATH, 9001), PanelAccess(PATH, 9001)
    assert access.code != another.code
    for code in (another.code, "", "é", access.code[:-1], access.code + "x"):
        assert refused(access, f"{PATH}?code={code}")
    assert refused(access, f"/?code={access.code}")
    for cookie in (cookie_of(another), f"drawstop_9001={access.code}", "drawstop_9001=", "=;;=", "\x00"):
        assert refused(access, PATH, cookie)


def test_oscquery_that_is_open_anyway_stays_open_and_the_panel_does_not() -> None:
    access = PanelAccess(PATH, 9001, open_paths=True)
    assert access.admit(ELSEWHERE, "/", []) is None
    assert refused(access, PATH) and refused(access, "/panel")


@pytest.mark.parametrize(
    ("options", "osc", "web", "opens"),
    [
        (OscOptions(panel=True), "127.0.0.1", "127.0.0.1", False),
        (OscOptions(panel=True, listen="0.0.0.0"), "127.0.0.1", "127.0.0.1", False),
        (OscOptions(9000, listen="0.0.0.0", panel=True), "0.0.0.0", "127.0.0.1", False),
        (OscOptions(9000, 9001, "0.0.0.0", panel=True), "0.0.0.0", "0.0.0.0", True),
        (OscOptions(panel=True, panel_open=True), "127.0.0.1", "0.0.0.0", False),
        (OscOptions(9000, 9001, panel=True, panel_open=True), "127.0.0.1", "0.0.0.0", False),
    ],
)
def test_nothing_listens_farther_than_was_asked(options: OscOptions, osc: str, web: str, opens: bool) -> None:
    options.check()
    assert (options.osc_host, options.web_host, options.opens_oscquery) == (osc, web, opens)


def test_an_address_that_others_reach_holds_the_code_and_its_qr_code_fits_a_terminal() -> None:
    access = PanelAccess(PATH, 9001)
    assert panel_address("127.0.0.1", 9001, access) == "http://127.0.0.1:9001/panel/"
    address = panel_address("0.0.0.0", 9001, access)
    assert address.endswith(f":9001/panel/?code={access.code}")
    lines = qr_code("http://192.168.100.200:9001/panel/?code=" + access.code).splitlines()
    assert len(lines) < 24 and max(map(len, lines)) < 80


class PanelSetup(OscQuerySetup):
    """The servers with the panel, for this machine or for every network."""

    def __init__(self, host: str) -> None:
        super().__init__(host=host)
        self.access = PanelAccess(PATH, 1)
        self.query._pages = PanelPages(self.access)


@pytest.fixture
def setup() -> Iterator[PanelSetup]:
    with PanelSetup("127.0.0.1") as made:
        yield made
        assert "fault in Drawstop" not in made.server.errors.counts


def asked(
    setup: OscQuerySetup, target: str, host: str = "127.0.0.1", **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(host, setup.query.open_port, timeout=60)
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_the_page_and_its_parts_are_served_and_nothing_beside_them(setup: PanelSetup) -> None:
    page = asked(setup, PATH)
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    for name, kind in (
        ("panel.js", "text/javascript"),
        ("panel.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ):
        assert asked(setup, PATH + name).headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert asked(setup, "/panel").headers["Location"] == PATH
    for path in ("../pages.py", "..%2fpages.py", "%2e%2e/pages.py", "/etc/passwd", "panel.js/", "nothing.js"):
        assert asked(setup, PATH + path).status == 404, path
    assert asked(setup, "/").status == 200 and setup.get("/stop/guitar?TYPE") == (200, {"TYPE": "f"})


def test_pages_of_others_are_refused_and_the_panels_own_is_let_in(setup: PanelSetup) -> None:
    own = f"http://{setup.address}"
    peer = setup.websocket(origin=own)
    peer.send("/stop/guitar", 0.5)
    peer.settle()
    assert setup.parameters.values["guitar"] == 0.5
    for origin in ("https://example.com", "http://127.0.0.1:1", "null"):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            setup.websocket(origin=origin)
        assert caught.value.status_code == 403


def test_from_the_network_no_code_is_no_entry_and_the_code_opens_page_tree_and_socket() -> None:
    network = addresses_of("0.0.0.0")
    if not network:
        pytest.skip("this machine is in no network")
    with PanelSetup("0.0.0.0") as setup:
        url = f"{network[0]}:{setup.query.open_port}"
        for target in (PATH, "/", "/stop/guitar?VALUE", f"{PATH}?code=guess"):
            assert asked(setup, target, network[0]).status == 403
        with pytest.raises(websocket.WebSocketBadStatusException):
            websocket.create_connection(f"ws://{url}/", timeout=60)
        assert ["without the present code" in note for note in setup.notes] == [False, True]
        brought = asked(setup, f"{PATH}?code={setup.access.code}", network[0])
        assert brought.status == 303
        cookie = brought.headers["Set-Cookie"].partition(";")[0]
        assert asked(setup, PATH, network[0], Cookie=cookie).status == 200
        assert asked(setup, "/stop/guitar?VALUE", network[0], Cookie=cookie).status == 200
        sock = websocket.create_connection(f"ws://{url}/", timeout=60, cookie=cookie)
        sock.close()
        assert not setup.moved()


def test_what_the_panel_shows_is_sent_to_those_who_listen_to_it_and_to_no_other(setup: PanelSetup) -> None:
    assert isinstance(setup.query, OscQuery)
    setup.server.status({"/status/state": ("",), "/spectrum/in": (-20.0, -30.5)})
    assert setup.get("/spectrum/in")[1]["VALUE"] == [-20.0, -30.5]
    assert setup.get("/status/state")[1]["TYPE"] == "s"
    panel, everything = setup.websocket(), setup.websocket()
    everything.send("/subscribe")
    assert everything.receive_all()
    panel.send_command("LISTEN", "/status/state")
    panel.receive_until("/status/state", "")
    setup.server.status({"/status/state": ("NO SOUND DEVICE",), "/spectrum/in": (-21.0, -30.5)})
    panel.receive_until("/status/state", "NO SOUND DEVICE")
    assert not [each for each in everything.receive_all() if each[0].startswith(("/status", "/spectrum"))]
    assert panel.receive_all() == []
    setup.server.status({})
    assert setup.get("/status/state")[0] == 404
    with UdpPeer(setup.server.udp_port) as client:
        client.ping()
