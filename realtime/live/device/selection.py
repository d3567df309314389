"""The sound devices, their rate, block and channels, as the user selects them."""

from dataclasses import dataclass

from drawstop.errors import DrawstopError


@dataclass(frozen=True)
class DeviceSelection:
    """The sound devices that the user selects, by name or number; None: the system's default."""

    input: str | None = None
    output: str | None = None
    rate: int | None = None
    """Hertz; None: the instrument's if the device takes it, else the device's own."""
    block: int = 0
    """Samples per callback; 0 lets the device choose."""
    input_channels: tuple[int, ...] = ()
    """The device's channels that are taken, from 1; empty: the first ones."""
    output_channels: tuple[int, ...] = ()


def listed(channels: tuple[int, ...]) -> str:
    """Channels as the options take them, such as `3,4`."""
    return ",".join(map(str, channels))


def parse_channels(text: str | None, option: str) -> tuple[int, ...]:
    """The channels of an option like `--output-channels 3,4`, from 1; none: ().

    >>> parse_channels("3,4", "--output-channels"), parse_channels(None, "--input-channels")
    ((3, 4), ())

    Raises:
        DrawstopError: it is no list of numbers from 1, or names one twice.
    """
    parts = [] if text is None else text.replace(" ", "").split(",")
    channels = tuple(int(part) for part in parts if part.isdigit() and int(part) > 0)
    if len(channels) != len(parts) or len(set(channels)) != len(channels):
        raise DrawstopError(f"{option} takes channels from 1, such as 2 or 3,4, each once; got {text!r}")
    return channels
