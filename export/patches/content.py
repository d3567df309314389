"""What every patch of an instrument contains, decided once: names, controllers, addresses, scenes, delays."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription, MethodDescription, StopDescription
from realtime.controllers.mapping.mapping import default_mapping

OSC_PORT = 9000
"""The UDP port that the play patches listen on, for `/stop/<slug> <float>`."""
OSC_PREFIX = "stop"
SWITCHES = ("ramp", "bypass", "noise", "reset")
"""An instrument's attributes besides its stops: one number each, none of them a bool."""
RAMP_SECONDS = 0.02
NN_BUFFER = 4096
"""nn~'s buffer when a box is created without a size: in Pd, and in the Max sources of nn~ that we read."""
HOST_BLOCK = 64
EACH_BOX = "Every nn~ box in a row adds its delay."
LABELLED_ONE_BY_ONE = 8
"""A box with more inlets than this gets one line about them all."""
METHODS = ("forward", "play", "encode", "decode", "steer", "listen")
OMP_HINT = "Start the program with OMP_NUM_THREADS=1 in its environment: nn~ on every core is slower."


@dataclass(frozen=True)
class PatchScene:
    """One button that sets every stop: its label, the name that the button sends to, a value per stop."""

    label: str
    send_name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class PatchContent:
    """An instrument's description, with what the patches add to it.

    Args:
        description: the one inside the instrument's file.
        file: the instrument's file name, for example `organ.ts`.
    """

    description: InstrumentDescription
    file: str

    def __post_init__(self) -> None:
        name = PurePosixPath(self.file)
        if name.suffix != ".ts" or len(name.stem) < 3 or not _is_plain(self.file):
            raise DrawstopError(
                f'expected a name of three letters or more that ends in .ts, without spaces or any of , ; $ \\ " '
                f"(Pd and nn~ need that), got {self.file!r}: rename the instrument"
            )
        if not self.stops:
            raise DrawstopError(f"{self.file} has no stops: nothing to put a knob on")
        for name_of_method in METHODS:
            self.description.method(name_of_method)

    @property
    def name(self) -> str:
        """The patches' own name: the file's without its suffix."""
        return self.file.removesuffix(".ts")

    @property
    def stops(self) -> tuple[StopDescription, ...]:
        """The instrument's stops, in its order."""
        return self.description.stops

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every name that `set` may carry."""
        return (*(stop.slug for stop in self.stops), *SWITCHES)

    def method(self, name: str) -> MethodDescription:
        """One of the instrument's methods."""
        return self.description.method(name)

    def controller(self, stop: StopDescription) -> int | None:
        """The stop's MIDI control change, the same as in our engine; None past the last one there is."""
        knobs = default_mapping([each.slug for each in self.stops]).knobs
        sources = [knob.source for knob in knobs if knob.stop == stop.slug]
        return next((source.number for source in sources if source.kind == "cc"), None)

    def address(self, stop: StopDescription) -> str:
        """The stop's OSC address."""
        return f"/{OSC_PREFIX}/{stop.slug}"

    def scenes(self) -> tuple[PatchScene, ...]:
        """All stops at 0; then, for each stop, it at its maximum and the others at -1; then, for each, it alone at -1."""
        neutral = PatchScene("all neutral", "scene-neutral", tuple(0 for _ in self.stops))
        only = [
            PatchScene(
                f"only {stop.slug}",
                f"scene-only-{stop.slug}",
                tuple(int(stop.maximum) if other == stop else -1 for other in self.stops),
            )
            for stop in self.stops
        ]
        without = [
            PatchScene(
                f"without {stop.slug}",
                f"scene-without-{stop.slug}",
                tuple(-1 if other == stop else 0 for other in self.stops),
            )
            for stop in self.stops
        ]
        return (neutral, *only, *without)

    @property
    def brings_in(self) -> bool:
        """True where some stop can bring its concept in."""
        return any(stop.maximum > 0 for stop in self.stops)

    @property
    def values_text(self) -> str:
        """The meaning of a knob's values."""
        return "-1 taken away, 0 as played" + (", 1 brought in" if self.brings_in else "")

    @property
    def midi_text(self) -> str:
        """The control change that stands for 0."""
        return "MIDI: 64 is 0." if self.brings_in else "MIDI: 127 is 0."

    @property
    def largest_ratio(self) -> int:
        """The smallest buffer that nn~ can use: the largest ratio of any method."""
        return max(max(method.in_ratio, method.out_ratio) for method in self.description.methods)

    @property
    def buffer(self) -> int:
        """The buffer of a box that was created without a size."""
        return max(NN_BUFFER, self.largest_ratio)

    @property
    def buffers(self) -> tuple[int, ...]:
        """Buffer sizes worth offering in Pd; 0 is nn~'s own smallest, without a worker thread."""
        return (0, *(self.largest_ratio << doubled for doubled in range(4)))

    @property
    def buffer_delay(self) -> int:
        """The delay that nn~ adds with a worker thread, in samples (measured in Pd: 2 B - 64)."""
        return 2 * self.buffer - HOST_BLOCK

    def delay_line(self, method: str = "forward") -> str:
        """The whole delay in words."""
        instrument, buffers = self.method(method).delay_samples, self.buffer_delay
        total = instrument + buffers
        milliseconds = 1000 * total / self.description.sample_rate
        return (
            f"Delay: {instrument} samples of its own + {buffers} of nn~'s buffer of {self.buffer} = {total} samples, "
            f"{milliseconds:.0f} ms."
        )

    @property
    def rate_line(self) -> str:
        """The sample rate that Max or Pd must run at."""
        return f"Set the audio to {self.description.sample_rate} Hz: nn~ doesn't resample."


def listed(labels: Sequence[str]) -> str:
    """A box's inlets or outlets in one line, without what a label explains after its colon.

    >>> listed(["(signal) Channel 1", "(signal) guitar: -1 taken away"])
    '1 Channel 1, 2 guitar'
    >>> listed([f"latent {n}" for n in range(1, 129)])
    'latent 1, latent 2, ..., latent 127, latent 128 (128 from left to right)'
    """
    labels = [label.removeprefix("(signal) ").split(":")[0] for label in labels]
    if len(labels) <= LABELLED_ONE_BY_ONE:
        return ", ".join(f"{index} {label}" for index, label in enumerate(labels, start=1))
    return ", ".join([*labels[:2], "...", *labels[-2:]]) + f" ({len(labels)} from left to right)"


def _is_plain(name: str) -> bool:
    """True for a name that stays one word in a Pd file and in a Max box."""
    return not any(character.isspace() or character in ",;$\\\"'{}" for character in name)
