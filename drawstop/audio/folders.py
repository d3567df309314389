"""The sound files in a folder, and what else lies there and why it isn't read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from drawstop.errors import DrawstopError, reason_of

_BY_LIBSNDFILE = (
    ".wav .wave .bwf .rf64 .w64 .flac .ogg .oga .opus .mp3 .mp2 .mpga .aif .aiff .aifc .caf .au .snd .voc .nist .sph .paf .svx "
    ".8svx .avr .pvf .wve .ircam"
)
_BY_FFMPEG = (
    ".m4a .m4b .aac .adts .wma .ac3 .eac3 .amr .ape .wv .tta .mpc .dsf .dff .ra .spx .mka .weba "
    ".mp4 .m4v .mov .mkv .webm .avi .wmv .asf .mpg .mpeg .m2ts .3gp .flv .ogv"
)
FFMPEG_SUFFIXES = frozenset(_BY_FFMPEG.split())
AUDIO_SUFFIXES = FFMPEG_SUFFIXES.union(_BY_LIBSNDFILE.split())

FFMPEG = "ffmpeg"
NO_FFMPEG = (
    "libsndfile doesn't read it and ffmpeg isn't installed: install ffmpeg, or convert it to wav or flac"
)
NO_SOUND = "no sound by their names"
LISTED = "a link to a folder that is listed already"


@dataclass(frozen=True)
class Skipped:
    """A file or folder that isn't read, and why, in words."""

    path: Path
    why: str


@dataclass
class Listing:
    """A folder's sound files, sorted by path, and what else lies there."""

    folder: Path
    sounds: list[Path] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def is_audio_name(path: Path) -> bool:
    """True for a name with a suffix of sound, upper or lower case."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def has_ffmpeg() -> bool:
    """True where the program that decodes what libsndfile can't is installed."""
    return shutil.which(FFMPEG) is not None


def list_folder(folder: Path) -> Listing:
    """What lies in a folder and its sub-folders.

    Links to files and folders are followed; a folder that is reached twice counts once.

    Raises:
        DrawstopError: no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DrawstopError(f"no such folder: {folder}")
    listing, seen = Listing(folder), set[tuple[int, int]]()
    folders, links = [folder], list[Path]()
    while folders or links:
        is_link = (
            not folders
        )  # folders that really lie here come first, so that a link to one of them is the second way
        current = links.pop(0) if is_link else folders.pop(0)
        status = current.stat()
        if (status.st_dev, status.st_ino) in seen:
            listing.skipped.append(Skipped(current, LISTED))
            continue
        seen.add((status.st_dev, status.st_ino))
        try:
            paths = sorted(current.iterdir())
        except OSError as error:
            listing.skipped.append(Skipped(current, f"can't be read: {reason_of(error)}"))
            continue
        for path in paths:
            if path.is_dir() and not path.name.startswith("."):
                (links if path.is_symlink() else folders).append(path)
            else:
                _take(listing, path)
    listing.sounds.sort()
    return listing


def no_sounds_in(listing: Listing) -> DrawstopError:
    """The error for a folder without a sound file: it says what lies there instead."""
    there = "; ".join(skipped_lines(listing.skipped)) or "nothing"
    return DrawstopError(
        f"no sound files in {listing.folder}: it holds {there}; expected wav, flac, mp3 or the like"
    )


def _take(listing: Listing, path: Path) -> None:
    """Put one path that is no open folder where it belongs."""
    why = _why_not(path)
    if why is None:
        listing.sounds.append(path)
    elif why:
        listing.skipped.append(Skipped(path, why))


def _why_not(path: Path) -> str | None:
    """Why a path isn't read; empty where nobody would expect it to be, None where it is."""
    if path.name.startswith("."):
        return "hidden: its name begins with a dot" if is_audio_name(path) else ""
    if not path.exists():
        return "a link to nothing" if path.is_symlink() else "gone"
    if not path.is_file():
        return "no regular file"
    if path.suffix.lower() in FFMPEG_SUFFIXES and not has_ffmpeg():
        return NO_FFMPEG
    if path.suffix.lower() == ".raw":
        return "headerless: neither its rate nor its channels are known; convert it to wav"
    return None if is_audio_name(path) else NO_SOUND


def skipped_lines(skipped: list[Skipped], most: int = 3) -> list[str]:
    """What was left out, by reason, the commonest first: how many, and the first names; by suffix what is no sound.

    >>> skipped_lines([Skipped(Path("a/x.txt"), NO_SOUND), Skipped(Path("y.txt"), NO_SOUND), Skipped(Path("z"), LISTED)])
    ['2 no sound by their names: .txt 2', '1 (z): a link to a folder that is listed already']
    """
    groups: dict[str, list[Path]] = {}
    for each in skipped:
        groups.setdefault(each.why, []).append(each.path)
    lines = []
    for why, paths in sorted(groups.items(), key=lambda item: -len(item[1])):
        if why == NO_SOUND:
            suffixes = [path.suffix.lower() or "(none)" for path in paths]
            counts = sorted({each: suffixes.count(each) for each in suffixes}.items(), key=lambda i: -i[1])
            lines.append(f"{len(paths)} {NO_SOUND}: {', '.join(f'{s} {n}' for s, n in counts)}")
        else:
            names = ", ".join(str(path.name) for path in paths[:most])
            more = f" and {len(paths) - most} more" if len(paths) > most else ""
            lines.append(f"{len(paths)} ({names}{more}): {why}")
    return lines
