"""Values are sent back to motor faders and rings of lights, but not to the knob that moved."""

from collections.abc import Iterator

import mido
import pytest

from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.midi.feedback import MidiFeedback
from realtime.controllers.midi.source import parse_source
from realtime.controllers.parameters import ParameterStore
from tests.helpers.control.event_recorder import EventRecorder
from tests.helpers.waiting import wait_for

STOPS = tuple(StopDescription(slug, slug, slug) for slug in ("guitar", "voice"))


class FeedbackSetup:
    """The feedback of a mapping with two pages, and the messages that it has sent."""

    def __init__(self) -> None:
        self.parameters = ParameterStore(EventRecorder(), STOPS)
        self.sent, self.page = list[tuple[str, mido.Message]](), "one"
        knobs = (
            Knob(parse_source("cc 20", 1), "guitar"),
            Knob(parse_source("cc 21", 1), "voice", page="one"),
            Knob(parse_source("cc 22", 1), "voice", page="two"),
            Knob(parse_source("cc 23", 1), "voice", "relative"),
            Knob(parse_source("note 36", 1, "other"), "guitar", "toggle"),
        )
        self.feedback = MidiFeedback(
            self.parameters,
            lambda device, message: self.sent.append((device, message)),
            lambda: Mapping(knobs),
            lambda: self.page,
        )

    def wait_for(self, *expected: tuple[str, int, int]) -> None:
        """Wait until these have been sent: device, controller, data."""

        def controls() -> list[tuple[str, int, int]]:
            return [(device, message.control, message.value) for device, message in self.sent]

        wait_for(lambda: sorted(controls()) == sorted(expected), f"{expected}")
        self.sent.clear()


@pytest.fixture
def setup() -> Iterator[FeedbackSetup]:
    made = FeedbackSetup()
    with made.feedback:
        yield made


def test_a_new_output_is_sent_all_values_of_the_page(setup: FeedbackSetup) -> None:
    setup.parameters.move({"guitar": 1.0}, "test")
    setup.feedback.set_outputs(["box"])
    setup.wait_for(("box", 20, 127), ("box", 21, 64))
    setup.page = "two"
    setup.feedback.send_all()
    setup.wait_for(("box", 20, 127), ("box", 22, 64))


def test_a_movement_is_sent_to_all_knobs_but_the_one_that_moved(setup: FeedbackSetup) -> None:
    setup.feedback.set_outputs(["box"])
    setup.wait_for(("box", 20, 64), ("box", 21, 64))
    setup.parameters.move({"guitar": -1.0}, "cc 20", origin=parse_source("cc 20", 1, "box in"))
    setup.parameters.move({"voice": -1.0}, "osc", origin=object())
    setup.wait_for(("box", 21, 0))
