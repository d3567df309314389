"""Looks for the selected sound device while the system's default is in use, without blocking its caller."""

import time

from drawstop.errors import DrawstopError
from realtime.live.device.selection import DeviceSelection
from realtime.processes.device_list import PATIENCE_S, DeviceQuery, SoundDevice, find_device

LOOK_S = 5.0


class ReturnWatch:
    """Asks the system every `LOOK_S` for its devices.

    A selected device that was listed but refused to open counts as back only after it was gone: else it would be tried
    again and again.
    """

    def __init__(self, selection: DeviceSelection) -> None:
        self._selection = selection
        self._watching = self._gone = False
        self._query: DeviceQuery | None = None
        self._next_s = self._asked_s = 0.0

    def begin(self, gone: bool) -> None:
        """The default is in use from now on. `gone`: the selected device isn't listed."""
        self._watching, self._gone = True, gone
        self._next_s = time.monotonic() + LOOK_S

    def end(self) -> None:
        """The default is no longer in use."""
        self._watching = False
        self._drop_query()

    def poll(self) -> str | None:
        """A line for the user if the selected device is back; None if it isn't or that isn't known yet."""
        if not self._watching:
            return None
        if self._query is None:
            if time.monotonic() >= self._next_s:
                self._query, self._asked_s = DeviceQuery(), time.monotonic()
            return None
        try:
            devices = self._query.answer(0.0)
        except DrawstopError:
            devices = []
        if devices is None and time.monotonic() - self._asked_s < PATIENCE_S:
            return None
        self._drop_query()
        self._next_s = time.monotonic() + LOOK_S
        names = [] if devices is None else self._selected(devices)
        back = bool(names) and self._gone
        self._gone = self._gone or not names
        return f"{' and '.join(names)} is back: the sound goes there again" if back else None

    def _selected(self, devices: list[SoundDevice]) -> list[str]:
        """Names of the selected devices; empty if one of them is missing."""
        wanted = ((self._selection.input, "input"), (self._selection.output, "output"))
        try:
            found = [find_device(devices, name, direction).name for name, direction in wanted if name]
        except DrawstopError:
            return []
        return list(dict.fromkeys(found))

    def _drop_query(self) -> None:
        if self._query is not None:
            self._query.close()
            self._query = None
