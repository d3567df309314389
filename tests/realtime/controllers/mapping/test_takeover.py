"""A knob at another position than its stop: what each takeover does, and how far the stop may jump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.mapper import Mapper
from realtime.controllers.mapping.mapping import Knob, Mapping
from realtime.controllers.mapping.takeover import CLOSE, STEEPEST, Takeover, check_takeover
from realtime.controllers.midi.source import ControllerInput, parse_source
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from tests.helpers.control.event_recorder import EventRecorder

ROUNDING = 1e-9
STILL = None

# Where the knob is; a scene's position for the stop before that input, if one came; where the stop goes, in each mode.
# The figures of `scale` are written out: (position − way · room / knob's room), and at most 4 times the knob's way.
TABLE = (
    # knob   scene   jump   pickup  scale    relative
    (0.900, 0.500, 0.900, STILL, STILL, STILL),  # nobody knows yet where it comes from
    (0.700, STILL, 0.700, STILL, 0.3889, 0.300),  # .5 − .2 · .5/.9
    (0.450, STILL, 0.450, 0.450, 0.2500, 0.050),  # pickup: it passed .5
    (0.400, 0.800, 0.400, STILL, 0.7111, 0.750),  # a scene: .8 − .05 · .8/.45
    (0.200, STILL, 0.200, STILL, 0.3556, 0.550),
    (0.300, STILL, 0.300, STILL, 0.4361, 0.650),  # up again: .3556 + .1 · .6444/.8
    (0.795, STILL, 0.795, 0.795, 0.8348, 1.000),  # pickup: within CLOSE of .8; relative: at the end
    (0.990, STILL, 0.990, 0.990, 0.9919, 1.000),
    (1.000, STILL, 1.000, 1.000, 1.0000, 1.000),  # both at the end together
    (0.500, STILL, 0.500, 0.500, 0.5000, 0.500),
    (0.500, 0.000, 0.500, STILL, 0.0000, 0.000),  # a scene, and an input without movement
    (0.600, STILL, 0.600, STILL, 0.2000, 0.100),  # .1 · 1/.5
    (0.000, STILL, 0.000, 0.000, 0.0000, 0.000),
    (0.010, 1.000, 0.010, STILL, 1.0000, 1.000),  # a scene at the top: no room upwards
    (0.000, STILL, 0.000, STILL, 0.9600, 0.990),  # scale: 4 times the knob's way, not 100 times
)
MODES = ("jump", "pickup", "scale", "relative")


@pytest.mark.parametrize("name", MODES)
def test_where_the_stop_goes_input_by_input(name) -> None:
    takeover, stop = Takeover(name), 0.0
    for knob, scene, *goals in TABLE:
        stop = stop if scene is STILL else scene
        goal, expected = takeover(knob, stop), goals[MODES.index(name)]
        stop = stop if goal is None else goal
        assert (STILL if goal is None else pytest.approx(goal, abs=1e-4)) == expected, (knob, scene)


def test_a_knob_that_is_let_go_and_met_again_holds_again() -> None:
    takeover = Takeover("pickup")
    assert takeover(0.5, 0.5) == 0.5
    assert takeover(0.6, 0.5) == 0.6
    assert takeover(0.7, 0.2) is STILL  # a scene came
    assert takeover(0.1, 0.2) == 0.1
    assert takeover.holds


MOVES = st.lists(
    st.one_of(st.floats(0, 1).map(lambda p: ("knob", p)), st.floats(0, 1).map(lambda p: ("scene", p)))
)


@pytest.mark.slow
@given(st.sampled_from(["pickup", "scale", "relative"]), st.floats(0, 1), MOVES)
def test_no_stop_jumps_further_than_its_knobs_way_to_take_over_allows(name, stop: float, moves) -> None:
    takeover, before = Takeover(name), None
    for kind, position in moves:
        if kind == "scene":
            stop = position
            continue
        moved = 0.0 if before is None else abs(position - before)
        allowed = {"pickup": moved + CLOSE, "scale": STEEPEST * moved + CLOSE, "relative": moved}[name]
        goal = takeover(position, stop)
        before = position
        if goal is not None:
            assert 0.0 <= goal <= 1.0
            assert abs(goal - stop) <= allowed + ROUNDING
            stop = goal


SCENES = [Scene(f"s{position}", {"guitar": position / 8 - 1}) for position in range(17)]
PLAYED = st.lists(
    st.one_of(
        st.integers(0, 127).map(lambda data: ("knob", data)), st.integers(0, 16).map(lambda n: ("scene", n))
    ),
    max_size=40,
)


@pytest.mark.slow
@given(st.sampled_from(MODES), st.sampled_from([(-1.0, 1.0), (1.0, -1.0), (-0.5, 0.25)]), PLAYED)
def test_between_scenes_no_mapped_knob_moves_its_stop_further_than_its_mode_allows(
    name, ends, played
) -> None:
    low, high = ends
    parameters = ParameterStore(EventRecorder(), [StopDescription("Guitar", "guitar", "GUI")])
    scenes = Scenes(parameters, SCENES)
    knob = Knob(parse_source("cc 20"), "guitar", low=low, high=high, takeover=name)
    mapper, before = Mapper(Mapping((knob,)), parameters), None
    inside = (min(ends), max(ends))
    for kind, number in played:
        stop = parameters.values["guitar"]
        if kind == "scene":
            scenes.recall(number)
            assert parameters.values["guitar"] == SCENES[number].values["guitar"]
            continue
        controller_input = ControllerInput(parse_source("cc 20", 1), number)
        mapper.apply(controller_input)
        went = abs(parameters.values["guitar"] - min(max(stop, inside[0]), inside[1])) / abs(high - low)
        moved = 0.0 if before is None else abs(controller_input.position - before)
        allowed = {
            "jump": 1.0,
            "pickup": moved + CLOSE,
            "scale": STEEPEST * moved + CLOSE,
            "relative": moved,
        }[name]
        before = controller_input.position
        if parameters.values["guitar"] != stop:
            assert went <= allowed + ROUNDING
            assert inside[0] <= parameters.values["guitar"] <= inside[1]


@pytest.mark.slow
@given(st.sampled_from(["jump", "pickup", "scale"]), st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1))
def test_a_knob_that_sweeps_all_its_way_twice_holds_its_stop(name, stop: float, moves: list[float]) -> None:
    takeover = Takeover(name)
    sweep = [*moves, *(step / 64 for step in range(65)), *(step / 64 for step in range(64, -1, -1)), 0.25]
    for knob in sweep:
        goal = takeover(knob, stop)
        stop = stop if goal is None else goal
    assert stop == pytest.approx(0.25, abs=CLOSE)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(DrawstopError, match="one of jump, pickup, scale, relative; got 'grab'"):
        check_takeover("grab")
