"""The curves of the section "classification"."""

from __future__ import annotations

import numpy as np

from training.evidence.classification import ALL_FEATURES, BASELINE, Classification, Reading
from training.evidence.clips import HeardSet
from training.evidence.over_time import WINDOW_SECONDS
from training.evidence.section import Line, Plot

_SHOWN = 4  # recordings in the plot over time
_CURVE_BINS = 5


def calibration_plot(found: Classification) -> Plot:
    """What probes say beside what is true, over all concepts."""
    lines = [Line("exact", (0.0, 1.0), (0.0, 1.0))]
    for name in (ALL_FEATURES, BASELINE):
        p = np.concatenate([each.found[name].probabilities for each in found.readings])
        y = np.concatenate([each.found[name].labels for each in found.readings])
        parts = np.array_split(np.argsort(p, kind="stable"), min(_CURVE_BINS, len(p)))
        x, seen = (
            [round(float(values[part].mean()), 4) for part in parts] for values in (p, y.astype(float))
        )
        lines.append(Line(name, tuple(x), tuple(seen)))
    return Plot(
        "Said and true",
        "probability that the probe says",
        "share that has the concept",
        tuple(lines),
        note="All concepts together, in fifths of the answers.",
    )


def time_plot(reading: Reading, heard: HeardSet) -> Plot:
    """How likely a concept is over some recordings with it and some without."""
    names = [each.path.stem for each, loud in zip(heard.data.recordings, heard.loud, strict=True) if loud]
    sides = [np.flatnonzero(reading.seconds.labels == side)[: _SHOWN // 2] for side in (True, False)]
    lines = []
    for side, places in zip(("with", "without"), sides, strict=True):
        for place in places:
            p = reading.seconds.probabilities[place]
            sounding = np.flatnonzero(np.isfinite(p))
            x = tuple(float(i * WINDOW_SECONDS) for i in sounding)
            lines.append(Line(f"{side}: {names[place]}", x, tuple(round(float(p[i]), 4) for i in sounding)))
    return Plot(
        f"When does {reading.concept} sound?",
        "seconds",
        "probability",
        tuple(lines),
        note="By probes that learned from other recordings; silent seconds have no answer.",
    )
