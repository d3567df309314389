"""From a verdict's figures to plain words: what a stop does, and what would make it better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from drawstop.types import JsonObject

TRUSTED_AUROC = 0.8
"""Below this AUROC on unseen recordings, a classifier proves nothing."""

ENOUGH_CLIPS = 4
"""Fewer clips than these carry no verdict."""

GONE, PARTLY_GONE = 0.2, 0.5
"""-1 works well, or in part, where the concept is still detected in at most this share of the clips."""

BROUGHT, PARTLY_BROUGHT = 0.7, 0.4
"""+1 works well, or in part, where it is detected in at least this share of the clips."""

BEYOND_RANDOM, PARTLY_BEYOND_RANDOM = 0.3, 0.15
"""Margin over the random edit of the same size that each word needs."""

OTHERS_SPARED = 0.1
"""Share of the others' energy that -1 may change; above it the verdict says so."""

ADDITIVE = 0.1
"""Additivity error above which the model's latents hardly add up."""

FEW_RECORDINGS = 10
DETECTED_AUROC = 0.75
"""Below this AUROC on unseen recordings, features hardly detect the concept."""

Grade = Literal["well", "partly", "weak", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """The effect of each side of the knob, in a word and in a sentence, and advice."""

    removes: Grade
    brings_in: Grade
    sentences: tuple[str, ...]
    advice: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """For figures.json."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }


def verdict(measured: JsonObject, found: JsonObject) -> Verdict:
    """The verdict on one stop.

    Args:
        measured: what `measure.measure` gave.
        found: the stop's own figures, from `find`.
    """
    classifier = measured["ear"]["reconstructions"]
    if classifier["auroc"] < TRUSTED_AUROC:
        sentence = (
            f"can't be judged: the classifier that was trained for this tells unseen recordings with and without it apart with "
            f"an AUROC of {classifier['auroc']:.2f} only (expected {TRUSTED_AUROC} or more)"
        )
        return Verdict("unknown", "unknown", (sentence,), _advice(measured, found, "unknown", "unknown"))
    removes, removal = _removal(measured)
    brings_in, bringing = _bringing(measured)
    return Verdict(removes, brings_in, (removal, bringing), _advice(measured, found, removes, brings_in))


def _removal(measured: JsonObject) -> tuple[Grade, str]:
    away = measured["at_minus_1"]
    clips = away["clips_heard_at_0"]
    if clips < ENOUGH_CLIPS:
        return "unknown", f"−1 can't be judged: at 0 it is detected in {clips} clips only"
    still, random = away["still_heard_stop"], away["still_heard_random"]
    grade = _grade(random - still, still <= GONE, still <= PARTLY_GONE)
    words = _words(grade, "removes", still <= PARTLY_GONE)
    details = [f"still detected in {still:.0%} of {clips} clips, random edit {random:.0%}"]
    way, random_way = (away["mixtures"][f"way_to_oracle_{name}"] for name in ("stop", "random"))
    if way is not None:
        details.append(f"mixtures come {way:.0%} of the way to the best possible, random {random_way:.0%}")
    changed = measured["others_changed"]
    details.append(f"others lose {changed:.0%}" + (", too much" if changed > OTHERS_SPARED else ""))
    return grade, f"−1 {words}: {'; '.join(details)}"


def _bringing(measured: JsonObject) -> tuple[Grade, str]:
    added = measured["at_plus_1"]
    clips = added["clips_not_heard_at_0"]
    if clips < ENOUGH_CLIPS:
        return "unknown", f"+1 can't be judged: at 0 it is detected in all but {clips} clips without it"
    brought, random = added["brought_in_stop"], added["brought_in_random"]
    grade = _grade(brought - random, brought >= BROUGHT, brought >= PARTLY_BROUGHT)
    words = _words(grade, "brings in", brought >= PARTLY_BROUGHT)
    share = f"detected in {brought:.0%} of {clips} clips, random edit {random:.0%}"
    return grade, f"+1 {words}: {share}; level {added['level_db_stop']:+.1f} dB"


def _grade(beyond_random: float, well: bool, partly: bool) -> Grade:
    if well and beyond_random >= BEYOND_RANDOM:
        return "well"
    return "partly" if partly and beyond_random >= PARTLY_BEYOND_RANDOM else "weak"


def _words(grade: Grade, does: str, seems_to: bool) -> str:
    if grade == "weak" and seems_to:
        return f"{does}, but hardly more than a random edit of the same size"
    return {"well": f"{does} well", "partly": f"{does} partly"}.get(grade, f"hardly {does}")


def _advice(measured: JsonObject, found: JsonObject, removes: Grade, brings_in: Grade) -> tuple[str, ...]:
    """How to improve the stop, as far as the figures show."""
    advice = []
    classifier = measured["ear"]
    if classifier["reconstructions"]["auroc"] < TRUSTED_AUROC <= classifier["originals"]["auroc"]:
        advice.append(
            "the recordings differ clearly, this RAVE's reconstructions of them don't: train it longer, or on such sounds"
        )
    if brings_in != "well" and not found["parallel_pairs"]:
        advice.append(
            "for +1, record the same phrases with and without it, under the same file name or the same up to an @"
        )
    if "well" == removes == brings_in:
        return tuple(advice)
    fewest = min(found["recordings_with"], found["recordings_without"])
    if fewest < FEW_RECORDINGS:
        advice.append(
            f"{fewest} recordings of a kind are few: ten or more, of different players and instruments"
        )
    if found["additivity_error"] > ADDITIVE:
        advice.append(
            f"this RAVE's latents hardly add up (error {found['additivity_error']:.2f}): "
            "drawstop fine-tune makes them, else -1 stays limited"
        )
    detected = found.get("held_out_auroc")
    if (
        detected is not None and detected < DETECTED_AUROC
    ):  # NaN, as earlier versions stored it, is below nothing
        advice.append(
            f"its features hardly tell the recordings apart (AUROC {detected:.2f}): make the two folders differ "
            "in the concept alone"
        )
    if removes in ("weak", "partly") and not advice:
        advice.append("more and longer recordings without it, of everything that it should be told from")
    return tuple(advice)
