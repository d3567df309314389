"""Lists the sound devices in a process of its own, so that a sound system that hangs or crashes takes nothing along."""

from dataclasses import dataclass
from multiprocessing.connection import Connection

from drawstop.errors import DrawstopError
from realtime.processes.child_process import CONTEXT, begin_child, start_child
from realtime.processes.messages import Failed

PATIENCE_S = 15.0


@dataclass(frozen=True)
class SoundDevice:
    """One device of one host API, as PortAudio numbers them."""

    index: int
    name: str
    host_api: str
    channels_in: int
    channels_out: int
    rate: int
    default_in: bool
    default_out: bool


class DeviceQuery:
    """A question to the system which devices there are, while a process answers it."""

    def __init__(self) -> None:
        self._answers, there = CONTEXT.Pipe()
        self._process = start_child("realtime.processes.device_list:run_list", there)
        there.close()

    def answer(self, patience_s: float) -> list[SoundDevice] | None:
        """All sound devices; None: no answer in this time.

        Raises:
            DrawstopError: PortAudio isn't installed, or it crashed.
        """
        try:
            if not self._answers.poll(patience_s):
                return None
            answer = self._answers.recv()
        except EOFError as error:
            raise DrawstopError(
                "PortAudio crashed while it looked for devices; restart the sound server"
            ) from error
        if isinstance(answer, Failed):
            raise DrawstopError(answer.reason)
        devices: list[SoundDevice] = answer
        return devices

    def close(self) -> None:
        """End the process, whether it has answered or not."""
        self._process.kill()
        self._process.join()
        self._answers.close()


def list_devices() -> list[SoundDevice]:
    """All sound devices.

    Raises:
        DrawstopError: PortAudio isn't installed, or it doesn't answer.
    """
    query = DeviceQuery()
    try:
        devices = query.answer(PATIENCE_S)
    finally:
        query.close()
    if devices is None:
        raise DrawstopError("the sound system doesn't answer; is its server (JACK, PipeWire) hanging?")
    return devices


def run_list(parent: Connection) -> None:
    """The process: sends a list of `SoundDevice`, or `Failed`."""
    begin_child()
    try:
        import sounddevice
    except OSError:
        parent.send(Failed("PortAudio isn't installed; on Debian: apt install libportaudio2"))
        return
    default_in, default_out = sounddevice.default.device
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    parent.send(
        [
            SoundDevice(
                index,
                str(device["name"]),
                apis[device["hostapi"]],
                int(device["max_input_channels"]),
                int(device["max_output_channels"]),
                int(device["default_samplerate"]),
                index == default_in,
                index == default_out,
            )
            for index, device in enumerate(sounddevice.query_devices())
        ]
    )


def find_device(devices: list[SoundDevice], wanted: str | None, direction: str) -> SoundDevice:
    """The device with this number, this name, or this part of its name; for None the default.

    A whole name, or one with its API as `drawstop devices` prints it, goes before a part of a name.

    Args:
        direction: "input" or "output".

    Raises:
        DrawstopError: none or several fit.
    """
    able = [device for device in devices if _channels(device, direction) > 0]
    if not able:
        raise DrawstopError(
            f"this machine has no sound {direction}; plug an interface in or start a sound server, then see `drawstop devices`"
        )
    if wanted is None:
        marked = [d for d in able if (d.default_in if direction == "input" else d.default_out)]
        return (marked or able)[0]
    if wanted.isdigit():
        fitting = [device for device in able if device.index == int(wanted)]
    else:
        fitting = _named(able, wanted.lower())
    if len(fitting) > 1:
        names = "; ".join(f"{device.index} {device.name} ({device.host_api})" for device in fitting)
        raise DrawstopError(
            f"{len(fitting)} sound {direction}s fit {wanted!r}: {names}; give a whole name with its API, or the number"
        )
    if not fitting:
        known = "; ".join(f"{device.index} {device.name}" for device in able)
        raise DrawstopError(f"no sound {direction} fits {wanted!r}; there are: {known}")
    return fitting[0]


def _named(devices: list[SoundDevice], wanted: str) -> list[SoundDevice]:
    """The devices of this name and API, else those of this name, else those with this part of a name and API."""
    for written in ("{0.name} ({0.host_api})", "{0.name}"):
        exact = [device for device in devices if wanted == written.format(device).lower()]
        if exact:
            return exact
    return [device for device in devices if wanted in f"{device.host_api} {device.name}".lower()]


def _channels(device: SoundDevice, direction: str) -> int:
    return device.channels_in if direction == "input" else device.channels_out
