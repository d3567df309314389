"""The files of a recorded performance: its input, its output, and every movement with its sample time.

Key idea: files that only grow, without headers to mend: raw 32-bit floats, and a line of JSON per event. A
process that is killed keeps all that was written, and nothing has a size limit.
"""

import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError, reason_of
from drawstop.files import atomic_file, sha256_file, write_json
from realtime.engine.control_event import ControlEvent

Audio = npt.NDArray[np.float32]

ABOUT, EVENTS, INPUT, OUTPUT, INSTRUMENTS = (
    "session.json", "events.jsonl", "input.f32", "output.f32", "instruments",
)  # fmt: skip
FORMAT = 1
WRITE_EVERY_S = 0.25
LONGEST_WAIT_BLOCKS = 20_000
"""Blocks that may wait for a slow disk: minutes. Beyond, they are counted as unrecorded."""


@dataclass(frozen=True)
class SessionAbout:
    """The content of session.json: all that a rendering needs beside the sound and the events.

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


class SessionWriter:
    """Appends to a session's files from a thread of its own, so that a slow disk stops no sound.

    Attributes:
        problem: the disk's error, one line; None while all is well. The sound goes on.
        unrecorded_blocks: blocks that couldn't be written.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, BinaryIO] = {
            name: (folder / name).open("ab", buffering=0) for name in (INPUT, OUTPUT, EVENTS)
        }
        self._queue: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._end = threading.Event()
        self.problem: str | None = None
        self.unrecorded_blocks = 0
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._thread.start()

    def input(self, audio: Audio) -> None:
        """Append the next block of input. `[channels, n]`"""
        self._put(INPUT, audio.T.astype("<f4").tobytes())

    def output(self, audio: Audio) -> None:
        """Append the next block that was played. `[channels, n]`"""
        self._put(OUTPUT, audio.T.astype("<f4").tobytes())

    def movement(self, event: ControlEvent) -> None:
        """Append the movement of a stop or parameter. The file calls the ramp's samples `glide`."""
        ramp = {"glide": event.ramp_samples} if event.ramp_samples else {}
        self.event(event.sample, to=event.slug, value=event.value, source=event.source, **ramp)

    def event(self, sample: int, **what: Any) -> None:
        """Append something that happened at an input sample."""
        self._put(EVENTS, (json.dumps({"sample": sample, **what}) + "\n").encode())

    def close(self) -> None:
        """Write what waits and close the files."""
        self._end.set()
        self._thread.join()
        for file in self._files.values():
            file.close()

    def _put(self, name: str, content: bytes) -> None:
        if name != EVENTS and self._queue.qsize() > LONGEST_WAIT_BLOCKS:
            self.unrecorded_blocks += 1
            return
        self._queue.put((name, content))

    def _run(self) -> None:
        while not self._end.wait(WRITE_EVERY_S):
            self._write_all()
        self._write_all()

    def _write_all(self) -> None:
        waiting: dict[str, list[bytes]] = {}
        while not self._queue.empty():
            item = self._queue.get()
            if item is not None:
                waiting.setdefault(item[0], []).append(item[1])
        for name, parts in waiting.items():
            try:
                _write_whole(self._files[name], b"".join(parts))
            except OSError as error:
                self.problem = f"{name}: {reason_of(error)}; the sound goes on, the recording has a hole"
                self.unrecorded_blocks += len(parts) if name != EVENTS else 0


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
    """Number of its player's process; the first instrument has 0."""
    fade_at: int | None = None


@dataclass(frozen=True)
class Lost:
    """A block that didn't sound whole: it was `late`, the instrument never got it (`skipped`), or `died` over it."""

    sample: int
    samples: int
    why: str = "late"
    unheard: int = 0
    """Number of samples, at the device's rate, that didn't sound."""


@dataclass(frozen=True)
class Session:
    """A session read back. `input` and `output` are `[channels, samples]`; a killed one may end in the middle."""

    folder: Path
    about: SessionAbout
    input: Audio
    output: Audio
    events: list[ControlEvent]
    swaps: list[Swap]
    lost: list[Lost]
    deaths: list[tuple[int, int]]
    """Sample and slot of each player that crashed."""

    def instrument(self, digest: str) -> Path:
        """The path of the session's copy of an instrument. Raises DrawstopError if there is none."""
        path = self.folder / INSTRUMENTS / f"{digest}.ts"
        if not path.is_file():
            raise DrawstopError(f"the session {self.folder} has no {path.name}; put the instrument there")
        return path


def read_session(folder: Path) -> Session:
    """Read a session, also one whose performance was killed.

    Raises:
        DrawstopError: no session there, or one of another format.
    """
    about = _about(folder)
    recorded, played = _sound(folder / INPUT, about.channels_in), _sound(folder / OUTPUT, about.channels_out)
    session = Session(folder, about, recorded, played, [], [], [], [])
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
        session.swaps.append(Swap(sample, line["swap"], int(line["slot"])))
    elif "fade" in line:
        index = next(i for i, swap in enumerate(session.swaps) if swap.sample == line["fade"])
        session.swaps[index] = replace(session.swaps[index], fade_at=sample)
    elif "lost" in line:
        session.lost.append(Lost(sample, int(line["lost"]), line["why"], int(line["unheard"])))
    elif "died" in line:
        session.deaths.append((sample, int(line["died"])))


def _about(folder: Path) -> SessionAbout:
    path = folder / ABOUT
    if not path.is_file():
        raise DrawstopError(
            f"no session in {folder}: it has no {ABOUT}; record one: drawstop play X.ts --record DIR"
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("format") != FORMAT:
            raise DrawstopError(f"{path} has format {values.get('format')!r}, this Drawstop reads {FORMAT}")
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


def _write_whole(file: BinaryIO, content: bytes) -> None:
    """Write all of it, or leave the file as it was: half a block would shift everything after it."""
    start = file.seek(0, os.SEEK_END)
    try:
        while content:
            content = content[file.write(content) :]
    except OSError:
        file.truncate(start)
        raise
