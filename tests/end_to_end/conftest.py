"""MIDI boxes for the tests that play with controllers."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.helpers.control.midi_controller import Controller

if TYPE_CHECKING:
    from bench.live.jack import JackServer


@pytest.fixture
def plug_in(jack: "JackServer") -> Iterator[Callable[[str], Controller]]:
    """Gives controllers by name."""
    plugged: list[Controller] = []

    def plug(name: str) -> Controller:
        plugged.append(Controller(jack, name))
        return plugged[-1]

    yield plug
    for controller in plugged:
        controller.pull()


@pytest.fixture
def box(plug_in: Callable[[str], Controller]) -> Controller:
    """A controller with the output `box:out`."""
    return plug_in("box")
