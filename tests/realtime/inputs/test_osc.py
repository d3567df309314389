"""The options of OSC are checked before anything is started for them."""

import pytest

from drawstop.errors import DrawstopError
from realtime.inputs.osc import OscOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (OscOptions(query=9001), "add --osc 9000"),
        (OscOptions(announce=True), "add --osc 9000"),
        (OscOptions(0), "OSC's port must be in 1..65535, got 0"),
        (OscOptions(9000, 70000), "OSCQuery's port must be in 1..65535, got 70000"),
        (OscOptions(9000, 9000), "give --oscquery another, such as 9001"),
        (OscOptions(9000, announce=True), "none can reach 127.0.0.1; add --listen 0.0.0.0"),
        (OscOptions(feedback=["tablet:9001"]), "add --osc 9000"),
        (OscOptions(9000, feedback=["tablet"]), "takes HOST:PORT, such as 192.168.1.20:9001, got 'tablet'"),
        (OscOptions(9000, feedback=["tablet:0"]), "takes HOST:PORT"),
        (OscOptions(9000, allow=["nowhere"]), "got 'nowhere'"),
    ],
)
def test_options_that_do_not_fit_are_one_line_with_the_cure(options: OscOptions, message: str) -> None:
    with pytest.raises(DrawstopError, match=message):
        options.check()


def test_options_that_fit_are_accepted() -> None:
    for options in (OscOptions(), OscOptions(9000, 9001, "0.0.0.0", ["192.168.1.0/24"], True)):
        options.check()
