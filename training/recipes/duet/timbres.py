"""Who plays: the corpus's guitars and others, and its singers as men and women; its choirs, which are both, are left out."""

from __future__ import annotations

from training.evaluation.experiments.several_stops.duet import FEMALE, GUITAR, MALE
from training.recipes.corpus.timbres import ESPEAK, TIMBRES, Timbre
from training.recipes.rave.bank import NEITHER, Cast

TARGETS = {GUITAR: "fluid-nylon", MALE: "singer-fred", FEMALE: "singer-anna"}
"""The stops, and the timbre that each one's +1 should sound like."""


def label_of(timbre: Timbre) -> str | None:
    """The folder of a timbre's recordings; None for a timbre that is left out."""
    if timbre.concept == "voice":
        if timbre.soundfont != ESPEAK:
            return None
        return MALE if "+m" in timbre.speaker else FEMALE
    return GUITAR if timbre.concept == "guitar" else NEITHER


LABELS = {timbre.name: label for timbre in TIMBRES if (label := label_of(timbre))}
"""Each timbre's label, held-out ones too."""
CAST = Cast(TARGETS, LABELS)
