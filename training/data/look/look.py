"""Looks at the recordings in all folders of a command, headers first, then samples; reports oddities and faults."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drawstop.audio.decoding import header_of
from drawstop.audio.folders import Skipped, list_folder, no_sounds_in, skipped_lines
from drawstop.errors import DrawstopError
from drawstop.names import shown
from drawstop.progress import Progress
from drawstop.units import hours
from training.data.look.alike import alike, is_identical
from training.data.look.findings import Finding, Needs, findings_in
from training.data.look.sound_facts import SoundFacts, decibels, measure
from training.data.phrases import phrase_of

ALL_SAMPLES_UP_TO_HOURS = 20.0
"""If there is more sound, every n-th second is read; of float files still every sample, as any may be wrong."""

MOST_NAMED = 5
MOST_REFUSED = 10
MOST_THREADS = 4
FLOATS = ("FLOAT", "DOUBLE")


@dataclass
class LookedFolder:
    """One folder: its recordings, skipped files and findings."""

    folder: Path
    recordings: list[SoundFacts] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> list[SoundFacts]:
        """The recordings without a finding that would spoil a result."""
        wrong = {finding.path for finding in self.findings if finding.spoils}
        return [each for each in self.recordings if each.path not in wrong]

    def lines(self) -> list[str]:
        """A line of facts, then the skipped files, then the findings by kind."""
        lines = [f"{shown(self.folder)}: {self._facts()}"]
        lines += [f"  skipped {line}" for line in skipped_lines(self.skipped, MOST_NAMED)]
        kinds: dict[str, list[Finding]] = {}
        for finding in self.findings:
            kinds.setdefault(finding.kind, []).append(finding)
        for kind, found in kinds.items():
            names = "; ".join(f"{shown(each.path.name)}: {each.detail}" for each in found[:MOST_NAMED])
            more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
            lines.append(f"  {kind}, {len(found)}: {names}{more}")
        return lines

    def _facts(self) -> str:
        headers = [each.header for each in self.recordings if each.header]
        parts = [
            _counted("recording", len(self.recordings)),
            hours(sum(each.seconds for each in headers) / 3600),
        ]
        parts.append(_shares([f"{each.sample_rate} Hz" for each in headers]))
        parts.append(_shares([_counted("channel", each.channels) for each in headers]))
        levels = sorted(each.square**0.5 for each in self.usable if each.square)
        if levels:
            peak = max(each.peak for each in self.usable)
            low, middle, high = (decibels(levels[int(q * (len(levels) - 1))]) for q in (0, 0.5, 1))
            parts.append(f"peak {decibels(peak)} dBFS, level {middle} dBFS ({low} to {high})")
        return ", ".join(part for part in parts if part)

    def to_json(self) -> dict[str, Any]:
        """The content of `lines`, for `--json`."""
        return {
            "folder": str(self.folder),
            "recordings": len(self.recordings),
            "hours": sum(each.seconds for each in self.recordings) / 3600,
            "skipped": [{"path": str(each.path), "why": each.why} for each in self.skipped],
            "findings": [
                {"path": str(each.path), "kind": each.kind, "detail": each.detail, "spoils": each.spoils}
                for each in self.findings
            ],
        }


@dataclass
class Look:
    """All folders of a command. `pairs`: for each two opposite folders, a line on how many recordings are parallel."""

    folders: list[LookedFolder]
    pairs: list[str] = field(default_factory=list)
    every: int = 1

    def lines(self) -> list[str]:
        """All lines, folder by folder."""
        lines = [line for each in self.folders for line in each.lines()] + self.pairs
        return lines + ([f"levels are those of one second in {self.every}"] if self.every > 1 else [])

    def report_then_refuse(self, show_line: Callable[[str], None]) -> None:
        """Call `show_line` with each line, then raise DrawstopError if a recording would spoil the result."""
        for line in self.lines():
            show_line(line)
        self.refuse()

    def refuse(self) -> None:
        """Raises DrawstopError that names every recording that would spoil a result, the first ten with its reason."""
        spoiling = [each for folder in self.folders for each in folder.findings if each.spoils]
        if not spoiling:
            return
        said = "; ".join(each.text() for each in spoiling[:MOST_REFUSED])
        more = f"; and {len(spoiling) - MOST_REFUSED} more" if len(spoiling) > MOST_REFUSED else ""
        count = _counted("recording", len({each.path for each in spoiling}))
        raise DrawstopError(f"{count} can't be used: {said}{more}; mend, or take out of the folder")


def look_at(
    folders: Sequence[Path],
    needs: Needs | None = None,
    opposites: Iterable[tuple[Path, Path]] = (),
    progress: Progress | None = None,
) -> Look:
    """Look at every recording in some folders, headers first; nothing is refused yet.

    Args:
        opposites: pairs of these folders, with and without a concept: a recording must not be in both.

    Raises:
        DrawstopError: no such folder, or one without a sound file.
    """
    needs = needs or Needs()
    looked = {folder: _listed(folder) for folder in dict.fromkeys(folders)}
    recordings = [each for folder in looked.values() for each in folder.recordings]
    _each("reading headers", recordings, _read_header, progress)
    every = 1
    if needs.samples:
        total_hours = sum(each.seconds for each in recordings) / 3600
        every = max(1, math.ceil(total_hours / ALL_SAMPLES_UP_TO_HOURS))
        _each("looking at the recordings", recordings, lambda facts: _read_samples(facts, every), progress)
    for folder in looked.values():
        folder.findings += findings_in(folder.recordings, needs)
    if needs.samples:
        _find_copies(list(looked.values()), [(looked[a], looked[b]) for a, b in opposites])
    return Look(list(looked.values()), [_parallel(looked[a], looked[b]) for a, b in opposites], every)


def _listed(folder: Path) -> LookedFolder:
    listing = list_folder(folder)
    if not listing.sounds:
        raise no_sounds_in(listing)
    return LookedFolder(folder, [SoundFacts(path) for path in listing.sounds], listing.skipped)


def _each(
    what: str, recordings: list[SoundFacts], work: Callable[[SoundFacts], None], progress: Progress | None
) -> None:
    """Call `work` with each recording, in several threads: libsndfile and numpy release the interpreter's lock."""
    threads = min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(work, recordings), 1):
            if progress:
                progress(what, done, len(recordings))


def _read_header(facts: SoundFacts) -> None:
    try:
        facts.header = header_of(facts.path)
    except (DrawstopError, OSError) as error:
        facts.problem = _reason(facts, error)


def _read_samples(facts: SoundFacts, every: int) -> None:
    if facts.problem or facts.header is None:
        return
    try:
        measure(facts, 1 if facts.header.subtype in FLOATS else every)
    except (DrawstopError, OSError) as error:
        facts.problem = _reason(facts, error)


def _reason(facts: SoundFacts, error: Exception) -> str:
    """An error's message without the recording's path, which is printed before it anyway."""
    text = str(error).replace(str(facts.path), "it")
    return text.removeprefix("it ").removeprefix("it: ")


def _find_copies(folders: list[LookedFolder], opposites: list[tuple[LookedFolder, LookedFolder]]) -> None:
    """Add findings about copies of a recording in one folder, or in two opposite folders."""
    of = [(folder, each) for folder in folders for each in folder.recordings if each.mark is not None]
    for group in alike([each for _, each in of]):
        members = [of[index] for index in group]
        for folder in folders:
            same = [each for of_folder, each in members if of_folder is folder]
            for each in same[1:]:
                detail = f"the same as {shown(same[0].path.name)}"
                folder.findings.append(Finding(each.path, "there twice", detail))
        for first, second in opposites:
            ones, others = ([each for folder, each in members if folder is side] for side in (first, second))
            if first is not second and ones and others:
                second.findings.append(_on_both_sides(ones[0], others[0]))


def _on_both_sides(one: SoundFacts, other: SoundFacts) -> Finding:
    """The finding that two opposite folders share a recording. Of parallel ones only equal samples are refused."""
    parallel = phrase_of(one.path) == phrase_of(other.path) and not is_identical(one, other)
    detail = f"{'nearly ' if parallel else ''}the same recording as {shown(one.path)}"
    return Finding(other.path, "with and without the concept", detail, spoils=not parallel)


def _parallel(first: LookedFolder, second: LookedFolder) -> str:
    """How many phrases two folders share, in words."""
    phrases = [Counter(phrase_of(each.path) for each in folder.usable) for folder in (first, second)]
    shared = phrases[0].keys() & phrases[1].keys()
    names = f"{shown(first.folder)} and {shown(second.folder)}"
    if not shared:
        return f"{names}: no parallel recordings (the same name, or the same up to an @)"
    alone = sum(sum(each.values()) - sum(each[name] for name in shared) for each in phrases)
    return f"{names}: {_counted('phrase', len(shared))} in both, parallel; {_counted('recording', alone)} without a partner"


def _shares(values: list[str]) -> str:
    """Each value, commonest first, with its count if there are several.

    >>> _shares(["48000 Hz", "44100 Hz", "44100 Hz"]), _shares(["1 channel"])
    ('44100 Hz (2), 48000 Hz (1)', '1 channel')
    """
    counts = Counter(values).most_common()
    return ", ".join(value if len(counts) == 1 else f"{value} ({count})" for value, count in counts)


def _counted(noun: str, count: int) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
