"""Servers with OSCQuery, in real time and with a made-up clock."""

from collections.abc import Iterator

import pytest

from tests.helpers.control.made_up_clock import MadeUpClock
from tests.helpers.control.oscquery_parts import OscQuerySetup


@pytest.fixture
def setup() -> Iterator[OscQuerySetup]:
    with OscQuerySetup() as made:
        yield made
        assert "fault in Drawstop" not in made.server.errors.counts


@pytest.fixture
def clock() -> MadeUpClock:
    return MadeUpClock()


@pytest.fixture
def clocked_setup(clock: MadeUpClock) -> Iterator[OscQuerySetup]:
    """Servers whose time passes only when the test says so."""
    with OscQuerySetup(clock=clock) as made:
        yield made
        assert "fault in Drawstop" not in made.server.errors.counts
