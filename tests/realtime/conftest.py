"""What the tests of the live engine share."""

from collections.abc import Iterator

import pytest

from realtime.processes.device_ring import DeviceRing


@pytest.fixture
def ring() -> Iterator[DeviceRing]:
    """A device ring of one channel in and one out."""
    made = DeviceRing.create(1, 1)
    yield made
    made.close()
