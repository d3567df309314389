"""Measurements and tests wait for the same time."""

import pytest

from tests.helpers.waiting import PATIENCE_S


def test_measurements_with_jack_are_as_patient_as_the_tests() -> None:
    pytest.importorskip("fcntl", reason="JACK's measurements need a Unix")
    from bench.live import jack

    assert jack.PATIENCE_S == PATIENCE_S
