"""The steps of `drawstop make` and about how long each one takes, for its progress."""

from __future__ import annotations

from drawstop.audio.decoding import header_of
from drawstop.progress import Plan, Step
from export.make.options import MakeRequest, StopRequest

LAST: Plan = ([("baking and verifying", 10.0)], [("writing clips", 1.0)])
"""Seconds on two cores, as are all numbers here."""

ENCODING_VARIED, ENCODING = 0.035, 0.015
"""Seconds of work per second of sound: encoding it with its variations, and alone."""


def planned_steps(request: MakeRequest) -> Plan:
    """Every step, in order: all stops are found first, then all are measured."""
    finding, measuring = (_query, _QUERY_MEASURED) if request.is_shipped else (_stop, _STOP_MEASURED)
    return [
        *(() if request.is_shipped else (_sae(request),)),
        *(_named(wanted, finding(wanted)) for wanted in request.stops),
        *(_named(wanted, measuring) for wanted in request.stops),
        *LAST,
    ]


def _query(wanted: StopRequest) -> Step:
    """A stop of the shipped model."""
    return [
        *_listening(wanted),
        ("listening to mixtures", 4.0),
        ("comparing known queries", 31.0),
        ("fitting", 12.0),
    ]


_QUERY_MEASURED: Step = [("measuring", 3.0)]


def _sae(request: MakeRequest) -> Step:
    sound = sum(_seconds(wanted) for wanted in request.stops)
    return [("encoding recordings", ENCODING * sound), ("training the SAE", 17.0)]


def _stop(wanted: StopRequest) -> Step:
    """A stop of an SAE's features."""
    return [
        *_listening(wanted),
        ("fitting what is brought in", 31.0),
        ("fitting what is taken away", 56.0),
        ("fitting when it is brought in", 100.0),
    ]


_STOP_MEASURED: Step = [("training a classifier to measure it", 56.0), ("measuring", 3.0)]


def _listening(wanted: StopRequest) -> Step:
    sides = (("with", wanted.with_paths), ("without", wanted.without_paths))
    return [
        (f"listening to recordings {name}", ENCODING_VARIED * sum(header_of(path).seconds for path in paths))
        for name, paths in sides
    ]


def _seconds(wanted: StopRequest) -> float:
    return sum(header_of(path).seconds for path in (*wanted.with_paths, *wanted.without_paths))


def _named(wanted: StopRequest, step: Step) -> Step:
    return [(f"{wanted.name}: {what}", seconds) for what, seconds in step]
