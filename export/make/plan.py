"""The steps of `drawstop make` with their shares of the time, for its progress."""

from __future__ import annotations

from drawstop.progress import Plan
from export.make.options import Request

BAKING = ("baking and verifying", 8.0)
"""Seconds on one core with two stops' worth of recordings of three seconds; only their ratios count."""

WITH_A_SEPARATOR = (
    (("listening to recordings with", 2.0), ("listening to recordings without", 2.0), ("fitting", 50.0)),
    (("measuring", 10.0),),
)
WITH_AN_SAE = (
    (
        ("listening to recordings with", 6.0),
        ("listening to recordings without", 6.0),
        ("fitting what is brought in", 60.0),
        ("fitting what is taken away", 20.0),
    ),
    (("training a classifier to measure it", 40.0), ("measuring", 20.0)),
)
BEFORE_STOPS = (("encoding recordings", 4.0), ("training the SAE", 30.0))


def planned_steps(request: Request) -> Plan:
    """Every step, in order: all stops are found first, then all are measured."""
    finding, measuring = WITH_A_SEPARATOR if request.is_shipped else WITH_AN_SAE
    return [
        *(() if request.is_shipped else BEFORE_STOPS),
        *(
            (f"{wanted.name}: {what}", share)
            for steps in (finding, measuring)
            for wanted in request.stops
            for what, share in steps
        ),
        BAKING,
    ]
