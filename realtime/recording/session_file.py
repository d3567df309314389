"""The files of a recorded performance: its input, its output, and every movement with its sample time.

A session that begins in the middle of a performance holds the state of that moment too: an instrument's caches still
hold what was played before, and ramps are under way.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from drawstop.errors import DrawstopError, reason_of
from drawstop.files import atomic_file, sha256_file, write_json
from drawstop.types import Audio
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import State

ABOUT, EVENTS, INPUT, OUTPUT, INSTRUMENTS = (
    "session.json", "events.jsonl", "input.f32", "output.f32", "instruments",
)  # fmt: skip
START, MEMORY = "start.npz", "memory.npz"
"""The performance's state and the instrument's, of a session that begins in the middle of a performance."""
FORMAT = 2
"""Format 1 had no session that begins in the middle. Early sessions of both lack the lines `skip` and `gap`."""


@dataclass(frozen=True)
class SessionAbout:
    """The content of session.json: what a rendering needs beside the sound and the events.

    Files: input.f32 and output.f32 hold little-endian 32-bit floats at `sample_rate`, channels interleaved.
    """

    sample_rate: int
    channels_in: int
    channels_out: int
    block: int
    seed: int
    noise: int | None
    ceiling_db: float
    instrument: str
    """SHA-256 of the first instrument; a copy lies in instruments/."""
    versions: dict[str, str]
    backend: str = "torchscript"
    format: int = FORMAT
    slot: int = 0
    """Number of the first instrument's process, as swaps number theirs."""
    from_middle: bool = False
    """Whether it begins in the middle of a performance: then `start.npz` and `memory.npz` hold the state of that moment."""


def begin_session(folder: Path, about: SessionAbout, instrument: Path) -> None:
    """Make a session's folder with its description and a copy of the instrument.

    Raises:
        DrawstopError: the folder isn't empty or can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise DrawstopError(f"{folder} isn't empty; a session wants a folder of its own")
        copy_instrument(folder, instrument, about.instrument)
    except OSError as error:
        raise DrawstopError(f"can't record into {folder}: {reason_of(error)}") from error
    write_json(folder / ABOUT, asdict(about))


def copy_instrument(folder: Path, instrument: Path, digest: str) -> None:
    """Copy an instrument into the session; no link, for a copy onto the original would write into both.

    Raises:
        DrawstopError: the file has changed since its SHA-256 was `digest`.
    """
    path = folder / INSTRUMENTS / f"{digest}.ts"
    if path.exists():
        return
    with atomic_file(path) as temporary:
        shutil.copyfile(instrument, temporary)
        if sha256_file(temporary) != digest:
            raise DrawstopError(f"{instrument} has changed since it was loaded; start again")


@dataclass(frozen=True)
class Swap:
    """An instrument that came in: the first input sample that it got, and the sample at which it began to fade in."""

    sample: int
    instrument: str
    slot: int
    """Number of its player's process, 0 or 1: the one that the instrument before it hasn't."""
    fade_at: int | None = None


@dataclass(frozen=True)
class Death:
    """A player's process that crashed: the input sample at which it was given up, and its slot."""

    sample: int
    slot: int


@dataclass(frozen=True)
class Skip:
    """A block that a player had no room for: its first input sample, and the player's slot."""

    sample: int
    slot: int


@dataclass(frozen=True)
class Gap:
    """Input that the audio process left out as it stood still: the sample that follows it, and its samples."""

    sample: int
    samples: int


@dataclass(frozen=True)
class Lost:
    """A block that wasn't played whole: it was `late`, the instrument never got it (`skipped`), or `died` over it."""

    sample: int
    samples: int
    why: str = "late"
    silent_samples: int = 0
    """Samples of the block, at the device's rate, that were not played; `unheard` in events.jsonl."""


@dataclass(frozen=True)
class Session:
    """A session read back. `input` and `output` are `[channels, samples]`; a killed one may end in the middle."""

    folder: Path
    about: SessionAbout
    input: Audio
    output: Audio
    events: list[ControlEvent]
    changes: list[Swap | Death]
    """In the order in which they happened."""
    skips: list[Skip]
    lost: list[Lost]
    gaps: list[Gap]

    @property
    def swaps(self) -> list[Swap]:
        """The instruments that came in, in their order."""
        return [change for change in self.changes if isinstance(change, Swap)]

    @property
    def deaths(self) -> list[Death]:
        """The players that crashed, in their order."""
        return [change for change in self.changes if isinstance(change, Death)]

    def instrument(self, digest: str) -> Path:
        """The path of the session's copy of an instrument. Raises DrawstopError if there is none."""
        path = self.folder / INSTRUMENTS / f"{digest}.ts"
        if not path.is_file():
            raise DrawstopError(f"the session {self.folder} has no {path.name}; put the instrument there")
        return path

    def state(self, name: str) -> State:
        """The state in `START` or `MEMORY`. Raises DrawstopError if it isn't there, or damaged."""
        path = self.folder / name
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DrawstopError(
                f"{path} can't be read ({type(error).__name__}): without it a session that begins in the middle of a "
                "performance can't be rendered; its input and output are whole"
            ) from error


def read_session(folder: Path) -> Session:
    """Read a session, also one whose performance was killed.

    Raises:
        DrawstopError: no session there, or one of another format.
    """
    about = _about(folder)
    recorded, played = _sound(folder / INPUT, about.channels_in), _sound(folder / OUTPUT, about.channels_out)
    session = Session(folder, about, recorded, played, [], [], [], [], [])
    for line in _lines(folder / EVENTS):
        _add_line(session, line)
    return session


def _add_line(session: Session, line: dict[str, Any]) -> None:
    """Sort one line of the events into its list; lines of an unknown kind are left out."""
    sample = int(line["sample"])
    if "to" in line:
        session.events.append(
            ControlEvent(
                sample, line["to"], float(line["value"]), line.get("source", ""), int(line.get("glide", 0))
            )
        )
    elif "swap" in line:
        session.changes.append(Swap(sample, line["swap"], int(line["slot"])))
    elif "fade" in line:
        _add_fade(session, int(line["fade"]), sample)
    elif "skip" in line:
        session.skips.append(Skip(sample, int(line["skip"])))
    elif "gap" in line:
        session.gaps.append(Gap(sample, int(line["gap"])))
    elif "lost" in line:
        session.lost.append(Lost(sample, int(line["lost"]), line["why"], int(line["unheard"])))
    elif "died" in line:
        session.changes.append(Death(sample, int(line["died"])))


def _add_fade(session: Session, swapped_at: int, fade_at: int) -> None:
    if fade_at < swapped_at:
        return  # an early version wrote the old instrument's for a new one that died
    # While no sound comes, several may come in at one sample: all but the last have died.
    index, swap = [
        (index, change)
        for index, change in enumerate(session.changes)
        if isinstance(change, Swap) and change.sample == swapped_at
    ][-1]
    session.changes[index] = replace(swap, fade_at=fade_at)


def _about(folder: Path) -> SessionAbout:
    path = folder / ABOUT
    if not path.is_file():
        raise DrawstopError(
            f"no session in {folder}: it has no {ABOUT}; record one: drawstop play X.ts --record DIR"
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("format") not in range(1, FORMAT + 1):
            raise DrawstopError(
                f"{path} has format {values.get('format')!r}, this Drawstop reads 1 to {FORMAT}"
            )
        return SessionAbout(**values)
    except (ValueError, TypeError, AttributeError) as error:
        if isinstance(error, DrawstopError):
            raise
        raise DrawstopError(f"{path} is damaged ({error}); expected a session's description") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a file; a last one that was cut off is left out."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            if line:
                yield json.loads(line)
        except json.JSONDecodeError:
            return


def _sound(path: Path, channels: int) -> Audio:
    samples = np.fromfile(path, dtype="<f4") if path.is_file() else np.zeros(0, dtype=np.float32)
    frames = len(samples) // channels
    return np.ascontiguousarray(samples[: frames * channels].reshape(frames, channels).T, dtype=np.float32)
