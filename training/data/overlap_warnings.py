"""Reasons why results on a data set could be better than they should be, a sentence each; nothing is refused."""

from __future__ import annotations

from collections import defaultdict

from training.data.labelled_set import LabelledRecording, LabelledSet


def overlap_warnings(data: LabelledSet) -> tuple[str, ...]:
    """Warnings of what may be learnt instead of a concept: a recording on both sides of the split, a single timbre."""
    warnings = [_both_sides(data), _two_labels(data)]
    for concept in data.concepts:
        present = [recording for recording in data.recordings if concept in recording.labels]
        warnings += [_one_player(concept, present), _companion(data, concept, present)]
    return tuple(sentence for sentence in warnings if sentence)


def _both_sides(data: LabelledSet) -> str:
    tested = {recording.group for recording in data.of("test")}
    both = sorted(tested & {recording.group for recording in data.of("train", "validation")})
    if not both:
        return ""
    if data.layout == "folders":
        copies = [r.path.name for r in data.of("test") if r.group == both[0]]
        return f"of {len(tested)} sounds to test on, in train or validation too: {len(both)}, as {copies[0]}"
    return f"of {len(tested)} tracks or artists to test on, in train or validation too: {len(both)}, as {both[0]}"


def _two_labels(data: LabelledSet) -> str:
    """A warning about copies of one file that have different labels; empty if there are none."""
    if data.layout != "folders":
        return ""
    copies: dict[str, list[LabelledRecording]] = defaultdict(list)
    for recording in data.recordings:
        copies[recording.group].append(recording)
    torn = [each for each in copies.values() if len({recording.labels for recording in each}) > 1]
    if not torn:
        return ""
    example = " and ".join(str(recording.path) for recording in torn[0][:2])
    return f"sounds that are there under different labels: {len(torn)}, as {example}"


def _one_player(concept: str, present: list[LabelledRecording]) -> str:
    timbres = {recording.timbre for recording in present}
    if len(present) > 1 and len(timbres) == 1 and "" not in timbres:
        return f"every recording with {concept} has the timbre {timbres.pop()}: that may be learnt instead"
    return ""


def _companion(data: LabelledSet, concept: str, present: list[LabelledRecording]) -> str:
    """A warning about concepts that sound whenever this one does; empty if there are none."""
    common = frozenset.intersection(*(recording.labels for recording in present)) - {concept}
    if not common or len(present) < 2:
        return ""
    return f"{concept} never sounds without {', '.join(sorted(common))}: the one may be learnt for the other"
