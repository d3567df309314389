"""The measurements of the steering experiment: a cell for each edit of some clips, a curve for each classifier.

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
    """Shares of a cell's clips in which one classifier detects a concept.

    Attributes:
        neutral, turned: with the stop at 0, and turned.
        changeable: turned, among the clips in which it was detected at 0 (-1) or wasn't (+1).
        new_timbres: turned, among the clips with timbres that nothing was trained on.
        others: by other concept, the change of the share from 0 to turned.
    """

    neutral: Estimate
    turned: Estimate
    changeable: Estimate
    new_timbres: Estimate
    others: Mapping[str, Estimate]

    def to_json(self) -> dict[str, Any]:
        """The dictionary in the result's metrics."""
        return {
            NEUTRAL: self.neutral,
            TURNED: self.turned,
            "of those": self.changeable,
            "new timbres": self.new_timbres,
            "others": self.others,
        }


@dataclass(frozen=True)
class StemNotes:
    """Which notes of a mixture's stems sound in a sound, as shares of those tracked in each stem alone.

    Attributes:
        others_kept: share of the other concepts' notes that sound.
        own_left: share of the concept's own notes that sound, without those that the others play too.
    """

    others_kept: Estimate
    own_left: Estimate

    def to_json(self) -> dict[str, Estimate]:
        """The dictionary in the result's metrics."""
        return {OTHERS_KEPT: self.others_kept, OWN_LEFT: self.own_left}


@dataclass(frozen=True)
class StemShares:
    """Shares of stems' notes in mixtures: with the stop at 0, turned, and with the concept's own frames subtracted."""

    neutral: StemNotes
    turned: StemNotes
    best: StemNotes

    def to_json(self) -> dict[str, dict[str, Estimate]]:
        """The dictionary in the result's metrics."""
        return {
            NEUTRAL: self.neutral.to_json(),
            TURNED: self.turned.to_json(),
            BEST: self.best.to_json(),
        }


@dataclass(frozen=True)
class Retention:
    """Shares of pitch and notes that remain after an edit.

    Attributes:
        shares: by what is tracked (see `tables.TRACKED`), the share that remains.
        stems: the notes of mixtures; None where stems aren't known.
    """

    shares: Mapping[str, Estimate] = field(default_factory=dict)
    stems: StemShares | None = None


@dataclass(frozen=True)
class SteeringCell:
    """One edit of some clips.

    Attributes:
        detected: by classifier, the shares of clips in which concepts are detected.
        clips: how many there are.
        changed: by measure of `metrics.sound_changes`.
        retention: pitch and notes that remain.
        recovered: how far the sound goes towards the best possible without the concept; None where stems aren't known.
    """

    detected: Mapping[str, Detection]
    clips: int
    changed: Mapping[str, Estimate]
    retention: Retention = Retention()
    recovered: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """The dictionary in the result's metrics."""
        content: dict[str, Any] = {
            "heard": {name: each.to_json() for name, each in self.detected.items()},
            "clips": self.clips,
            "changed": self.changed,
            **self.retention.shares,
        }
        if self.retention.stems is not None:
            content[STEMS] = self.retention.stems.to_json()
        if self.recovered is not None:
            content["way to the stem"] = self.recovered
        return content


@dataclass(frozen=True)
class KnobCurve:
    """One classifier's mean probability over the knob's values.

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
        """The dictionary in the result's metrics."""
        return {
            "values": self.values,
            "probability": self.probability,
            "of the mean": self.of_the_mean,
            "per clip": self.per_clip,
        }


Cells = dict[str, SteeringCell]
"""Cells by clips: ALONE, MIXED, WITHOUT, where there are any."""


@dataclass(frozen=True)
class ConceptCells:
    """The cells of every edit for one concept, and the stop's curves.

    Attributes:
        edits: cells by edit, the stop's first.
        curves: by side of the knob (`minus`, `plus`) and classifier.
    """

    edits: Mapping[str, Cells]
    curves: Mapping[str, Mapping[str, KnobCurve]]

    def to_json(self) -> dict[str, Any]:
        """The dictionary in the result's metrics."""
        edits = {
            name: {key: cell.to_json() for key, cell in cells.items()} for name, cells in self.edits.items()
        }
        curves = {
            side: {name: curve.to_json() for name, curve in of_side.items()}
            for side, of_side in self.curves.items()
        }
        return {**edits, "dose": curves}


@dataclass(frozen=True)
class SteeringMeasurements:
    """All measurements of the steering experiment.

    Attributes:
        accuracy: the accuracy of each classifier.
        in_noise: by classifier and concept, the share of white noises in which it is detected.
        concepts: cells and curves by concept.
    """

    accuracy: Mapping[str, Accuracy]
    in_noise: Mapping[str, Mapping[str, float]]
    concepts: Mapping[str, ConceptCells]

    def to_json(self) -> dict[str, Any]:
        """The dictionary in the result's metrics."""
        return {
            "ears": self.accuracy,
            "heard in noise": self.in_noise,
            **{concept: each.to_json() for concept, each in self.concepts.items()},
        }
