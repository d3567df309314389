"""`play --oscquery` as a performer uses it: with JACK, liblo, urllib and a WebSocket that isn't ours."""

import dataclasses
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.live.jack import JackServer
from bench.live.preparation import free_port
from drawstop.instrument_description import EXTRA_FILE, StopDescription
from realtime.controllers.oscquery.zeroconf import addresses_of
from realtime.recording.session_file import read_session
from tests.helpers.control.osc_parts import oscsend
from tests.helpers.control.oscquery_parts import WebPeer
from tests.helpers.models.small_instrument import SmallInstrument, description
from tests.helpers.programs.command_line import Run, refused
from tests.helpers.programs.live_player import Playing
from tests.helpers.waiting import PATIENCE_S, wait_for

RAMP_S = PATIENCE_S
"""Longer than anything here is late."""
pytestmark = pytest.mark.usefixtures("playing_ends")


def get(port: int, target: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", timeout=PATIENCE_S) as answer:
        return json.load(answer)


def save_with_oboe(path: Path) -> None:
    """The small instrument under another name for its second stop."""
    values = description()
    oboe = StopDescription("Oboe", "guitar", "OBO")
    values = dataclasses.replace(values, stops=(oboe, *values.stops[1:]))
    torch.jit.save(
        torch.jit.script(SmallInstrument().eval()), str(path), _extra_files={EXTRA_FILE: values.to_json()}
    )


def test_a_surface_builds_itself_moves_receives_and_follows_a_swap(
    small: Path, tmp_path: Path, jack: JackServer, needs_program: Callable[[str], None]
) -> None:
    needs_program("oscsend")
    port, web, own, take = free_port(), free_port(), tmp_path / "own.ts", tmp_path / "take"
    shutil.copyfile(small, own)
    playing = Playing(
        jack, own, "--headless", "--block", 512, "--osc", port, "--oscquery", web, "--record", take,
        "--scenes", tmp_path / "scenes.toml",
    )  # fmt: skip
    playing.wait_until_said(f"OSCQuery is at http://127.0.0.1:{web}/")
    assert get(web, "/?HOST_INFO")["NAME"] == "Drawstop Small"
    assert get(web, "/?HOST_INFO")["OSC_PORT"] == port
    tree = get(web, "/")["CONTENTS"]
    assert [stop["DESCRIPTION"] for stop in tree["stop"]["CONTENTS"].values()] == ["Guitar", "Voice"]
    peer = WebPeer(f"ws://127.0.0.1:{web}/", drain=lambda: None)
    for path in ("/stop/guitar", "/meter/in", "/mute"):
        wait_for(lambda path=path: exists(web, path), path)  # type: ignore[misc]
        peer.send_command("LISTEN", path)
        peer.receive_until(path)

    server = f"osc.udp://127.0.0.1:{port}"
    oscsend(server, "/stop/guitar", "f", 0.5)
    peer.receive_until("/stop/guitar", 0.5)
    peer.send("/stop/voice/ramp", 1.0, RAMP_S)
    wait_for(lambda: get(web, "/stop/voice?VALUE") == {"VALUE": [1.0]}, "the movement")
    oscsend(server, "/scene/loud/store")
    peer.receive_until("PATH_ADDED", "/scene/loud")
    oscsend(server, "/stop/*", "f", 0)
    peer.receive_until("/stop/guitar", 0.0)
    assert get(web, "/scene/loud")["TYPE"] == "I"
    peer.send("/scene/loud")
    peer.receive_until("/stop/guitar", 0.5)

    save_with_oboe(tmp_path / "new.ts")
    os.replace(tmp_path / "new.ts", own)
    peer.receive_until("PATH_CHANGED", "/stop/guitar")
    assert get(web, "/stop/guitar?DESCRIPTION") == {"DESCRIPTION": "Oboe"}
    peer.send("/panic")
    peer.receive_until("/mute", 1.0)
    code, _, err = playing.interrupt()
    peer.socket.shutdown()
    assert code == 0, err
    moved = [(event.slug, event.value, event.ramp_samples) for event in read_session(take).events]
    slug, value, ramp_samples = next(each for each in moved if each[0] == "voice")
    assert (slug, value) == ("voice", 1.0)
    assert 0 < ramp_samples <= RAMP_S * 44100  # a late one's ramp ends where it would have ended
    assert [event.value for event in read_session(take).events if event.source == "scene loud"] == [0.5, 1.0]


def exists(web: int, path: str) -> bool:
    try:
        return bool(get(web, path))
    except urllib.error.HTTPError as error:
        error.close()
        return False


def test_it_is_announced_where_others_can_reach_it(small: Path, jack: JackServer) -> None:
    port, web = free_port(), free_port()
    playing = Playing(
        jack,
        small,
        "--headless",
        "--block",
        512,
        "--osc",
        port,
        "--oscquery",
        web,
        "--announce",
        "--listen",
        "0.0.0.0",
    )
    network = addresses_of("0.0.0.0")
    playing.wait_until_said(
        f"_oscjson._tcp is announced at {', '.join(network)}" if network else "in no network"
    )
    assert playing.said("whoever reaches it can move the stops")
    code, _, err = playing.interrupt()
    assert code == 0, err


@pytest.mark.parametrize(
    "options, says",
    [
        (("--oscquery", 9001), "add --osc 9000"),
        (("--announce",), "add --osc 9000"),
        (("--osc", 9000, "--oscquery", 9000), "give --oscquery another, such as 9001"),
        (("--osc", 9000, "--oscquery", 70000), "OSCQuery's port must be in 1..65535, got 70000"),
        (("--osc", 9000, "--announce"), "none can reach 127.0.0.1; add --listen 0.0.0.0"),
        (("--osc", 9000, "--announce", "--listen", "localhost"), "none can reach localhost"),
        (("--osc", 9000, "--allow", "me"), "an allowed client is an address"),
    ],
)
def test_options_that_do_not_fit_are_one_line_before_anything_sounds(
    options: tuple[object, ...], says: str, small: Path, run: Run
) -> None:
    refused(run("play", small, *options), says)
