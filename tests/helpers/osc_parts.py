"""What the OSC tests share: two stops, a sound that keeps its events, and programs of others that speak OSC."""

import subprocess
import time
from collections.abc import Callable
from types import TracebackType

from event_recorder import EventRecorder
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.parameters import ParameterStore
from realtime.engine.parameters import PARAMETERS

RATE = 44100
PATIENCE_S = 10.0
STOPS = (StopDescription("Electric guitar", "guitar", "GUI"), StopDescription("Voice", "voice", "VOI"))


class ClockedRecorder(EventRecorder):
    """A recorder whose clock runs in time."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self.start = time.monotonic()

    def now(self) -> int:
        return self.sample_of(time.monotonic())

    def sample_of(self, moment: float) -> int:
        """The sample that sounds at a moment of `time.monotonic`'s clock."""
        return round((moment - self.start) * RATE)


def make_parameters(sound: EventRecorder | None = None) -> ParameterStore:
    return ParameterStore(sound or ClockedRecorder(), [*STOPS, *PARAMETERS])


class CommandRecorder:
    """Commands that keep what they were asked for; the scene "none" isn't there."""

    def __init__(self) -> None:
        self.commands: list[tuple[object, ...]] = []

    def scene(self, name: str | int, seconds: float | None = None, *, beats: float | None = None) -> None:
        if name == "none":
            raise DrawstopError("there is no scene 'none'; there are: verse")
        self.commands.append(("scene", name, seconds, beats))

    def store(self, name: str) -> None:
        self.commands.append(("store", name))

    def morph(self, first: str, second: str, share: float) -> None:
        self.commands.append(("morph", first, second, share))

    def pad(self, x: float, y: float) -> None:
        self.commands.append(("pad", x, y))

    def redo(self) -> None:
        self.commands.append(("redo",))

    def undo(self) -> None:
        self.commands.append(("undo",))

    def panic(self) -> None:
        self.commands.append(("panic",))


class UdpPeer(SimpleUDPClient):
    """python-osc's client, and what comes back to it."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)

    def receive_all(self, patience_s: float = 0.3) -> list[tuple[object, ...]]:
        """Messages until none has come for so long: address and arguments."""
        return [(message.address, *message.params) for message in self.get_messages(patience_s)]

    def receive_until(self, address: str, patience_s: float = PATIENCE_S) -> OscMessage:
        """Waits for a message with this address; others are passed over."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            packet = self.receive(max(0.01, end - time.monotonic()))
            if packet and OscMessage(packet).address == address:
                return OscMessage(packet)
        raise AssertionError(f"no {address} within {patience_s} s")


def wait_for(truth: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + patience_s
    while not truth():
        assert time.monotonic() < end, f"{what} didn't come within {patience_s} s"
        time.sleep(0.002)


def oscsend(url: str, *words: object) -> None:
    """liblo's sender: `oscsend URL ADDRESS TYPES VALUES`."""
    subprocess.run(["oscsend", url, *map(str, words)], check=True, timeout=10)


class OscDump:
    """liblo's receiver on a port, and the lines that it prints."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            ["oscdump", "-L", str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> "OscDump":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def line_with(self, text: str) -> str:
        """The next line that holds this."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text in line:
                return line
        raise AssertionError(f"oscdump ended without {text!r}")
