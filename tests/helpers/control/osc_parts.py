"""What the OSC tests share: two stops, a sound that keeps its events, and programs of others that speak OSC."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.osc.server import OscServer
from realtime.controllers.parameters import ParameterStore
from realtime.engine.parameters import PARAMETERS
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.waiting import PATIENCE_S, wait_for

RATE = 44100
STOPS = (StopDescription("Electric guitar", "guitar", "GUI"), StopDescription("Voice", "voice", "VOI"))


class ClockedRecorder(EventRecorder):
    """A recorder whose samples follow a clock in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(RATE)
        self.clock, self.start = clock, clock()

    def now(self) -> int:
        return self.sample_of(self.clock())

    def sample_of(self, moment: float) -> int:
        """The sample that sounds at a moment of the clock."""
        return round((moment - self.start) * RATE)


def make_parameters(sound: ClockedRecorder | None = None) -> ParameterStore:
    """A store that uses the sound's clock."""
    sound = sound or ClockedRecorder()
    return ParameterStore(sound, [*STOPS, *PARAMETERS], sound.clock)


class CommandRecorder:
    """Commands that keep their calls; the scene "none" isn't there."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def scene(self, name: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        if name == "none":
            raise DrawstopError("there is no scene 'none'; there are: verse")
        self.calls.append(("scene", name, seconds, beats))

    def store(self, name: str) -> None:
        self.calls.append(("store", name))

    def morph(self, first: str, second: str, share: float) -> None:
        self.calls.append(("morph", first, second, share))

    def pad(self, x: float, y: float, corners: Sequence[str] | None = None) -> None:
        self.calls.append(("pad", x, y, *(corners or ())))

    def rename(self, which: str, name: str) -> None:
        self.calls.append(("rename", which, name))

    def remove(self, which: str) -> None:
        self.calls.append(("remove", which))

    def record(self, name: str = "") -> None:
        self.calls.append(("record", name))

    def end_recording(self) -> None:
        self.calls.append(("end_recording",))

    def toggle_recording(self) -> None:
        self.calls.append(("toggle_recording",))

    def learn(self, stop: str) -> None:
        self.calls.append(("learn", stop))

    def redo(self) -> None:
        self.calls.append(("redo",))

    def undo(self) -> None:
        self.calls.append(("undo",))

    def panic(self) -> None:
        self.calls.append(("panic",))

    def next_scene(self) -> None:
        self.calls.append(("next_scene",))

    def previous_scene(self) -> None:
        self.calls.append(("previous_scene",))

    def tap(self, at: float | None = None) -> None:
        self.calls.append(("tap",))

    def instrument(self, which: str | int) -> None:
        self.calls.append(("instrument", which))

    def next_instrument(self) -> None:
        self.calls.append(("next_instrument",))

    def previous_instrument(self) -> None:
        self.calls.append(("previous_instrument",))


class UdpPeer(SimpleUDPClient):
    """python-osc's client, and the messages that it receives.

    Args:
        port: the server's.
        drain: waits until the server has sent everything; needed by `receive_all`.
    """

    def __init__(self, port: int, drain: Callable[[], None] | None = None) -> None:
        super().__init__("127.0.0.1", port)
        self._drain = drain

    def receive_all(self) -> list[tuple[object, ...]]:
        """All messages that the server has sent so far or is about to send: address and arguments."""
        assert self._drain is not None
        self._drain()
        return self.receive_waiting()

    def receive_waiting(self) -> list[tuple[object, ...]]:
        """The messages that have arrived, without waiting."""
        return [(message.address, *message.params) for message in self.get_messages(0)]

    def receive_until(self, address: str, patience_s: float = PATIENCE_S) -> OscMessage:
        """Wait for a message with this address; others are dropped."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            packet = self.receive(max(0.01, end - time.monotonic()))
            if packet and OscMessage(packet).address == address:
                return OscMessage(packet)
        raise AssertionError(f"no {address} within {patience_s} s")

    def ping(self) -> None:
        """Wait until the server has handled everything that was sent to it before."""
        self.send_message("/ping", [])
        self.receive_until("/pong")


def drain(server: OscServer, client: UdpPeer, is_idle: Callable[[], bool] = lambda: True) -> None:
    """Wait until the server has handled what was sent to it, and has sent everything that is due now or later.

    Args:
        server: the server.
        client: a client that receives nothing but its pings' answers.
        is_idle: whether nothing else is due.
    """
    idle = 0
    while idle < 2:  # once isn't enough: a packet may be handled, or sent, at this very moment
        client.ping()
        pending = any(each.pending for each in list(server.feedback._subscribers.values()))
        idle = 0 if pending or not is_idle() else idle + 1
        time.sleep(0.002 * pending)
    client.ping()


def oscsend(url: str, *words: object) -> None:
    """liblo's sender: `oscsend URL ADDRESS TYPES VALUES`."""
    subprocess.run(["oscsend", url, *map(str, words)], check=True, timeout=PATIENCE_S)


class OscDump:
    """liblo's receiver on a port, and the lines that it prints."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            ["oscdump", "-L", str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._port = port

    def __enter__(self) -> "OscDump":
        wait_for(lambda: udp_port_is_bound(self._port), "oscdump's port")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE_S)

    def line_with(self, text: str) -> str:
        """The next line that holds this."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text in line:
                return line
        raise AssertionError(f"oscdump ended without {text!r}")


def udp_port_is_bound(port: int) -> bool:
    """Whether a program has this UDP port."""
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return any(int(line.split()[1].split(":")[1], 16) == port for line in lines)
