"""Gestures as they are made: of a corpus nearly all are recognised, and what is recognised wrongly is said to be unsure."""

from collections.abc import Sequence

import mido
import pytest

from realtime.controllers.learning.detect import detect
from realtime.controllers.learning.gesture import ENDLESS_S, QUIET_S, Gesture
from realtime.controllers.learning.learned import LearnedSource
from tests.helpers.control.learn_gestures import (
    CorpusGesture,
    Event,
    at,
    cc,
    corpus,
    differs,
    note,
    paced,
    sevens,
)

RIGHT = 0.95
"""The least share of the corpus that must be recognised; by chance it would be a few in a hundred."""
POLL_S = 0.2
WAIT_S = QUIET_S + ENDLESS_S + 1.0
"""After its last message a gesture is over by then."""
CORPUS = corpus()


def played(events: Sequence[Event]) -> tuple[LearnedSource | None, float]:
    """What is learned from messages that come in time, and when."""
    gesture, now, coming = Gesture(), 0.0, list(events)
    while now < events[-1][0] + WAIT_S:
        now += POLL_S
        while coming and coming[0][0] <= now:
            moment, device, message = coming.pop(0)
            gesture.add(device, message, moment)
        if (learned := gesture.learned(now)) is not None:
            return learned, now
    return None, now


@pytest.fixture(scope="module")
def answers() -> list[tuple[CorpusGesture, LearnedSource | None]]:
    return [(gesture, played(gesture.events)[0]) for gesture in CORPUS]


@pytest.mark.slow
def test_of_the_corpus_nearly_all_is_right_and_nothing_is_wrong_and_sure(
    answers: list[tuple[CorpusGesture, LearnedSource | None]],
) -> None:
    wrong = [
        (gesture.name, learned)
        for gesture, learned in answers
        if learned is None or differs(learned, gesture)
    ]
    assert [each for each in wrong if each[1] is None or each[1].sure] == []
    assert len({gesture.name for gesture, _ in answers}) == len(answers) >= 40
    assert 1 - len(wrong) / len(answers) >= RIGHT, wrong


@pytest.mark.slow
def test_a_wrong_first_guess_of_the_corpus_is_right_the_second_time(
    answers: list[tuple[CorpusGesture, LearnedSource | None]],
) -> None:
    wrong = [(gesture, each) for gesture, each in answers if each is not None and differs(each, gesture)]
    assert all(each.second is not None and not differs(each.second, gesture) for gesture, each in wrong)


def test_a_gesture_ends_with_the_silence_of_its_own_source() -> None:
    tremble: list[Event] = [(0.02 * i, "other", cc(1, 63 + i % 2)) for i in range(500)]
    turn = paced(sevens(20, [i / 40 for i in range(40)]))
    learned, when = played(sorted([*tremble, *turn], key=lambda event: event[0]))
    assert learned is not None and str(learned.source) == "cc 20"
    assert turn[-1][0] + QUIET_S <= when <= turn[-1][0] + QUIET_S + 2 * POLL_S


def test_two_knobs_turned_alike_are_reported_as_unsure() -> None:
    both = [
        event
        for a, b in zip(range(30, 60), range(80, 50, -1), strict=True)
        for event in (cc(20, a), cc(21, b))
    ]
    learned = detect(both)
    assert learned.second is not None
    assert {str(learned.source), str(learned.second.source)} == {"cc 20", "cc 21"}


def test_a_fader_that_ends_where_it_began_may_be_a_pads_pressure() -> None:
    learned = detect([note(104, 127), *sevens(20, [0, 0.2, 0.6, 0.9, 0.3, 0]), note(104, 0)])
    assert learned.second is not None
    assert {str(learned.source), str(learned.second.source)} == {"note 104", "cc 20"}


def test_a_key_beside_a_moved_wheel_is_no_touch() -> None:
    learned = detect(
        [note(60, 90), *(mido.Message("pitchwheel", pitch=p) for p in range(0, 8000, 500)), note(60, 0)]
    )
    assert str(learned.source) == "note 60"


def test_two_programs_are_two_guesses() -> None:
    programs = [mido.Message("program_change", program=p) for p in (3, 4)]
    learned = detect([message for _, _, message in at(*zip((0.1, 0.5), programs, strict=True))])
    assert learned.second is not None
    assert (str(learned.source), str(learned.second.source)) == ("program 3", "program 4")
