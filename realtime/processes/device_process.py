"""The device's process: PortAudio's callback copies between the sound card and the device ring, and counts."""

import ctypes
import ctypes.util
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore
from typing import Any

import numpy as np

from drawstop.errors import DrawstopError
from realtime.processes.child_process import DEVICE_PRIORITY, begin_child, orphaned, take_real_time_priority
from realtime.processes.device_ring import MEASURING, PROBING, RING_SAMPLES, STOPPED, STOPPING, DeviceRing
from realtime.processes.duration_histogram import duration_bin
from realtime.processes.messages import DeviceOpened, Failed
from realtime.processes.shared_arrays import Descriptor, ring_parts

FADE_S = 0.02
LARGEST_BLOCK = 16384
JACK_CLIENT = b"drawstop"
"""PortAudio keeps the pointer, so this must live as long as the process."""
CLICK, CLICK_AFTER_S = 0.9, 0.2


@dataclass(frozen=True)
class DeviceSettings:
    """The device to open, by name or number as in `drawstop devices`; None takes the system's default."""

    input: str | int | None
    output: str | int | None
    rates: tuple[int, ...]
    """Hertz, to be tried in this order."""
    channels_in: int
    channels_out: int
    block: int = 0
    """Samples per callback; 0 lets the device choose."""
    inputs: tuple[int, ...] = ()
    """The device's channels that are taken, from 0, one for each of `channels_in`; empty: the first ones."""
    outputs: tuple[int, ...] = ()
    """The same for `channels_out`; the device's others are silent."""

    @property
    def opened(self) -> tuple[int, int]:
        """The channels of the stream, in and out: up to the last that is taken."""
        return (
            max((self.channels_in - 1, *self.inputs)) + 1,
            max((self.channels_out - 1, *self.outputs)) + 1,
        )


class Callback:
    """The function that PortAudio calls. It only copies and counts: no array is made, nothing is locked, logged or waited for."""

    def __init__(
        self,
        ring: DeviceRing,
        rate: int,
        block_done: Semaphore,
        real_time: bool = False,
        inputs: tuple[int, ...] = (),
        outputs: tuple[int, ...] = (),
    ) -> None:
        arrays = ring.arrays
        self._input, self._output = arrays.input, arrays.output
        self._phase, self._position, self._written = arrays.phase, arrays.position, arrays.written
        self._called, self._unplayed, self._callbacks = arrays.called_s, arrays.unplayed, arrays.callbacks
        self._origin = arrays.origin_s
        self._largest_block, self._flags = arrays.largest_block, arrays.host_flags
        self._longest = arrays.longest_s
        self._durations, self._intervals = arrays.durations, arrays.intervals
        self._taken, self._click_at = arrays.taken_output, arrays.click
        self._click_after = round(CLICK_AFTER_S * rate)
        self._block_done, self._rate = block_done, rate
        fade = round(FADE_S * rate)
        rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
        self._rise = np.concatenate([rise, np.ones(LARGEST_BLOCK)]).astype(np.float32)[:, None]
        self._fall = np.concatenate([rise[::-1], np.zeros(LARGEST_BLOCK)]).astype(np.float32)[:, None]
        self._fade = fade
        self._inputs, self._outputs = tuple(enumerate(inputs)), tuple(enumerate(outputs))
        self._playing = self._falling = 0  # samples since the start, and since the end began
        self._claim_priority = real_time  # in the first call: the thread is PortAudio's

    def __call__(self, indata: Any, outdata: Any, frames: int, _: Any, status: Any) -> None:
        start_time = time.perf_counter()
        if self._claim_priority:
            self._claim_priority = False
            take_real_time_priority(DEVICE_PRIORITY)
        if self._phase[0] in (PROBING, STOPPED):
            outdata[:] = 0.0
            self._count_block(frames)
            return
        position = int(self._position[0])
        self._origin[0] = start_time - (position + frames) / self._rate
        self._position[0] = position + frames  # claimed before it is read: the writer keeps away from here
        for here, there in ring_parts(position, frames, RING_SAMPLES):
            self._copy(indata, outdata, here, there)
            self._taken[there] = self._output[there]
            self._output[there] = 0.0
        if self._phase[0] == MEASURING:
            self._click(outdata, position)
        self._unplayed[0] += max(0, position + frames - max(int(self._written[0]), position))
        self._fade_edges(indata, outdata, position, frames)
        self._block_done.release()
        self._count_block(frames)
        if status:
            self._flags[0] += 1
        if self._playing > frames:  # the first interval reaches back into the probing
            self._count(self._intervals, 1, start_time - self._called[0])
        self._called[0] = start_time
        self._count(self._durations, 0, time.perf_counter() - start_time)

    def _copy(self, indata: Any, outdata: Any, here: slice, there: slice) -> None:
        if self._inputs:
            for channel, chosen in self._inputs:
                self._input[there, channel] = indata[here, chosen]
        else:
            self._input[there] = indata[here]
        if self._outputs:
            outdata[here] = 0.0
            for channel, chosen in self._outputs:
                outdata[here, chosen] = self._output[there, channel]
        else:
            outdata[here] = self._output[there]

    def _click(self, outdata: Any, position: int) -> None:
        """Play one click instead of the output, whose way back into the input would be a loop."""
        outdata[:] = 0.0
        if self._click_at[0] == 0 and position >= self._click_after:
            outdata[0] = CLICK
            self._click_at[0] = position

    def _fade_edges(self, indata: Any, outdata: Any, position: int, samples: int) -> None:
        if self._playing < self._fade:
            rise = self._rise[self._playing : self._playing + samples]
            np.multiply(outdata, rise, out=outdata)
            for here, there in ring_parts(position, samples, RING_SAMPLES):
                np.multiply(self._input[there], rise[here], out=self._input[there])
        self._playing += samples
        if self._phase[0] == STOPPING:
            fall = self._fall[min(self._falling, self._fade) :][:samples]
            np.multiply(outdata, fall, out=outdata)
            self._falling += samples
            if self._falling >= self._fade:
                self._phase[0] = STOPPED

    def _count_block(self, length: int) -> None:
        self._callbacks[0] += 1
        if length > self._largest_block[0]:
            self._largest_block[0] = length

    def _count(self, counts: Any, which: int, seconds: float) -> None:
        counts[duration_bin(seconds)] += 1
        if seconds > self._longest[which]:
            self._longest[which] = seconds


def run_device(
    descriptor: Descriptor, settings: DeviceSettings, block_done: Semaphore, parent: Connection
) -> None:
    """The process: open the stream, send `DeviceOpened` or `Failed`, and stay until the parent sends a message or is gone."""
    begin_child()
    # This thread too, and those that it starts: one that is preempted while it holds Python's lock stops the callback.
    take_real_time_priority(DEVICE_PRIORITY)
    _hold_device(DeviceRing.attach(descriptor), settings, block_done, parent)
    # Not the way out by Python's: PortAudio's end hangs there when JACK's server has gone, and perhaps nobody is left to end us.
    os._exit(0)


def _hold_device(
    ring: DeviceRing, settings: DeviceSettings, block_done: Semaphore, parent: Connection
) -> None:
    try:
        stream, rate = open_stream(ring, settings, block_done)
    except DrawstopError as error:
        parent.send(Failed(str(error)))
        return
    parent.send(DeviceOpened(rate, sum(stream.latency)))
    while not orphaned():
        if parent.poll(0.2):
            stream.abort(ignore_errors=True)
            return
        if not stream.active:
            parent.send(Failed("the device has stopped"))
            return
    ring.phase = STOPPING
    time.sleep(4 * FADE_S)


def _name_jack_client() -> None:
    """Let our ports be called `drawstop:…` under JACK, if this PortAudio can; to be called before it begins."""
    path = ctypes.util.find_library("portaudio")
    with suppress(OSError, AttributeError):  # another system, or a PortAudio without JACK
        ctypes.CDLL(path).PaJack_SetClientName(JACK_CLIENT)


def open_stream(ring: DeviceRing, settings: DeviceSettings, block_done: Semaphore) -> tuple[Any, int]:
    """Open and start a stream at the first of the rates that the device takes; the stream and that rate.

    Raises:
        DrawstopError: no such device, or it takes none of the rates.
    """
    _name_jack_client()
    import sounddevice

    refusal = ""
    for rate in settings.rates:
        try:
            stream = sounddevice.Stream(
                samplerate=rate,
                blocksize=settings.block,
                device=(settings.input, settings.output),
                channels=settings.opened,
                dtype="float32",
                latency="low",
                callback=Callback(
                    ring, rate, block_done, real_time=True, inputs=settings.inputs, outputs=settings.outputs
                ),
                clip_off=True,
                dither_off=True,
            )
            stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            refusal = " ".join(str(error.args[0] if error.args else error).split())
        else:
            return stream, rate
    rates = ", ".join(str(rate) for rate in settings.rates)
    raise DrawstopError(
        f"the sound device can't be opened at {rates} Hz ({refusal}); see `drawstop devices`, then --device and --rate"
    )
