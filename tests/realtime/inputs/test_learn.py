"""A gesture ends when a controller falls silent, and its source is described for the user."""

import queue
import time

import mido
import pytest
from midi_controller import cc

from realtime.controllers.mapping.learn import QUIET_S as FIRST_GESTURE_S
from realtime.controllers.mapping.learn import LearnedSource
from realtime.controllers.midi.source import MidiSource
from realtime.inputs.learn import describe, learn_source, next_gesture
from realtime.inputs.message_queue import MessageQueue

QUIET_S = 0.05


def queue_of(*messages: tuple[str, mido.Message]) -> MessageQueue:
    filled: MessageQueue = queue.Queue()
    for device, message in messages:
        filled.put((device, message, 0.0))
    return filled


def test_a_gesture_is_what_the_device_that_sent_most_has_sent_without_its_clock() -> None:
    turned = cc(20, *range(5))
    messages = queue_of(
        ("box", mido.Message("clock")), ("other", *cc(7, 1)), *(("box", message) for message in turned)
    )
    assert next_gesture(messages, QUIET_S) == ("box", turned)


def test_a_gesture_that_moves_no_knob_is_passed_over() -> None:
    messages = queue_of(("box", mido.Message("program_change", program=3)))
    later = [("box", message, 0.0) for message in cc(20, 1, 5, 9)]

    class Delayed(queue.Queue):  # type: ignore[type-arg]
        """Gives the first messages, and the later ones after the first gesture."""

        silences = 0.0

        def get(self, block: bool = True, timeout: float | None = None) -> object:
            try:
                return messages.get(False)
            except queue.Empty:
                time.sleep(timeout or 0.0)
                self.silences += timeout or 0.0
                if self.silences > 1.5 * FIRST_GESTURE_S and later:
                    return later.pop(0)
                raise

    assert learn_source(Delayed()).source == MidiSource("cc", 20, 1, "box")


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
            LearnedSource(MidiSource("mpe pressure", device="box")),
            "mpe pressure of box: a finger on an MPE controller, any note",
        ),
    ],
)
def test_a_learned_source_is_described(learned: LearnedSource, text: str) -> None:
    assert describe(learned) == text
