"""What an edit does to pitch and to notes: one pitch by PESTO, several at once by basic-pitch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from training.evaluation.experiments.steering.cells import Retention, StemNotes, StemShares
from training.evaluation.playback.playback import Playback, Stems
from training.metrics import notes, pitch
from training.metrics.bootstrap import Estimate, mean_of
from training.metrics.notes import Notes, notes_f, share_sounding, track_notes

CLIPS = 12
"""Clips of a cell that are tracked: half a second of work each for the pitch, a tenth for the notes."""

Parts = tuple[list[Notes], list[Notes], list[Notes]]
"""Notes of some mixtures: of the concept's own stem, of the others, and of the best possible without it."""


class Tracker:
    """Tracks a playback's clips before and after edits; the unsteered clips and stems are tracked once.

    Without basic-pitch only the pitch is tracked.
    """

    def __init__(self, playback: Playback) -> None:
        self.playback = playback
        self._neutral: dict[int, Notes] = {}
        self._stems: dict[tuple[str, tuple[int, ...]], Parts] = {}

    def retention(self, concept: str, indices: Sequence[int], sound: Tensor) -> Retention:
        """Shares of the unsteered clips' pitch and notes that remain in the steered ones, `[indices, samples]`.

        `pitch kept`: see `metrics.pitch.pitch_kept`. `notes kept`: the share of the notes, frame by frame, that still sound.
        `F of notes`: with onsets; new notes count against it.
        """
        chosen, sound = list(indices[:CLIPS]), sound[:CLIPS]
        pitches = pitch.track(sound, self.playback.rate)
        shares = {"pitch kept": Estimate(**pitch.pitch_kept(self.playback.pitches_of(chosen), pitches))}
        if not notes.installed():
            return Retention(shares)
        before, after = self._neutral_of(chosen), track_notes(sound, self.playback.rate)
        pairs = list(zip(before, after, strict=True))
        shares["notes kept"] = self._mean([share_sounding(a.roll(), b.roll()) for a, b in pairs], chosen)
        shares["F of notes"] = self._mean([notes_f(a, b) for a, b in pairs], chosen)
        stems = self.playback.stems(concept, indices)
        if stems is None:
            return Retention(shares)
        return Retention(
            shares, self._stem_notes(self._stems_of(concept, chosen, stems), before, after, chosen)
        )

    def _stem_notes(
        self, parts: Parts, before: list[Notes], after: list[Notes], indices: list[int]
    ) -> StemShares:
        own, others, best = parts
        theirs = [their.roll() for their in others]
        alone = [mine.roll() & ~their for mine, their in zip(own, theirs, strict=True)]
        neutral, turned, at_best = (
            StemNotes(
                *(
                    self._mean(
                        [share_sounding(a, b.roll()) for a, b in zip(wanted, sounding, strict=True)], indices
                    )
                    for wanted in (theirs, alone)
                )
            )
            for sounding in (before, after, best)
        )
        return StemShares(neutral, turned, at_best)

    def _mean(self, shares: list[float], indices: list[int]) -> Estimate:
        return mean_of(np.array(shares), self.playback.groups_of(indices))

    def _neutral_of(self, indices: list[int]) -> list[Notes]:
        missing = [index for index in indices if index not in self._neutral]
        self._neutral |= dict(
            zip(missing, track_notes(self.playback.neutral[missing], self.playback.rate), strict=True)
        )
        return [self._neutral[index] for index in indices]

    def _stems_of(self, concept: str, indices: list[int], stems: Stems) -> Parts:
        key = (concept, tuple(indices))
        if key not in self._stems:
            own, others, best = (
                track_notes(part[: len(indices)], self.playback.rate)
                for part in (stems.own, stems.others, stems.best)
            )
            self._stems[key] = own, others, best
        return self._stems[key]
