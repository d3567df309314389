"""What the encoder sends for a position, the decoder reads as that position."""

import numpy as np
import pytest

from realtime.controllers.midi.decoder import MidiDecoder
from realtime.controllers.midi.encoder import data_at, messages_for
from realtime.controllers.midi.source import ControllerInput, Order, parse_source


@pytest.mark.parametrize("order", ["msb-first", "lsb-first"])
@pytest.mark.parametrize("text", ["cc 20", "note 60", "bend", "cc14 1", "nrpn 1000", "rpn 1000"])
def test_a_position_comes_back_within_half_a_step(text: str, order: Order) -> None:
    source = parse_source(text, 2)
    for position in np.linspace(0.0, 1.0, 201):
        decoder = MidiDecoder("box", {source: order})
        messages = messages_for(source, float(position), order)
        inputs = [each for message in messages for each in decoder.decode(message)]
        (last,) = [each for each in inputs if source.matches(each)]
        half_step = 0.5 / ((last.maximum + 1) // 2 - 1) / 2
        assert last.position == pytest.approx(position, abs=half_step + 1e-12)


@pytest.mark.parametrize("maximum", [127, 16383])
def test_data_and_position_are_inverse(maximum: int) -> None:
    kind = "cc 1" if maximum == 127 else "bend"
    for data in {0, 1, maximum // 2, maximum // 2 + 1, maximum - 1, maximum}:
        assert data_at(ControllerInput(parse_source(kind), data).position, maximum) == data
    assert (data_at(-1.0, maximum), data_at(2.0, maximum)) == (0, maximum)


def test_kinds_that_no_controller_can_show_have_no_messages() -> None:
    for text in ("pressure", "key-pressure 60", "program 3", "mpe bend"):
        assert messages_for(parse_source(text), 0.5) == []
