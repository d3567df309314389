"""What in the name of a MIDI port identifies its box: the same after replugging, and in each of the system's APIs.

One port is called `nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0` by ALSA, with numbers that change with each plugging,
`Midi-Bridge:nanoKONTROL2:(capture_0) nanoKONTROL2 MIDI 1` by PipeWire's JACK, and
`a2j:nanoKONTROL2 [20] (capture): nanoKONTROL2 MIDI 1` by a2jmidid's.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

_ALSA = re.compile(r"(?P<client>.+?):(?P<port>.+) \d+:\d+")
_DIRECTION = r"\((?:capture|playback)(?:_\d+)?\)"
_BRIDGED = re.compile(
    rf"(?:Midi-Bridge|a2j)[: ]\s*(?:(?P<client>.*?)(?: \[\d+\]| \d+)?[: ]+{_DIRECTION}:? +)?(?P<port>.+?)(?: +{_DIRECTION})?",
    re.IGNORECASE,
)


def box_of(name: str) -> str:
    """The part of a port's name that identifies its box.

    >>> box_of("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0")
    'nanoKONTROL2 MIDI 1'
    >>> box_of("Midi-Bridge:nanoKONTROL2 2:(capture_0) nanoKONTROL2 MIDI 1")
    'nanoKONTROL2 MIDI 1'
    >>> box_of("a2j:FCB1010 [20] (capture): MIDI 1"), box_of("box:out")
    ('FCB1010', 'box:out')
    """
    alsa, bridged = _ALSA.fullmatch(name), _BRIDGED.fullmatch(name)
    match = alsa or bridged
    if match is None:
        return name
    client, port = match["client"], match["port"]
    if client is None or port.lower().startswith(client.lower()):
        return str(port)
    return f"{client}:{port}" if alsa else str(client)


@lru_cache(maxsize=4096)
def is_part_of(part: str | None, name: str) -> bool:
    """Whether a part of a name, or a whole one that was written down before, means a port. None and "" mean any.

    >>> is_part_of("nano", "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0")
    True
    >>> is_part_of("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0")
    True
    >>> is_part_of("mio MIDI 1", "mio:mio MIDI 12 24:0")
    False
    """
    wanted, whole = box_of(part or "").lower(), name.lower()
    no_longer_number = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return re.search(re.escape(wanted) + no_longer_number, whole) is not None


def meant(part: str, names: Iterable[str]) -> list[str]:
    """The names that a part of a name means: those that it is the whole of, else those that it is a part of."""
    fitting = [name for name in names if is_part_of(part, name)]
    exact = [name for name in fitting if part.lower() in (name.lower(), box_of(name).lower())]
    return exact or fitting


def is_bridged(name: str) -> bool:
    """Whether a JACK port stands for one of ALSA's."""
    return _BRIDGED.fullmatch(name) is not None


def is_same_box(name: str, other: str) -> bool:
    """Whether two ports of different APIs are one box: one is bridged, and both name the same one."""
    if is_bridged(name) == is_bridged(other):
        return False
    return is_part_of(name, other) or is_part_of(other, name)


class MissingBoxes:
    """Reports the missing MIDI devices among those that a mapping or an option names, whenever the list changes.

    Args:
        boxes: the devices that it names.
        whose: the words before the missing ones.
    """

    def __init__(self, boxes: Collection[str], whose: str = "the mapping's") -> None:
        self._boxes, self._whose = boxes, whose
        self._said: list[str] = []

    def line(self, names: Collection[str]) -> str | None:
        """A line for the user; None: nothing has changed, or all are here.

        Args:
            names: the inputs that are open.
        """
        missing = sorted(box for box in self._boxes if not meant(box, names))
        if missing == self._said:
            return None
        self._said = missing
        if not missing:
            return None
        here = ", ".join(sorted(names)) or "no MIDI input"
        verb = "isn't" if len(missing) == 1 else "aren't"
        return f"{self._whose} {', '.join(map(repr, missing))} {verb} here; here is: {here}"
