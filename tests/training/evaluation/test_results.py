import pytest

from training.evaluation.results import (
    AudioPlayers,
    Goal,
    Line,
    Matrix,
    Plot,
    Result,
    Sound,
    Table,
    from_json,
    plain,
    to_json,
)
from training.metrics.bootstrap import Estimate


def test_a_result_comes_back_from_json_as_it_was() -> None:
    result = Result(
        "steering",
        "Title",
        "Question?",
        "Answer.",
        (
            Table(
                "t",
                ("a", "b"),
                (("x", Estimate(0.5, 0.4, 0.6, 8)), ("y", None), ("z", True), ("w", 0.25)),
                "share",
                "n",
            ),
            Plot("p", "x", "y", (Line("l", (0.0, 1.0), (1.0, 2.0), (0.5, 1.5), (1.5, 2.5)),)),
            Matrix("m", ("a",), ("b", "c"), ((0.5, None),)),
            AudioPlayers("s", ((Sound("l", "sounds/a.flac"),),)),
        ),
        (Goal("g", "s", False),),
        {"n": 1},
        {"seed": 0},
    )
    assert from_json(to_json(result)) == result


def test_estimates_in_figures_become_json() -> None:
    assert plain({"a": [Estimate(0.5, 0.4, 0.6, 3)], 1: "x"}) == {
        "a": [{"mean": 0.5, "low": 0.4, "high": 0.6, "n": 3}],
        "1": "x",
    }


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a result"):
        from_json({"blocks": [{"kind": "table"}], "goals": []})
