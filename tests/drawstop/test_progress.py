"""Where a whole command stands: which step of how many, and how long the rest will take."""

import re

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from drawstop.progress import MOST_FINISHED, Overall, StepsBar, named, steps_bar

PLAN = [[("listening", 10.0), ("fitting", 60.0)], [("measuring", 30.0)], [("writing", 2.0)]]
NEAR = 0.35
"""How far what is said to be left may be from the truth, as a share of it, once a third of the time has gone."""


def left_s(text: str) -> float:
    found = re.search(r"about ([\d.]+) (s|min|h) left", text)
    assert found, text
    return float(found[1]) * {"s": 1, "min": 60, "h": 3600}[found[2]]


def rounded_by(said_s: float) -> float:
    """What rounding to seconds, or from two minutes on to minutes, may add in all."""
    return 2 if said_s < 120 else 30


def played(speeds: dict[str, float], counts: dict[str, int]) -> list[tuple[float, float, str]]:
    """(time, share, text) of a command whose parts take `speeds` times as long as planned and report so often."""
    overall, now, shown = Overall(PLAN, 0.0), 0.0, []
    for name, planned in [part for step in PLAN for part in step]:
        for done in range(counts[name]):
            for _ in range(10):  # what a screen shows between two reports
                shown.append((now, *overall.shown(now)))
                now += planned * speeds[name] / counts[name] / 10
            overall.report(name, done + 1, counts[name], now)
    shown.append((now, *overall.shown(now)))
    return shown


@pytest.mark.parametrize("pace", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("counts", [20, 1])
def test_what_is_left_is_near_the_truth_on_machines_of_any_pace(pace: float, counts: int) -> None:
    names = [name for step in PLAN for name, _ in step]
    shown = played(dict.fromkeys(names, pace), dict.fromkeys(names, counts))
    total = shown[-1][0]
    # without inner progress a slow machine shows itself at the end of the long part only
    start = 1 / 3 if counts > 1 else 0.7
    late = [(total - now, left_s(text)) for now, _, text in shown if start < now / total < 0.9]
    assert late
    for true, said in late:
        assert abs(said - true) <= NEAR * true + rounded_by(said)


def test_parts_of_other_lengths_than_planned_are_learned() -> None:
    shown = played(
        {"listening": 5, "fitting": 0.3, "measuring": 2, "writing": 1},
        dict.fromkeys(("listening", "fitting", "measuring", "writing"), 30),
    )
    total = shown[-1][0]
    for now, _, text in shown:
        if 0.75 < now / total < 0.9:
            assert abs(left_s(text) - (total - now)) <= NEAR * (total - now) + rounded_by(left_s(text))


@pytest.mark.parametrize("pace", [1.0, 50.0])
def test_the_share_never_falls_and_is_whole_at_the_end_only(pace: float) -> None:
    names = [name for step in PLAN for name, _ in step]
    shown = played(dict.fromkeys(names, pace), dict.fromkeys(names, 1))
    shares = [share for _, share, _ in shown]
    assert shares == sorted(shares)
    assert max(shares[:-1]) < 1
    assert shown[-1][1:] == (1.0, "step 3 of 3")


def test_a_part_that_takes_ten_times_as_long_never_stands_at_its_end() -> None:
    overall = Overall([[("experiment", 30.0)]], 0.0)
    overall.report("experiment", 0, 1, 0.0)
    for now in range(30, 300, 10):
        share, text = overall.shown(float(now))
        assert share <= 0.95
        assert left_s(text) >= (now - 30) / 4 - 1


def test_what_an_earlier_start_stored_does_not_shorten_the_rest() -> None:
    overall = Overall(PLAN, 0.0)
    overall.report("fitting", 1, 1, 0.2)  # read back at once
    overall.report("measuring", 5, 10, 60.2)
    assert overall.shown(60.2)[1] == "step 2 of 3, about 67 s left"


def test_names_outside_the_plan_change_nothing() -> None:
    overall = Overall(PLAN, 0.0)
    overall.report("other", 1, 1, 3.0)
    overall.report("listening", 0, 0, 3.0)
    assert overall.shown(3.0)[1].startswith("step 1 of 3, ")


def bars() -> tuple[Bars, StepsBar]:
    drawn = Bars(console=Console(file=None, quiet=True))
    return drawn, StepsBar(drawn)


def test_bars_have_the_whole_first_and_finished_ones_leave() -> None:
    drawn, steps = bars()
    steps.expect([[(str(number), 1.0)] for number in range(20)])
    for number in range(10):
        steps(str(number), 0, 1)
        steps(str(number), 1, 1)
    visible = [task.description for task in drawn.tasks if task.visible]
    assert visible[0].startswith("step 11 of 20, about ")
    assert visible[1:] == [str(number) for number in range(10 - len(visible) + 1, 10)]
    assert len(visible) <= MOST_FINISHED + 2


def test_a_terminal_shows_the_whole_and_the_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with steps_bar() as progress:
        progress.expect(PLAN)
        progress("listening", 1, 2)
    shown = capsys.readouterr().err
    assert "step 1 of 3, about " in shown and "listening" in shown


def test_a_log_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with steps_bar() as progress:
        progress.expect(PLAN)
        progress("listening", 1, 2)
    assert capsys.readouterr().err == ""


def test_a_name_that_comes_again_gets_a_bar_of_its_own() -> None:
    drawn, steps = bars()
    for _ in range(2):
        steps("reading", 1, 2)
        steps("reading", 2, 2)
    assert [task.completed for task in drawn.tasks] == [2, 2]


def test_names_are_put_before_what_is_done() -> None:
    said: list[tuple[str, int, int]] = []
    named(lambda what, done, total: said.append((what, done, total)), "guitar")("fitting", 1, 2)
    assert said == [("guitar: fitting", 1, 2)]
