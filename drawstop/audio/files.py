"""Sound files in and out: any format libsndfile or ffmpeg reads, any rate and channel count; `[channels, samples]`."""

import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from drawstop.audio.decoding import open_sound
from drawstop.audio.folders import list_folder, no_sounds_in
from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from drawstop.types import Audio

_SUBTYPES = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24")}
_SFC_SET_ADD_PEAK_CHUNK = 0x1050  # libsndfile's sndfile.h


def read_audio(
    path: Path,
    sample_rate: int | None = None,
    channels: int | None = None,
    part: tuple[float, float] | None = None,
) -> tuple[Audio, int]:
    """Read a sound file.

    Args:
        path: a file in any format that `open_sound` reads.
        sample_rate: in Hz; the sound is resampled to it (soxr VHQ). None keeps the file's rate.
        channels: the number to return: 1 takes the mean, one channel is repeated n times. None keeps the file's.
        part: the start and the length of what to read, in seconds; None reads all.

    Shape: `[channels, samples]`, float32, with at least one sample.

    Raises:
        DrawstopError: no such file, not audio, no samples, a sample that isn't finite, or channels that
            don't convert.
    """
    path = Path(path)
    interleaved, rate = _read(path, part)
    if len(interleaved) == 0:
        raise DrawstopError(f"{path} is empty: 0 samples")
    audio = np.ascontiguousarray(interleaved.T)
    _refuse_non_finite(audio, path)
    if channels is not None:
        audio = _with_channels(audio, channels, path)
    if sample_rate is not None and sample_rate != rate:
        audio = resample(audio, rate, sample_rate)
        rate = sample_rate
    return audio, int(rate)


def sound_blocks(path: Path, sample_rate: int, channels: int, seconds: float = 10.0) -> Iterator[Audio]:
    """`read_audio` in blocks of about some seconds, the same samples: a file of any length takes no more memory than a short one.

    Shape: `[channels, samples]` each.

    Raises:
        DrawstopError: as `read_audio`.
    """
    with open_sound(path) as file:
        stream = soxr.ResampleStream(file.samplerate, sample_rate, channels, dtype="float32", quality="VHQ")
        left, length, read = file.frames, max(1, round(seconds * file.samplerate)), 0
        given = False
        while left > 0:
            block = np.ascontiguousarray(file.read(length, dtype="float32", always_2d=True).T)
            left = left - block.shape[1] if block.shape[1] == length else 0
            _refuse_non_finite(block, path, read)
            read += block.shape[1]
            sound = _with_channels(block, channels, path)
            if file.samplerate != sample_rate:
                sound = np.ascontiguousarray(stream.resample_chunk(sound.T, last=left == 0).T)
            if left == 0 and not (given or sound.shape[1]):
                sound = block[:, :1].repeat(channels, 0)[:channels]  # as `resample`: at least one sample
            if sound.shape[1]:
                given = True
                yield sound
    if read == 0:
        raise DrawstopError(f"{path} is empty: 0 samples")


def _read(path: Path, part: tuple[float, float] | None) -> tuple[Audio, int]:
    """`[samples, channels]` and the file's rate."""
    with open_sound(path) as file:
        count = -1
        if part is not None:
            file.seek(min(round(part[0] * file.samplerate), file.frames))
            count = max(1, math.ceil(part[1] * file.samplerate))
        return file.read(count, dtype="float32", always_2d=True), file.samplerate


def resample(audio: Audio, rate: int, new_rate: int) -> Audio:
    """Resample `[channels, samples]` from `rate` to `new_rate` Hz (soxr VHQ); gives at least one sample."""
    resampled = soxr.resample(audio.T, rate, new_rate, quality="VHQ")
    if len(resampled) == 0:  # one sample at a high rate rounds to none at a low one
        resampled = audio.T[:1]
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


def write_audio(path: Path, audio: npt.ArrayLike, rate: int) -> None:
    """Write `[channels, samples]` atomically: .wav as 32-bit float, .flac as 24-bit; same sound, same bytes.

    Raises:
        DrawstopError: another suffix or shape, samples that aren't finite, a path that can't be written.
    """
    path = Path(path)
    if path.suffix.lower() not in _SUBTYPES:
        raise DrawstopError(f"can't write {path}: expected a name in .wav or .flac, got {path.suffix!r}")
    samples = np.asarray(audio, dtype=np.float32)
    if samples.ndim != 2:
        raise DrawstopError(
            f"can't write {path}: expected audio [channels, samples], got shape {list(samples.shape)}"
        )
    _refuse_non_finite(samples, path)
    encoded = _encode(samples, rate, *_SUBTYPES[path.suffix.lower()])
    with atomic_file(path) as temporary:
        temporary.write_bytes(encoded)


def list_audio(folder: Path) -> list[Path]:
    """The sound files of `list_folder`, known by their suffix, sorted by path, without hidden ones.

    Raises:
        DrawstopError: no such folder, or no sound file in it; it says what lies there instead.
    """
    listing = list_folder(folder)
    if not listing.sounds:
        raise no_sounds_in(listing)
    return listing.sounds


def sounds_of(given: Iterable[Path]) -> list[Path]:
    """Sound files, and of each folder its own as `list_audio` lists them."""
    return [path for each in given for path in (list_audio(each) if each.is_dir() else [each])]


def check_output(out: Path, recording: Path) -> None:
    """Refuse before long work what `write_audio` would refuse after it.

    Args:
        recording: what the work reads: the output must be another file.

    Raises:
        DrawstopError: another suffix, no folder to write into, or the input itself.
    """
    if out.suffix.lower() not in _SUBTYPES:
        raise DrawstopError(f"the output must end in .wav or .flac, got {out.name!r}")
    if not out.parent.is_dir():
        raise DrawstopError(f"no folder {out.parent} to write into; make it first")
    if out.exists() and recording.exists() and out.samefile(recording):
        raise DrawstopError(f"the output {out} is the input; choose another name")


def _encode(audio: Audio, rate: int, container: str, subtype: str) -> bytes:
    """The file's bytes. Encoded in memory, so that a full disk raises an OSError here and not libsndfile's error."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", rate, audio.shape[0], subtype, format=container) as file:
        # A float WAV's PEAK chunk holds the time of writing: without it the same sound is the same bytes.
        soundfile._snd.sf_command(file._file, _SFC_SET_ADD_PEAK_CHUNK, soundfile._ffi.NULL, 0)
        file.write(audio.T)
    return buffer.getvalue()


def _refuse_non_finite(audio: Audio, path: Path, before: int = 0) -> None:
    bad = ~np.isfinite(audio).all(axis=0)
    if bad.any():
        raise DrawstopError(
            f"{path}: sample {before + int(bad.argmax())} is NaN or infinite; expected finite samples only"
        )


def _with_channels(audio: Audio, channels: int, path: Path) -> Audio:
    have = audio.shape[0]
    if channels == have:
        return audio
    if channels == 1:
        mean: Audio = audio.mean(axis=0, keepdims=True, dtype=np.float32)
        return mean
    if have == 1 and channels > 1:
        return np.repeat(audio, channels, axis=0)
    raise DrawstopError(
        f"{path} has {have} channels and {channels} were asked for; convert it to 1 or {channels}"
    )
