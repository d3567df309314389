"""The open device with its line: found, opened, lost, taken up again; and the clock that it gives."""

import time
from dataclasses import dataclass
from multiprocessing.synchronize import Semaphore

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.live.latency import Latency
from realtime.live.process_handles import AudioProcessHandle, DeviceHandle
from realtime.processes.audio_process import LineSettings
from realtime.processes.device_list import SoundDevice, find_device, list_devices
from realtime.processes.device_process import DeviceRequest
from realtime.processes.device_ring import line_fields
from realtime.processes.shared_arrays import SharedArrays

STALLED_S = 1.5
"""A device that hasn't called for so long is gone."""
RETRY_S = 1.0


@dataclass(frozen=True)
class DeviceSelection:
    """What the user asks of the sound device."""

    input: str | None = None
    output: str | None = None
    rate: int | None = None
    """Hertz; None: the instrument's if the device takes it, else the device's own."""
    block: int = 0


class DeviceConnection:
    """At most one open device, and the memory that it shares with the conductor."""

    def __init__(self, wish: DeviceSelection, wake: Semaphore) -> None:
        self._wish = wish
        self._wake = wake
        self._devices: list[SoundDevice] = []
        self._left: SharedArrays | None = None
        self._next_retry = 0.0
        self.device: DeviceHandle | None = None
        self.line: SharedArrays | None = None
        self.start_sample = 0
        """The input sample at which the line began."""

    def find(self) -> tuple[SoundDevice, SoundDevice]:
        """Ask the system which devices there are; those that the user wishes for, in and out.

        Raises:
            DrawstopError: there is none, or none that fits.
        """
        self._devices = list_devices()
        return self._chosen(self._wish.input, self._wish.output)

    def open(self, description: InstrumentDescription) -> None:
        """Open the devices that were wished for. Raises DrawstopError if they refuse."""
        self._open(description, *self._chosen(self._wish.input, self._wish.output))

    def take_up(self, description: InstrumentDescription) -> bool:
        """Try to open the device again, or the system's default, once a second; whether one is open now."""
        if time.monotonic() < self._next_retry:
            return False
        try:
            wished = self.find()
            try:
                self._open(description, *wished)
            except DrawstopError:
                self._open(description, *self._chosen(None, None))
        except DrawstopError:
            self._next_retry = time.monotonic() + RETRY_S
            return False
        return True

    def is_alive(self) -> bool:
        """Whether the device still calls."""
        if self.device is None or self.line is None:
            return False
        called = float(self.line["called"][0])
        stalled = called > 0.0 and time.perf_counter() - called > STALLED_S
        return self.device.alive and not stalled

    def lose(self) -> None:
        """Give up the device."""
        if self.device is not None:
            self.device.kill()
            self.device = None
        self._free_left()
        self._left, self.line = self.line, None
        self._next_retry = time.monotonic()

    def close(self) -> None:
        """End the device's process and free the memory."""
        if self.device is not None:
            self.device.end()
            self.device = None
        self._free_left()
        if self.line is not None:
            self.line.close()
            self.line = None

    def start(self, conductor: AudioProcessHandle, plan: Latency, measuring: bool = False) -> None:
        """Let the conductor play into this line."""
        device, line = self.device, self.line
        assert device is not None and line is not None
        settings = LineSettings(line.descriptor, device.rate, device.channels, device.host_block, plan.slack)
        conductor.tell("line", settings, measuring)

    def now(self, plan: Latency) -> int:
        """The input sample that the device hears at this moment. From any thread."""
        line = self.line
        if line is None or not line["position"][0]:
            return self.start_sample
        # One number holds the clock: two could be of different callbacks.
        now = min(time.perf_counter(), float(line["called"][0]) + STALLED_S)
        return self.start_sample + max(0, int((now - float(line["origin"][0])) * plan.rate))

    def _chosen(self, source: str | None, target: str | None) -> tuple[SoundDevice, SoundDevice]:
        return find_device(self._devices, source, "input"), find_device(self._devices, target, "output")

    def _open(self, description: InstrumentDescription, source: SoundDevice, target: SoundDevice) -> None:
        channels = (min(description.channels_in, source.channels_in), min(2, target.channels_out))
        rates = (self._wish.rate,) if self._wish.rate else (description.sample_rate, target.rate)
        line = SharedArrays(line_fields(*channels))
        asked = DeviceRequest(
            source.index, target.index, tuple(dict.fromkeys(rates)), *channels, self._wish.block
        )
        try:
            self.device = DeviceHandle(line, asked, self._wake, target.name)
        except DrawstopError:
            line.close()
            raise
        self.line = line

    def _free_left(self) -> None:
        """Free a line that was left a while ago: another thread may have looked at the last one until now."""
        if self._left is not None:
            self._left.close()
            self._left = None
