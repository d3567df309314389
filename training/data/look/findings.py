"""Findings from recordings' facts: oddities to report, and faults that would spoil a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drawstop.names import shown
from training.data.clips import SILENCE_DBFS
from training.data.look.sound_facts import SoundFacts, decibels

LOUDEST = 8.0
"""Largest sample accepted (full scale is 1): instruments clamp there (+18 dBFS), and no recording is louder."""

INTEGERS_UP_TO = 2.0**31
INTEGERS_FROM = 100.0
"""Peaks between these are mostly integer samples that were written as floats."""

DOMINATES = 0.5
"""Share of a folder's energy above which one recording is reported as dominating it."""

FAR_ABOVE = 10.0
"""Amplitude over the others' median (20 dB) above which a dominating recording counts as faulty."""

FEWEST_OTHERS = 2
SILENCE = 10 ** (SILENCE_DBFS / 10)
CANCELLED = ", because its channels cancel"
OFFSET = 0.01
CLIPPED = 1e-3
CANCELS = 0.18
"""Amplitude of the channels' mean relative to theirs (−15 dB) below which they cancel; independent channels have .7."""

SHORT_SECONDS = 0.1
QUIET = 10 ** (-40 / 20)
MOSTLY_SILENT = 0.1


@dataclass(frozen=True)
class Needs:
    """What a command requires of recordings.

    Attributes:
        shortest_seconds: shorter recordings are refused.
        sounding: silent recordings are refused.
        channels: the model's; a file with another number converts only to one channel, or from one.
        levels_matter: False where all recordings are brought to one level, so that a loud one does no harm.
        samples: False if only the headers are read.
    """

    shortest_seconds: float = 0.0
    sounding: bool = False
    channels: int | None = None
    levels_matter: bool = True
    samples: bool = True


@dataclass(frozen=True)
class Finding:
    """One thing about one recording: `kind` in a few words, `detail` with its numbers, and whether it spoils a result."""

    path: Path
    kind: str
    detail: str
    spoils: bool = False

    def text(self) -> str:
        """The recording and the detail."""
        return f"{shown(self.path)}: {self.detail}"


def findings_in(recordings: Sequence[SoundFacts], needs: Needs) -> list[Finding]:
    """The findings about the recordings of one folder, in their order."""
    found = [finding for each in recordings for finding in _of_one(each, needs)]
    return [*found, *_loudest(recordings, needs)] if needs.samples else found


def _of_one(facts: SoundFacts, needs: Needs) -> list[Finding]:
    path = facts.path
    fatal = _unusable(facts, needs)
    if fatal:
        return [Finding(path, *fatal, spoils=True)]
    assert facts.header is not None
    if facts.seconds < needs.shortest_seconds or facts.header.frames == 0:
        detail = f"it lasts {facts.seconds:.2f} s: expected {needs.shortest_seconds:g} s or more"
        return [Finding(path, "too short", detail, spoils=True)]
    if not needs.samples:
        return []
    square = facts.mono_square if needs.channels == 1 else facts.square
    if facts.is_silent or (square < SILENCE and (needs.sounding or needs.channels == 1)):
        detail = f"it is silent, or nearly ({decibels(square**0.5)} dBFS{CANCELLED * (square < facts.square / 100)})"
        return [Finding(path, "silent", detail, spoils=needs.sounding)]
    return [Finding(path, kind, detail) for kind, detail in _odd(facts)]


def _unusable(facts: SoundFacts, needs: Needs) -> tuple[str, str] | None:
    """Why a recording can't be used at all: kind and detail; None if it can."""
    if facts.problem:
        return "unreadable", facts.problem
    if facts.bad_sample is not None:
        return "not finite", f"sample {facts.bad_sample} is NaN or infinite; expected finite samples only"
    if facts.peak > LOUDEST:
        cause = (
            "; divide by 32768, if they are integers" if INTEGERS_FROM < facts.peak < INTEGERS_UP_TO else ""
        )
        return "too loud", f"its peak is {facts.peak:.3g}, full scale is 1: no sound is so loud{cause}"
    assert facts.header is not None
    channels = facts.header.channels
    if needs.channels not in (None, 1, channels) and channels != 1:
        return (
            "channels",
            f"it has {channels} channels and the model {needs.channels}: convert it to 1 or {needs.channels}",
        )
    return None


def _odd(facts: SoundFacts) -> list[tuple[str, str]]:
    """Oddities of a usable recording: kind and detail of each."""
    assert facts.header is not None
    level, odd = facts.square**0.5, []
    if facts.seconds < SHORT_SECONDS:
        return [("very short", f"{facts.header.frames} samples")]
    if level < QUIET and facts.loud_seconds >= MOSTLY_SILENT * len(facts.seconds_rms):
        odd.append(("very quiet", f"level {decibels(level)} dBFS"))
    if len(facts.seconds_rms) and facts.loud_seconds < MOSTLY_SILENT * len(facts.seconds_rms):
        odd.append(("mostly silent", f"{facts.loud_seconds} of {len(facts.seconds_rms)} s sound"))
    if facts.offset > max(OFFSET, 0.1 * level):
        odd.append(("offset (DC)", f"its mean is {facts.offset:.2g}"))
    if facts.clipped > CLIPPED:
        odd.append(("clipped", f"{facts.clipped:.1%} of its samples"))
    if facts.header.channels > 1 and facts.mono_square < CANCELS**2 * facts.square:
        detail = f"their mean is {decibels(facts.mono_square**0.5) - decibels(level):.0f} dB from them"
        odd.append(("channels that cancel", detail))
    if 0 < facts.frames < 0.98 * facts.header.frames:
        odd.append(("cut short", f"{facts.frames} of the {facts.header.frames} samples that its header says"))
    return odd


def _loudest(recordings: Sequence[SoundFacts], needs: Needs) -> list[Finding]:
    """The recording that holds most of a folder's energy, if one does."""
    usable = [each for each in recordings if not _unusable(each, needs) and not each.is_silent]
    if len(usable) <= FEWEST_OTHERS:
        return []
    energies = np.array([each.square * each.seconds for each in usable])
    index = int(energies.argmax())
    share = float(energies[index] / energies.sum())
    others = np.delete(np.array([each.square for each in usable]), index)
    above = float(np.sqrt(usable[index].square / np.median(others)))
    if share <= DOMINATES:
        return []
    detail = f"it holds {share:.0%} of the energy of {len(usable)} recordings, {decibels(above):.0f} dB above the others"
    spoils = needs.levels_matter and above > FAR_ABOVE
    return [
        Finding(
            usable[index].path,
            "most of the energy",
            f"{detail}: bring them to one level" if spoils else detail,
            spoils,
        )
    ]
