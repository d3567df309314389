"""OSCQuery's description, answers and messages, against the words of Vidvox's proposal."""

import json
import random
from typing import Any

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.oscquery.commands import MAX_BYTES, read_command
from realtime.controllers.oscquery.http_answers import answer, host_info
from realtime.controllers.oscquery.namespace import describe
from realtime.controllers.oscquery.node import SUPPORTED, Namespace, changes
from realtime.controllers.oscquery.origin_check import refusal
from realtime.controllers.scenes.scene import Scene
from realtime.engine.parameters import PARAMETERS
from tests.helpers.control.osc_parts import STOPS

SCENES = (Scene("Verse 1", {}), Scene("Été", {}))
METERS = ("/meter/in", "/meter/out", "/level/guitar")
VALUES = {
    "/stop/guitar": 0.5, "/stop/voice": 0.0, "/bypass": 0.0, "/mute": 0.0, "/wet": 1.0, "/input_gain": 0.0,
    "/output_gain": 0.0, "/ramp": 0.02, "/meter/in": -20.0,
}  # fmt: skip
HOST = host_info("Drawstop organ", "192.168.1.2", 9000)


@pytest.fixture
def namespace() -> Namespace:
    return describe([*STOPS, *PARAMETERS], SCENES, METERS)


def response_to(target: str, namespace: Namespace) -> tuple[int, Any]:
    found = answer(target, namespace, VALUES, HOST)
    return found.status, json.loads(found.body) if found.body else None


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(node for inner in tree.get("CONTENTS", {}).values() for node in nodes(inner))]


def test_every_node_is_as_the_proposal_has_it(namespace: Namespace) -> None:
    status, root = response_to("/", namespace)
    assert status == 200 and root["FULL_PATH"] == "/"
    for node in nodes(root):
        assert set(node) <= set(SUPPORTED)
        assert node["ACCESS"] in range(4) and node["DESCRIPTION"]
        for name, inner in node.get("CONTENTS", {}).items():
            assert inner["FULL_PATH"] == f"{node['FULL_PATH'].rstrip('/')}/{name}"
        if "CONTENTS" in node:
            assert node["ACCESS"] == 0 and not {"TYPE", "VALUE", "RANGE"} & set(node)
            continue
        assert node["TYPE"] and node["ACCESS"] > 0
        assert ("VALUE" in node) == (node["ACCESS"] != 2 and node["FULL_PATH"] in VALUES)
        for attribute in {"VALUE", "RANGE", "CLIPMODE"} & set(node):  # one for each argument
            assert len(node[attribute]) == len(node["TYPE"])
        for ends in node.get("RANGE", ()):
            assert set(ends) in ({"MIN", "MAX"}, {"VALS"})
        assert set(node.get("CLIPMODE", ())) <= {"none", "low", "high", "both"}
        assert all("TYPE" in over and "CONTENTS" not in over for over in node.get("OVERLOADS", ()))


def test_stops_faders_scenes_commands_and_meters_are_there(namespace: Namespace) -> None:
    assert response_to("/stop/guitar", namespace) == (
        200,
        {
            "DESCRIPTION": "Electric guitar", "FULL_PATH": "/stop/guitar", "ACCESS": 3, "TYPE": "f", "VALUE": [0.5],
            "RANGE": [{"MIN": -1.0, "MAX": 1.0}], "CLIPMODE": ["both"],
        },
    )  # fmt: skip
    paths = set(namespace.methods())
    assert {"/scene/verse_1", "/scene/ete", "/panic", "/undo", "/redo", "/pad", "/morph"} < paths
    assert {*VALUES, "/meter/out"} < paths
    assert not any("engine." in path for path in paths)
    assert response_to("/input_gain?RANGE", namespace)[1] == {"RANGE": [{"MIN": -60.0, "MAX": 24.0}]}
    assert response_to("/morph?RANGE", namespace)[1]["RANGE"][0] == {"VALS": ["verse_1", "ete"]}
    assert response_to("/scene/ete", namespace)[1]["DESCRIPTION"] == "Été"


@pytest.mark.parametrize(
    "target, status, content",
    [
        ("/stop/guitar?VALUE", 200, {"VALUE": [0.5]}),  # the proposal's examples, with our addresses
        ("/stop/guitar?RANGE", 200, {"RANGE": [{"MIN": -1.0, "MAX": 1.0}]}),
        ("/stop/guitar?VALUE&TYPE", 200, {"VALUE": [0.5], "TYPE": "f"}),
        ("/stop?TYPE", 200, {}),  # a container has none
        ("/stopppp?TYPE", 404, None),
        ("/stopppp", 404, None),
        ("/stop/guitar?GABBA", 400, None),
        ("/stop/guitar?value", 400, None),
        ("/stop/guitar?TAGS", 400, None),  # the proposal's, not ours
        ("/stop?VALUE", 204, None),  # ACCESS is 0
        ("/panic?VALUE", 204, None),  # ACCESS is 2
        ("/meter/out?VALUE", 200, {}),  # it has none yet
        ("/panic?TYPE", 200, {"TYPE": "I"}),
        ("/stop/guitar?HOST_INFO", 200, HOST),
        ("/nowhere?HOST_INFO", 200, HOST),  # the path doesn't matter
        ("?HOST_INFO", 200, HOST),
        ("/stop/guitar?VALUE#fragment", 200, {"VALUE": [0.5]}),
        ("/stop/guitar/?VALUE", 200, {"VALUE": [0.5]}),
        ("/stop/%67uitar?VALUE=", 200, {"VALUE": [0.5]}),
        ("http://organ:9001/stop/guitar?VALUE", 200, {"VALUE": [0.5]}),
        ("http://[::1/stop/guitar?VALUE", 404, None),
        ("/stop/../stop/guitar", 404, None),
    ],
)
def test_questions_are_answered_as_the_proposal_says(
    target: str, status: int, content: object, namespace: Namespace
) -> None:
    assert response_to(target, namespace) == (status, content)


def test_a_whole_subtree_is_sent_with_its_container(namespace: Namespace) -> None:
    status, stop = response_to("/stop", namespace)
    assert status == 200 and list(stop["CONTENTS"]) == ["guitar", "voice"]
    assert response_to("/stop?CONTENTS", namespace)[1] == {"CONTENTS": stop["CONTENTS"]}
    assert response_to("/", namespace)[1]["CONTENTS"]["stop"] == stop


def test_host_info_names_the_osc_port_and_what_is_supported() -> None:
    assert (HOST["OSC_IP"], HOST["OSC_PORT"], HOST["OSC_TRANSPORT"]) == ("192.168.1.2", 9000, "UDP")
    assert HOST["NAME"] == "Drawstop organ"
    assert all(HOST["EXTENSIONS"][name] is True for name in ("ACCESS", "VALUE", "LISTEN", "PATH_CHANGED"))
    assert "TAGS" not in HOST["EXTENSIONS"]


def messages(before: Namespace, after: Namespace) -> list[tuple[str, str]]:
    return [(change["COMMAND"], change["DATA"]) for change in changes(before, after)]


def test_what_comes_and_goes_is_sent_with_what_to_read_again(namespace: Namespace) -> None:
    assert messages(namespace, describe([*STOPS, *PARAMETERS], SCENES, METERS)) == []
    other = describe([STOPS[0], *PARAMETERS], (*SCENES, Scene("New", {})), METERS)
    assert messages(namespace, other) == [
        ("PATH_REMOVED", "/stop/voice"),
        ("PATH_ADDED", "/scene/new"),
        ("PATH_CHANGED", "/morph"),  # it lists the scenes
        ("PATH_CHANGED", "/scene"),
        ("PATH_CHANGED", "/stop"),
    ]
    bare = describe([], (), ())
    assert ("PATH_ADDED", "/meter/in") in messages(bare, namespace)
    assert [each for each in messages(bare, namespace) if each[0] == "PATH_CHANGED"] == [
        ("PATH_CHANGED", "/")
    ]


def test_a_client_that_follows_the_changes_has_the_namespace_whatever_changes() -> None:
    chance = random.Random(8)
    names = [f"Scene {number}" for number in range(6)]

    def some() -> Namespace:
        scenes = [Scene(name, {}) for name in chance.sample(names, chance.randrange(6))]
        return describe([*chance.sample(STOPS, chance.randrange(3)), *PARAMETERS], scenes, METERS)

    before = some()
    for _ in range(300):
        after = some()
        known = dict(before.methods())
        for command, path in messages(before, after):
            if command == "PATH_REMOVED":
                del known[path]
            elif command == "PATH_ADDED":
                assert path not in known
                known[path] = after.by_path[path]
            else:
                inside = {
                    p: node
                    for p, node in after.methods().items()
                    if f"{p}/".startswith(f"{path.rstrip('/')}/")
                }
                known = {
                    p: node for p, node in known.items() if not f"{p}/".startswith(f"{path.rstrip('/')}/")
                } | inside
        assert known == after.methods()
        before = after


@pytest.mark.parametrize(
    "text",
    [
        b"", b"LISTEN", b"[]", b"7", b"null", b'"LISTEN"', b"{}", b'{"COMMAND": "LISTEN"}', b'{"DATA": "/stop"}',
        b'{"COMMAND": "LISTEN", "DATA": 7}', b'{"COMMAND": "LISTEN", "DATA": ["/stop"]}', b"\xff\xfe",
        b'{"COMMAND": ["LISTEN"], "DATA": "/stop"}', b'{"COMMAND": "PATH_CHANGED", "DATA": "/stop"}',
        b"[" * MAX_BYTES, b'{"COMMAND": "LISTEN", "DATA": "/%s"}' % (b"a" * MAX_BYTES),
    ],
)  # fmt: skip
def test_a_text_that_is_no_command_is_refused(text: bytes) -> None:
    with pytest.raises(DrawstopError):
        read_command(text)


@pytest.mark.parametrize(
    "hosts, origins, accepted",
    [
        (["127.0.0.1:9001"], [], True),
        ([], [], True),  # HTTP/1.0
        (["[fe80::1%eth0]:9001"], [], True),
        (["rig.local:9001"], [], True),
        (["127.0.0.1:9001"], ["http://127.0.0.1:9001"], True),  # websocket-client's
        (["127.0.0.1:9001"], ["https://example.com"], False),
        (["127.0.0.1:9001"], ["http://127.0.0.1:8080"], False),  # another program's page
        (["127.0.0.1:9001"], ["null"], False),  # a file, or a frame in a sandbox
        (["127.0.0.1:9001"], ["http://127.0.0.1:9001", "https://example.com"], False),
        (["example.com:9001"], ["http://example.com:9001"], False),  # its name leads here now
        (["example.com:9001"], [], False),
        (["127.0.0.1:9001", "example.com"], [], False),
        ([], ["http://127.0.0.1:9001"], False),
    ],
)
def test_pages_of_others_are_refused(hosts: list[str], origins: list[str], accepted: bool) -> None:
    assert (refusal(hosts, origins) == "") is accepted
