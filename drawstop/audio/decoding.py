"""Sound files opened for reading: by libsndfile, or by ffmpeg what libsndfile can't read."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile

from drawstop.audio.folders import FFMPEG, FFMPEG_SUFFIXES, NO_FFMPEG, has_ffmpeg
from drawstop.errors import DrawstopError

UNKNOWN_FRAMES = 1 << 50
"""More frames than any file has: libsndfile's number for a FLAC stream that doesn't say its length."""

SMALLEST_SOUND_BYTES = 128
"""A file without samples has a header up to this long; more bytes behind a header that says 0 samples are sound."""

KEPT = 2
"""Decoded files that are kept for the next look at the same recording."""


@dataclass(frozen=True)
class SoundHeader:
    """What a file says of itself: rate in Hz, channels, samples per channel, and how samples are stored ("PCM_16")."""

    sample_rate: int
    channels: int
    frames: int
    subtype: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.sample_rate


@contextmanager
def open_sound(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a sound file for reading, in any format that libsndfile or, where it is installed, ffmpeg reads.

    Raises:
        DrawstopError: no such file, a folder, an empty file, or no sound; also where reading in the block fails.
    """
    path = Path(path)
    _refuse_no_file(path)
    decoded = None
    try:
        file = _opened(path)
        if file is None:
            decoded = _decoded(path, *_version(path))
            file = soundfile.SoundFile(os.fsencode(decoded.path))
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a .raw file has no rate
        message = f"{path} isn't a sound file that libsndfile can read; convert it to wav or flac"
        raise DrawstopError(message) from error
    try:
        with file:
            yield file
    except soundfile.LibsndfileError as error:
        raise DrawstopError(f"{path} is damaged: {error}; fetch it again, or leave it out") from error


def header_of(path: Path) -> SoundHeader:
    """A file's header; its samples aren't read. Raises DrawstopError as `open_sound`."""
    with open_sound(path) as file:
        return SoundHeader(file.samplerate, file.channels, file.frames, file.subtype)


def _refuse_no_file(path: Path) -> None:
    if not path.exists():
        raise DrawstopError(f"no such file: {path}")
    if path.is_dir():
        raise DrawstopError(f"expected a sound file, got the folder {path}")
    if path.stat().st_size == 0:
        raise DrawstopError(f"{path} is empty: 0 bytes")


def _opened(path: Path) -> soundfile.SoundFile | None:
    """The file by libsndfile; None where ffmpeg shall decode it."""
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        if not has_ffmpeg():
            raise DrawstopError(f"{path}: {NO_FFMPEG}")
        return None
    try:
        file = soundfile.SoundFile(os.fsencode(path))  # bytes: a name needn't be UTF-8
    except soundfile.LibsndfileError:
        if has_ffmpeg():
            return None
        raise
    if 0 < file.frames < UNKNOWN_FRAMES or path.stat().st_size <= SMALLEST_SOUND_BYTES:
        return file
    file.close()
    if not has_ffmpeg():
        raise DrawstopError(
            f"{path}: its header doesn't say how many samples follow; install ffmpeg, or save it again"
        )
    return None


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


class _Decoded:
    """A temporary WAV file with a recording's sound, removed with this object."""

    def __init__(self) -> None:
        handle, self.path = tempfile.mkstemp(prefix="drawstop-", suffix=".wav")
        os.close(handle)
        weakref.finalize(self, Path(self.path).unlink, missing_ok=True)


@functools.lru_cache(maxsize=KEPT)
def _decoded(path: Path, modified_ns: int, size: int) -> _Decoded:
    """What ffmpeg makes of a file: float32, its own rate and channels. Only local files are followed."""
    decoded = _Decoded()
    command = [FFMPEG, "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file,pipe"]
    command += ["-ignore_length", "1"] if path.suffix.lower() in (".wav", ".wave") else []
    command += ["-i", os.fsdecode(path.absolute()), "-vn", "-map", "0:a:0", "-c:a", "pcm_f32le"]
    command += ["-rf64", "auto", "-f", "wav", decoded.path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0 or done.stderr.strip():
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise DrawstopError(
            f"{path} isn't a sound file that libsndfile can read, or it is damaged (ffmpeg: {said[-1].strip()}); "
            "convert it to wav or flac, or leave it out"
        )
    return decoded
