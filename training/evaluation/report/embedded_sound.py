"""Sounds inside a page: files as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import soundfile

from drawstop.errors import DrawstopError, reason_of

MEDIA_TYPES = {".flac": "audio/flac", ".wav": "audio/wav"}
"""Media types that every browser plays, by the file's suffix."""


@dataclass(frozen=True)
class Embedded:
    """A sound in a page: its data URI, its length, and the file's size."""

    uri: str
    seconds: float
    size_bytes: int


def embed(folder: Path, path: str, wanted_by: str) -> Embedded:
    """A sound file as a data URI.

    Args:
        folder: the folder that `path` is relative to; nothing outside it is read.
        wanted_by: the name of what shows the sound, for the error message.

    Raises:
        DrawstopError: the file is missing, outside the folder, or no flac or wav file.
    """
    media_type = MEDIA_TYPES.get(PurePosixPath(path).suffix.lower())
    if media_type is None:
        raise DrawstopError(f"{wanted_by} expected a .flac or .wav file, got {path!r}: convert the sound")
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise DrawstopError(
            f"{wanted_by} expected a sound inside {folder}, got {path!r}: measure again, "
            "or give the folder that the evidence was written to"
        )
    try:
        content = file.read_bytes()
        seconds = soundfile.info(str(file)).duration
    except OSError as error:
        raise DrawstopError(
            f"{wanted_by} needs the sound {file}: {reason_of(error)}; measure again"
        ) from error
    except soundfile.LibsndfileError as error:
        raise DrawstopError(f"{wanted_by} can't read {file} as a sound: {error.error_string}") from error
    uri = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    return Embedded(uri, seconds, len(content))
