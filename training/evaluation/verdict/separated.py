"""From a separated stop's figures to plain words: what it takes away, what it spares, and what would make it better."""

from __future__ import annotations

from drawstop.types import JsonObject
from training.evaluation.verdict.text import FEW_RECORDINGS, Grade, Verdict

ENOUGH_CLIPS = 4
DEEP_DB, PARTLY_DEEP_DB = 12.0, 6.0
"""Fall, in dB, of the concept alone from which on -1 works well, or in part."""
SPARED_DB, PARTLY_SPARED_DB = 1.5, 3.0
"""Fall, in dB, of sound without the concept up to which -1 counts as sparing it, or as sparing it in part."""
BEYOND_RANDOM_DB = 6.0
"""How much further, in dB, the concept must fall than under a random query of the same energy."""

BRINGS_IN = "+1 plays grains of the recordings with it; whether that brings it in wasn't measured: listen"
UNKNOWN: Grade = "unknown"


def separated_verdict(measured: JsonObject, found: JsonObject) -> Verdict:
    """The verdict on one stop.

    Args:
        measured: what `find.separated.measure` gave.
        found: the stop's own figures.
    """
    clips = measured["clips"]
    if min(clips.values()) < ENOUGH_CLIPS:
        fewest = min(clips, key=lambda name: int(clips[name]))
        sentence = f"can't be judged: there are {clips[fewest]} unseen {fewest} only (expected {ENOUGH_CLIPS} or more)"
        grade = UNKNOWN
        advice: tuple[str, ...] = ("longer recordings, or more of them",)
    else:
        grade, sentence = _removal(measured)
        advice = _advice(grade, measured["others_fall_db"]["stop"], found)
    sentences = (sentence, BRINGS_IN) if found.get("brings_in") else (sentence,)
    return Verdict(grade, UNKNOWN, sentences, advice)


def _removal(measured: JsonObject) -> tuple[Grade, str]:
    """How well -1 works, in a word and in a sentence."""
    fall, gain, touched = (measured[name] for name in ("solo_falls_db", "rest_gains_db", "others_fall_db"))
    grade = _grade(fall["stop"], fall["random"], touched["stop"])
    words = {"well": "removes well", "partly": "removes partly"}.get(grade, "hardly removes")
    return grade, (
        f"−1 {words}: alone it falls by {fall['stop']:.0f} dB (random query {fall['random']:.0f}); what stays of mixtures comes "
        f"{gain['stop']:+.1f} dB nearer to the truth (random {gain['random']:+.1f}); others fall by {touched['stop']:.1f} dB"
    )


def _grade(fall: float, random: float, touched: float) -> Grade:
    if fall - random < BEYOND_RANDOM_DB:
        return "weak"
    if fall >= DEEP_DB and touched <= SPARED_DB:
        return "well"
    return "partly" if fall >= PARTLY_DEEP_DB and touched <= PARTLY_SPARED_DB else "weak"


def _advice(grade: Grade, touched: float, found: JsonObject) -> tuple[str, ...]:
    if grade == "well":
        return ()
    advice = []
    fewest = min(found["recordings_with"], found["recordings_without"])
    if fewest < FEW_RECORDINGS:
        advice.append(
            f"{fewest} recordings of a kind are few: ten or more, of different players and instruments"
        )
    if touched > SPARED_DB:
        advice.append("it takes from other sounds too: add recordings without it that sound like those")
    if not advice:
        advice.append("a narrower concept is easier: “nylon guitar” rather than “guitar”")
    return tuple(advice)
