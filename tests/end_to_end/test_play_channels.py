"""The channels that a performer chooses, under a real JACK server, whose clients see ports of our name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.live.jack import JackServer
from tests.helpers.programs.jack_delay import iodelay
from tests.helpers.programs.live_player import Playing
from tests.helpers.waiting import wait_for

pytestmark = pytest.mark.usefixtures("playing_ends")


def test_sound_goes_from_the_chosen_input_to_the_chosen_output_and_nowhere_else(
    small: Path, jack: JackServer, needs_program: Callable[[str], None]
) -> None:
    needs_program("jack_iodelay")
    options = ("--headless", "--block", 512, "--wet", 0, "--input-channels", 2, "--output-channels", 2)
    playing = Playing(jack, small, *options)
    ours = {"drawstop:in_0", "drawstop:in_1", "drawstop:out_0", "drawstop:out_1"}
    wait_for(lambda: ours <= set(jack.ports()), "the player's ports")
    assert iodelay(jack, "drawstop:in_1", "drawstop:out_1") > 512
    assert playing.interrupt()[0] == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--input-channels", "3"), "has 2 input channels, got --input-channels 3; choose among these"),
        (
            ("--output-channels", "0"),
            "--output-channels takes channels from 1, such as 2 or 3,4, each once; got '0'",
        ),
    ],
)
def test_channels_that_are_not_there_are_one_line(
    small: Path, jack: JackServer, options: tuple[str, str], says: str
) -> None:
    code, _, err = Playing(jack, small, "--headless", *options).ended()
    assert (code, says in err, "Traceback" in err) == (2, True, False), err
