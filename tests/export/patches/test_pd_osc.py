"""OSC into the Pd patches, in real Pd: what moves a knob, what can't spoil one, and each patch's port."""

import os
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from export.patches.content import OSC_PORT, PatchContent
from export.patches.pd.play_patch import play_canvas
from tests.helpers.patch_descriptions import description
from tests.helpers.programs import pd_host
from tests.helpers.waiting import PATIENCE_S

pytestmark = pytest.mark.live

MODEL = "organ.ts"
ODD: tuple[tuple[Any, ...], ...] = (
    (),
    (0.5, 0.9),
    (-0.5, -0.9),
    (0.1, 0.2, 0.3),
    (0.0, 0.0, 0.0, 0.0),
    ("loud",),
    ("loud", 0.5),
    (0.5, "loud"),
    ("clip", -5.0, 5.0),
    ("set", 0.25),
    ([0.1, 0.2],),
    (True,),
    (None,),
)
"""Arguments of OSC messages that aren't one number."""
NOT_FINITE = (float("nan"), float("inf"), float("-inf"))


@pytest.fixture(autouse=True)
def _pd(needs_program: Callable[[str], None]) -> None:
    needs_program("pd")


class OpenPatches:
    """Pd with patches open, and the lines that it prints."""

    def __init__(self, paths: list[Path]) -> None:
        opened = [word for path in paths for word in ("-open", str(path))]
        command = ["pd", "-nogui", "-stderr", "-nosound", "-nomidi", *opened]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.lines.put(line.strip())

    def until(self, words: str) -> list[str]:
        """The stubs' and prints' lines up to the first that holds these words; queue.Empty when none comes in time."""
        seen = [self.lines.get(timeout=PATIENCE_S)]
        while words not in seen[-1]:
            seen.append(self.lines.get(timeout=PATIENCE_S))
        return [line for line in seen if line.startswith(("nn-", "port"))]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


@contextmanager
def opened(folder: Path, contents: list[PatchContent], port: int) -> Iterator[OpenPatches]:
    """The play patches of these instruments, all wanting the same port; each prints `port-N:` and the port that it gets."""
    paths = []
    for number, content in enumerate(contents):
        pd_host.write_stubs(folder, content.description)
        patch = pd_host.stubbed(play_canvas(content, MODEL).render(), MODEL)
        assert patch.count(f" {OSC_PORT};\n") == 1
        patch = patch.replace(f" {OSC_PORT};\n", f" {port};\n")
        count = pd_host.count_objects(patch)
        patch += f"#X obj 0 950 r \\$0-osc-port-show;\n#X obj 0 980 print port-{number};\n#X connect {count} 0 {count + 1} 0;\n"
        paths.append(folder / f"patch_{number}.pd")
        paths[-1].write_text(patch)
    pd = OpenPatches(paths)
    try:
        yield pd
    finally:
        pd.close()


@pytest.fixture
def port() -> int:
    """A UDP port that is free, like the two after it."""
    for first in range(20000 + os.getpid() % 10000 * 3, 60000, 3):
        with ExitStack() as sockets:
            try:
                for number in range(first, first + 3):
                    one = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    one.bind(("127.0.0.1", number))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


def send(client: SimpleUDPClient, address: str, arguments: tuple[Any, ...]) -> None:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    client.send(builder.build())


def test_an_osc_message_moves_the_stop_that_it_names(tmp_path: Path, port: int) -> None:
    content = PatchContent(description(stops=3), MODEL)
    with opened(tmp_path, [content], port) as pd, SimpleUDPClient("127.0.0.1", port) as client:
        assert "nn-forward: set stop_number_3 0" in pd.until("set stop_number_3")
        for address, value, line in (
            ("/stop/guitar", -1.0, "set guitar -1"),
            ("/stop/voice", 0.5, "set voice 0.5"),
            ("/stop/stop_number_3", 7.0, "set stop_number_3 1"),
        ):
            client.send_message("/stop/nobody", 0.25)
            client.send_message(address, value)
            assert pd.until("set ") == [f"nn-forward: {line}"]


def test_odd_osc_messages_move_no_knob_and_leave_its_range(tmp_path: Path, port: int) -> None:
    content = PatchContent(description(stops=3), MODEL)
    with opened(tmp_path, [content], port) as pd, SimpleUDPClient("127.0.0.1", port) as client:
        pd.until("set stop_number_3")
        for stop in content.stops:
            address = content.address(stop)
            for arguments in ODD:
                send(client, address, arguments)
                send(client, "/stop", arguments)
                for sent, held in ((-7.0, "-1"), (0.25, "0.25"), (7.0, "1")):
                    client.send_message(address, sent)
                    assert pd.until("set ") == [f"nn-forward: set {stop.slug} {held}"], arguments


def test_what_isnt_finite_reaches_pd_as_zero_and_leaves_the_range(tmp_path: Path, port: int) -> None:
    content = PatchContent(description(), MODEL)
    with opened(tmp_path, [content], port) as pd, SimpleUDPClient("127.0.0.1", port) as client:
        pd.until("set voice")
        for value in NOT_FINITE:
            for sent, held in ((value, "0"), (-7.0, "-1"), (7.0, "1")):
                client.send_message("/stop/guitar", sent)
                assert pd.until("set ") == [f"nn-forward: set guitar {held}"], value


def test_patches_that_are_open_at_once_listen_on_ports_of_their_own(tmp_path: Path, port: int) -> None:
    slugs = ("guitar", "flute", "drum")
    contents = []
    for slug in slugs:
        described = description(stops=1)
        stop = replace(described.stops[0], slug=slug)
        contents.append(PatchContent(replace(described, stops=(stop,)), MODEL))
    with opened(tmp_path, contents, port) as pd, ExitStack() as clients:
        shown = [line for line in pd.until("port-2") if line.startswith("port")]
        assert shown == [f"port-{number}: set {port + number}" for number in range(3)]
        pd.until("set drum 0")
        own = [clients.enter_context(SimpleUDPClient("127.0.0.1", port + number)) for number in range(3)]
        for client, slug in zip(own, slugs, strict=True):
            for other in slugs:
                client.send_message(f"/stop/{other}", 0.5)
            assert pd.until("set ") == [f"nn-forward: set {slug} 0.5"]
