"""Guitar music with a male voice, where what happens is known; and the committed figures of the demo's RAVE."""

import pytest
from evidence_tones import Tones, tones_of

from training.evidence import duet
from training.evidence.bench import RANDOM, STOP
from training.evidence.together import together_section

HERTZ = {duet.GUITAR: 440.0, duet.MALE: 1760.0, duet.FEMALE: 990.0}


@pytest.fixture(scope="module")
def tones() -> Tones:
    return tones_of(HERTZ)


def heard(cell: dict[str, object], edit: str) -> dict[str, float]:
    shares = cell[edit]["fork"]  # type: ignore[index]
    return {concept: estimate["mean"] for concept, estimate in shares.items()}


def test_every_way_ends_in_a_guitar_and_a_man_and_a_random_edit_leaves_what_was(tones: Tones) -> None:
    section = together_section(tones)
    cases = section.figures["duet"]["cases"]
    assert list(cases) == [case.title for case in duet.CASES]
    for case in duet.CASES:
        cell = cases[case.title]
        before = {concept: float(concept in case.before) for concept in HERTZ}
        assert heard(cell, duet.REST) == heard(cell, RANDOM) == before
        assert heard(cell, STOP) == {duet.GUITAR: 1.0, duet.MALE: 1.0, duet.FEMALE: 0.0}
        assert cell["clips"] == tones.options.most_clips
    truth = section.figures["duet"][duet.TRUTH]
    assert heard(truth, duet.REST) == {duet.GUITAR: 1.0, duet.MALE: 1.0, duet.FEMALE: 0.0}
    titles = [block.title for block in section.blocks if hasattr(block, "title")]
    assert sum("male voice, out of" in title for title in titles) == len(duet.CASES)


def test_without_a_stop_for_women_two_ways_are_left(tones: Tones) -> None:
    two = tones_of({duet.GUITAR: 440.0, duet.MALE: 1760.0})
    assert list(duet.measure(two, two.edits())["cases"]) == [case.title for case in duet.CASES[:2]]
    assert not duet.possible(["guitar", "voice"])
