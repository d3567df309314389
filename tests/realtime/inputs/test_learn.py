"""A gesture is waited for, and its source is described for the user."""

import queue
import time

import mido
import pytest

from realtime.controllers.learning.learned import LearnedSource
from realtime.controllers.midi.source import MidiSource
from realtime.inputs.learn import describe, learn_source
from realtime.inputs.message_queue import MessageQueue
from tests.helpers.control.midi_controller import cc

QUIET_S = 0.05


def test_a_gesture_is_waited_for_and_what_moves_nothing_passed_over() -> None:
    messages: MessageQueue = queue.Queue()
    for device, message in [
        ("box", mido.Message("clock")), ("other", *cc(7, 1)), *(("box", each) for each in cc(20, *range(5)))
    ]:  # fmt: skip
        messages.put((device, message, time.monotonic()))
    assert learn_source(messages, QUIET_S).source == MidiSource("cc", 20, 1, "box")


@pytest.mark.parametrize(
    ("learned", "text"),
    [
        (LearnedSource(MidiSource("cc", 20, 1, "box")), "cc 20 on channel 1 of box: a knob of 7 bits"),
        (LearnedSource(MidiSource("cc", 20, 1, "box"), "toggle"), "cc 20 on channel 1 of box: a button"),
        (
            LearnedSource(MidiSource("cc", 20, 1, "box"), "relative", encoding="sign-bit"),
            "cc 20 on channel 1 of box: an endless encoder, sign-bit",
        ),
        (
            LearnedSource(MidiSource("cc14", 1, 2, "box"), order="lsb-first"),
            "cc14 1 on channel 2 of box: a 14-bit controller, lsb-first",
        ),
        (
            LearnedSource(MidiSource("nrpn", 300, 2, "box"), "relative"),
            "nrpn 300 on channel 2 of box: an endless encoder, increments",
        ),
        (
            LearnedSource(MidiSource("program", 3, 1, "box"), "toggle"),
            "program 3 on channel 1 of box: a program change",
        ),
        (
            LearnedSource(MidiSource("mpe pressure", device="box")),
            "mpe pressure of box: a finger on an MPE controller, any note",
        ),
    ],
)
def test_a_learned_source_is_described(learned: LearnedSource, text: str) -> None:
    assert describe(learned) == text
