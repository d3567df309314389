"""Learning while a performance plays: one stop waits, takes what is moved, and leaves the rest to the mapping."""

import mido

from realtime.controllers.learning.gesture import QUIET_S
from realtime.controllers.learning.live import LiveLearning
from realtime.controllers.mapping.mapping import Knob, default_mapping, with_knobs
from realtime.controllers.midi.source import MidiSource
from tests.helpers.control.learn_gestures import cc

TURN = [*range(0, 128, 4), *range(127, 30, -4)]


def turned(learning: LiveLearning, number: int) -> float:
    """Turn a knob to and fro; the moment of its last message."""
    for index, value in enumerate(TURN):
        assert learning.take("box", cc(number, value), 0.02 * index)
    return 0.02 * len(TURN)


def test_a_waiting_stop_takes_the_next_gesture_once_and_no_message_else() -> None:
    learning = LiveLearning()
    assert not learning.take("box", cc(20, 1), 0.0) and learning.learned(99.0) is None
    learning.start("guitar")
    assert not learning.take("box", mido.Message("clock"), 0.0)
    end = turned(learning, 33)
    assert learning.learned(end) is None and learning.stop == "guitar"
    stop, learned = learning.learned(end + QUIET_S + 0.1) or ("", None)
    assert stop == "guitar" and learned is not None
    assert str(learned.source) == "cc 33" and learned.source.channel == 1
    assert learning.stop == "" and not learning.take("box", cc(33, 5), end + 5)


def test_an_ended_wait_forgets_what_was_moved() -> None:
    learning = LiveLearning()
    learning.start("guitar")
    end = turned(learning, 33)
    learning.start("")
    assert learning.learned(end + 9) is None
    learning.start("voice")
    assert learning.learned(end + 9) is None and learning.stop == "voice"


def test_a_learned_knob_takes_its_control_from_other_knobs_and_from_no_other_channel() -> None:
    mapping = default_mapping(["guitar", "voice"])
    learning = LiveLearning()
    learning.start("voice")
    end = turned(learning, 20)
    _, learned = learning.learned(end + QUIET_S + 0.1) or ("", None)
    assert learned is not None
    other = Knob(MidiSource("cc", 20, 9), "guitar")
    result = with_knobs(mapping, [other, learned.knob("voice")])
    twenty = [(each.source.channel, each.stop) for each in result.knobs if str(each.source) == "cc 20"]
    assert twenty == [(9, "guitar"), (1, "voice")]
    assert len(result.knobs) == len(mapping.knobs) + 1  # cc 20 on any channel has gone, two have come
