"""The connection to the sound device: found, opened, lost, opened again; and the clock that it gives."""

import time
from multiprocessing.synchronize import Semaphore

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.live.device.return_watch import ReturnWatch
from realtime.live.device.selection import DeviceSelection, listed
from realtime.live.latency import Latency
from realtime.live.process_handles import AudioProcessHandle, DeviceHandle
from realtime.processes.device_list import SoundDevice, find_device, list_devices
from realtime.processes.device_process import DeviceSettings
from realtime.processes.device_ring import DeviceRing
from realtime.processes.messages import OpenDevice

STALLED_S = 1.5
"""A device whose callback hasn't run for this long is gone."""
RETRY_S = 1.0
MOST_OUTPUTS = 2


class DeviceConnection:
    """Holds at most one open device, and the ring that it shares with the audio process.

    Attributes:
        device: None while none is open.
        ring: None while no device is open.
        device_start: the input sample that corresponds to the device's sample 0; see `Report.device_start`.
    """

    def __init__(self, selection: DeviceSelection, block_done: Semaphore) -> None:
        self._selection = selection
        self._block_done = block_done
        self._devices: list[SoundDevice] = []
        self._old_ring: DeviceRing | None = None
        self._next_retry = 0.0
        self._watch_for_return = ReturnWatch(selection)
        self.device: DeviceHandle | None = None
        self.ring: DeviceRing | None = None
        self.device_start = 0

    def find(self) -> tuple[SoundDevice, SoundDevice]:
        """Ask the system for its devices; the selected input and output.

        Raises:
            DrawstopError: there is none, or none that fits.
        """
        self._devices = list_devices()
        return self._find_listed(self._selection.input, self._selection.output)

    def open(self, description: InstrumentDescription) -> None:
        """Open the selected devices. Raises DrawstopError if they refuse."""
        self._open(
            description,
            *self._find_listed(self._selection.input, self._selection.output),
            self._selection.input_channels,
            self._selection.output_channels,
        )

    def reopen(self, description: InstrumentDescription) -> bool:
        """Try to open the selected devices again, else the system's default, once a second; whether one is open now."""
        if time.monotonic() < self._next_retry:
            return False
        try:
            self._reopen_selected_or_default(description)
        except DrawstopError:
            self._next_retry = time.monotonic() + RETRY_S
            return False
        return True

    def _reopen_selected_or_default(self, description: InstrumentDescription) -> None:
        selection, found = self._selection, False
        self._watch_for_return.end()
        self._devices = list_devices()
        try:
            selected = self._find_listed(selection.input, selection.output)
            found = True
            self._open(description, *selected, selection.input_channels, selection.output_channels)
        except DrawstopError:
            self._open(description, *self._find_listed(None, None), (), ())
            self._watch_for_return.begin(gone=not found)

    def returned_note(self) -> str | None:
        """A line for the user if the selected device is back while the system's default is in use; else None."""
        return self._watch_for_return.poll() if self.device is not None else None

    def is_alive(self) -> bool:
        """Whether the device's callback still runs."""
        if self.device is None or self.ring is None:
            return False
        called_s = self.ring.called_s
        stalled = called_s > 0.0 and time.perf_counter() - called_s > STALLED_S
        return self.device.alive and not stalled

    def larger_block_note(self) -> str | None:
        """A line for the user if the device now asks for larger blocks than the delay was chosen for; else None."""
        if self.device is None or self.ring is None:
            return None
        chosen, largest = self.device.host_block, self.ring.counters().largest_block
        if largest <= chosen:
            return None
        return f"the sound device takes {largest} samples at once now, not {chosen}: the delay is chosen anew"

    def lose(self) -> None:
        """Give up the device."""
        if self.device is not None:
            self.device.kill()
            self.device = None
        self._free_old_ring()
        self._old_ring, self.ring = self.ring, None
        self._next_retry = time.monotonic()

    def close(self) -> None:
        """End the device's process and free the memory."""
        self._watch_for_return.end()
        if self.device is not None:
            self.device.end()
            self.device = None
        self._free_old_ring()
        if self.ring is not None:
            self.ring.close()
            self.ring = None

    def start(self, audio: AudioProcessHandle, latency: Latency, measuring: bool = False) -> None:
        """Let the audio process play into the ring."""
        device, ring = self.device, self.ring
        assert device is not None and ring is not None
        audio.send(
            OpenDevice(
                ring.descriptor, device.rate, device.channels, device.host_block, latency.slack, measuring
            )
        )

    def now(self, latency: Latency) -> int:
        """The input sample that the device records at this moment. From any thread."""
        ring = self.ring
        if ring is None or not ring.position:
            return self.device_start
        # One number holds the clock: two could be of different callbacks.
        now = min(time.perf_counter(), ring.called_s + STALLED_S)
        return self.device_start + max(0, int((now - ring.origin_s) * latency.rate))

    def _find_listed(self, source: str | None, target: str | None) -> tuple[SoundDevice, SoundDevice]:
        return find_device(self._devices, source, "input"), find_device(self._devices, target, "output")

    def _open(
        self,
        description: InstrumentDescription,
        source: SoundDevice,
        target: SoundDevice,
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
    ) -> None:
        channels = (
            _channels(inputs, description.channels_in, source.channels_in, source.name, "input"),
            _channels(outputs, MOST_OUTPUTS, target.channels_out, target.name, "output"),
        )
        selected_rate = self._selection.rate
        rates = (selected_rate,) if selected_rate else (description.sample_rate, target.rate)
        ring = DeviceRing.create(*channels)
        settings = DeviceSettings(
            source.index,
            target.index,
            tuple(dict.fromkeys(rates)),
            *channels,
            self._selection.block,
            tuple(channel - 1 for channel in inputs),
            tuple(channel - 1 for channel in outputs),
        )
        try:
            self.device = DeviceHandle(ring, settings, self._block_done, target.name)
        except BaseException:  # an interrupt, too
            ring.close()
            raise
        self.ring = ring

    def _free_old_ring(self) -> None:
        """Free the ring of the device before the last: another thread may have read the last one's until now."""
        if self._old_ring is not None:
            self._old_ring.close()
            self._old_ring = None


def _channels(chosen: tuple[int, ...], most: int, available: int, device: str, direction: str) -> int:
    """The number of channels to open. Raises DrawstopError for chosen ones that the device or the instrument lacks."""
    if not chosen:
        return min(most, available)
    if max(chosen) > available:
        raise DrawstopError(
            f"{device} has {available} {direction} channels, got --{direction}-channels {listed(chosen)}; choose among these"
        )
    if len(chosen) > most:
        raise DrawstopError(f"--{direction}-channels takes {most} at most here, got {listed(chosen)}")
    return len(chosen)
