"""What an edit does to pitch and to notes: one pitch by PESTO, several at once by basic-pitch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from training.evaluation.playback.playback import Bench, Stems
from training.metrics import audio, notes
from training.metrics.bootstrap import Estimate, mean_of
from training.metrics.notes import Notes, notes_f, share_sounding, track_notes

CLIPS = 12
"""Of a cell: half a second of work each for one pitch, a tenth for the notes."""
STEMS = "stems"
AT_REST, TURNED, BEST = "at 0", "turned", "best possible"
OTHERS_KEPT, OWN_LEFT = "others' notes kept", "own notes left"

Cells = dict[str, Any]
Parts = tuple[list[Notes], list[Notes], list[Notes]]
"""Of some mixtures: the notes of the concept's own stem, of the others, and of the best possible without it."""


class Tracked:
    """Tracks a bench's clips before and after edits; what is the same for every edit is tracked once.

    Without basic-pitch only the pitch is tracked.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._at_rest: dict[int, Notes] = {}
        self._stems: dict[tuple[str, tuple[int, ...]], Parts] = {}

    def changes(self, concept: str, places: Sequence[int], sound: Tensor) -> Cells:
        """What some steered clips keep of what they were, `[places, samples]`.

        `pitch kept`: see measures.pitch_kept. `notes kept`: the share of the notes, frame by frame, that still sound. `F of
        notes`: with onsets; new notes count against it. `stems`: in mixtures of known stems, at rest, turned, and at best: the
        others' notes kept, and the share left of the concept's own that the others don't play too.
        """
        chosen, sound = list(places[:CLIPS]), sound[:CLIPS]
        pitches = audio.track(sound, self.bench.rate)
        kept = audio.pitch_kept(self.bench.pitches_of(chosen), pitches)
        found: Cells = {"pitch kept": Estimate(**kept)}
        if not notes.installed():
            return found
        before, after = self._rest_of(chosen), track_notes(sound, self.bench.rate)
        pairs = list(zip(before, after, strict=True))
        found["notes kept"] = self._mean([share_sounding(a.roll(), b.roll()) for a, b in pairs], chosen)
        found["F of notes"] = self._mean([notes_f(a, b) for a, b in pairs], chosen)
        stems = self.bench.stems(concept, places)
        if stems is not None:
            found[STEMS] = self._shares(self._stems_of(concept, chosen, stems), before, after, chosen)
        return found

    def _shares(
        self,
        stems: Parts,
        before: list[Notes],
        after: list[Notes],
        places: list[int],
    ) -> Cells:
        own, others, best = stems
        theirs = [their.roll() for their in others]
        alone = [mine.roll() & ~their for mine, their in zip(own, theirs, strict=True)]
        return {
            when: {
                what: self._mean(
                    [share_sounding(a, b.roll()) for a, b in zip(wanted, heard, strict=True)], places
                )
                for what, wanted in ((OTHERS_KEPT, theirs), (OWN_LEFT, alone))
            }
            for when, heard in ((AT_REST, before), (TURNED, after), (BEST, best))
        }

    def _mean(self, shares: list[float], places: list[int]) -> Estimate:
        return mean_of(np.array(shares), self.bench.groups_of(places))

    def _rest_of(self, places: list[int]) -> list[Notes]:
        missing = [place for place in places if place not in self._at_rest]
        self._at_rest |= dict(
            zip(missing, track_notes(self.bench.rest[missing], self.bench.rate), strict=True)
        )
        return [self._at_rest[place] for place in places]

    def _stems_of(self, concept: str, places: list[int], stems: Stems) -> Parts:
        key = (concept, tuple(places))
        if key not in self._stems:
            own, others, best = (
                track_notes(part[: len(places)], self.bench.rate)
                for part in (stems.own, stems.others, stems.best)
            )
            self._stems[key] = own, others, best
        return self._stems[key]
