"""What steering measures: a cell for each edit of some clips, a curve over the knob for each classifier.

The JSON names are those of the first format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.evaluation.playback.playback import Accuracy
from training.metrics.bootstrap import Estimate

ALONE, MIXED, WITHOUT = "alone", "mixed", "without"
"""The clips of a cell: the concept alone at -1, in mixtures at -1, clips without it at +1."""
NEUTRAL, TURNED, BEST = "at 0", "turned", "best possible"
STEMS, OTHERS_KEPT, OWN_LEFT = "stems", "others' notes kept", "own notes left"


@dataclass(frozen=True)
class Detection:
    """How often one classifier detects a concept in the clips of a cell.

    Attributes:
        neutral, turned: with the stop at 0, and turned.
        changeable: turned, of the clips in which there was something to change: where it was detected (-1) or wasn't (+1).
        new_timbres: turned, of the clips of timbres that nothing was trained on.
        others: by other concept, how much more often it is detected turned than at 0.
    """

    neutral: Estimate
    turned: Estimate
    changeable: Estimate
    new_timbres: Estimate
    others: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """As the result's metrics hold it."""
        return {
            NEUTRAL: self.neutral,
            TURNED: self.turned,
            "of those": self.changeable,
            "new timbres": self.new_timbres,
            "others": self.others,
        }


@dataclass(frozen=True)
class StemNotes:
    """The notes of mixtures whose stems are known, as shares of those found in each stem alone.

    Attributes:
        others_kept: the other concepts' notes that sound.
        own_left: the concept's own notes that sound, but for those that the others play too.
    """

    others_kept: Estimate
    own_left: Estimate

    def to_json(self) -> dict[str, Estimate]:
        """As the result's metrics hold it."""
        return {OTHERS_KEPT: self.others_kept, OWN_LEFT: self.own_left}


@dataclass(frozen=True)
class Stems:
    """The notes of mixtures with the stop at 0, turned, and with the concept's own frames subtracted."""

    neutral: StemNotes
    turned: StemNotes
    best: StemNotes

    def to_json(self) -> dict[str, dict[str, Estimate]]:
        """As the result's metrics hold it."""
        return {
            NEUTRAL: self.neutral.to_json(),
            TURNED: self.turned.to_json(),
            BEST: self.best.to_json(),
        }


@dataclass(frozen=True)
class Kept:
    """What trackers find of some clips' pitch and notes after an edit.

    Attributes:
        shares: by what is tracked (see `tables.TRACKED`), the share that is still there.
        stems: the notes of mixtures; None where stems aren't known.
    """

    shares: Mapping[str, Estimate] = field(default_factory=dict)
    stems: Stems | None = None


@dataclass(frozen=True)
class SteeringCell:
    """One edit of some clips.

    Attributes:
        detected: by classifier.
        clips: how many there are.
        changed: by measure of `metrics.sound_changes`.
        kept: pitch and notes.
        recovered: how far the sound goes towards the best possible without the concept; None where stems aren't known.
    """

    detected: Mapping[str, Detection]
    clips: int
    changed: Mapping[str, Estimate]
    kept: Kept = Kept()
    recovered: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """As the result's metrics hold it."""
        content: dict[str, Any] = {
            "heard": {name: each.to_json() for name, each in self.detected.items()},
            "clips": self.clips,
            "changed": self.changed,
            **self.kept.shares,
        }
        if self.kept.stems is not None:
            content[STEMS] = self.kept.stems.to_json()
        if self.recovered is not None:
            content["way to the stem"] = self.recovered
        return content


@dataclass(frozen=True)
class Curve:
    """One classifier's answer over the knob's values.

    Attributes:
        probability: the mean over clips at each of the `values`.
        of_the_mean: Spearman's correlation of the mean logit with the knob.
        per_clip: the mean of each clip's own correlation.
    """

    values: Sequence[float]
    probability: Sequence[Estimate]
    of_the_mean: float
    per_clip: Estimate

    def to_json(self) -> dict[str, Any]:
        """As the result's metrics hold it."""
        return {
            "values": self.values,
            "probability": self.probability,
            "of the mean": self.of_the_mean,
            "per clip": self.per_clip,
        }


Cells = dict[str, SteeringCell]
"""By clips: ALONE, MIXED, WITHOUT; those that there are."""


@dataclass(frozen=True)
class ConceptCells:
    """What every edit does for one concept, and the stop's curves.

    Attributes:
        edits: by edit, the stop's first.
        curves: by side of the knob (`minus`, `plus`) and classifier.
    """

    edits: Mapping[str, Cells]
    curves: Mapping[str, Mapping[str, Curve]]

    def to_json(self) -> dict[str, Any]:
        """As the result's metrics hold it."""
        edits = {
            name: {key: cell.to_json() for key, cell in cells.items()} for name, cells in self.edits.items()
        }
        curves = {
            side: {name: curve.to_json() for name, curve in of_side.items()}
            for side, of_side in self.curves.items()
        }
        return {**edits, "dose": curves}


@dataclass(frozen=True)
class Steering:
    """All that is measured.

    Attributes:
        accuracy: by classifier, how right it is.
        in_noise: by classifier and concept, in which share of white noises it detects it.
        concepts: by concept.
    """

    accuracy: Mapping[str, Accuracy]
    in_noise: Mapping[str, Mapping[str, float]]
    concepts: Mapping[str, ConceptCells]

    def to_json(self) -> dict[str, Any]:
        """As the result's metrics hold it."""
        return {
            "ears": self.accuracy,
            "heard in noise": self.in_noise,
            **{concept: each.to_json() for concept, each in self.concepts.items()},
        }
