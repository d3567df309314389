"""No change during playing clicks."""

from pathlib import Path

import pytest

from bench.live.transitions import TRANSITIONS, Transition, bend_db, high_energy_db, played, save_filters
from realtime.engine import channel_strip

GOAL_DBFS = -80.0


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return save_filters(tmp_path_factory.mktemp("filters"))


@pytest.mark.slow
@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda transition: transition.name)
def test_a_change_adds_nothing_above_what_both_steady_states_hold(
    transition: Transition, paths: tuple[Path, Path]
) -> None:
    quick, slow = played(transition, paths), played(transition, paths, slow=True)
    assert high_energy_db(quick) < GOAL_DBFS
    assert bend_db(quick) < bend_db(slow) + 1.0


@pytest.mark.slow
def test_the_measure_hears_a_fader_that_steps(
    paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_strip, "SMOOTHING_S", 1 / 44100)
    stepping = [
        high_energy_db(played(transition, paths)) for transition in TRANSITIONS if not transition.swap
    ]
    assert min(stepping) > GOAL_DBFS + 10
