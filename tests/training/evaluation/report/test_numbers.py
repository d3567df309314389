import pytest

from training.evaluation.report.numbers import decimals_for, interval_text, mean_text, number, size_text, tied
from training.evaluation.report.tables import table_text
from training.evaluation.results import Table
from training.metrics.bootstrap import Estimate


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (-1, "−1"),
        (1250000, "1 250 000"),
        (0.9234, "0.923"),
        (9.876, "9.88"),
        (98.76, "98.8"),
        (0.00002, "2e−05"),
        (0.0004, "0.0004"),
        (3e9, "3.00e+09"),
    ],
)
def test_a_number_has_three_significant_digits_and_a_true_minus(value: float | None, text: str) -> None:
    assert number(value).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


def test_a_column_has_the_decimals_of_its_largest_number() -> None:
    assert [number(value, decimals_for([0.5, 12.25])) for value in (0.5, 12.25)] == ["0.5", "12.2"]
    assert decimals_for([3.0, None, 40.0]) == 0


@pytest.mark.parametrize(
    "estimate, unit, mean, interval",
    [
        (Estimate(0.62, 0.5, 0.74, 64), "share", "62 %", "[50, 74]"),
        (Estimate(0.996, 0.98, 1.0), "share", "99.6 %", "[98, 100]"),
        (Estimate(0.004, 0.0, 0.01), "share", "0.4 %", "[0, 1]"),
        (Estimate(-3.16, -4.0, -2.25), "dB", "−3.2 dB", "[−4.0, −2.2]"),
        (Estimate(0.9621, 0.9, 0.99), "", "0.962", "[0.900, 0.990]"),
        (Estimate(None), "share", "–", ""),
        (Estimate(0.5), "share", "50 %", ""),
    ],
)
def test_an_estimate_is_its_mean_and_its_interval(
    estimate: Estimate, unit: str, mean: str, interval: str
) -> None:
    assert mean_text(estimate, unit, 3).replace("\N{NARROW NO-BREAK SPACE}", " ") == mean
    assert interval_text(estimate, unit, 3) == interval


def test_sizes_are_in_the_unit_that_a_reader_expects() -> None:
    assert [
        size_text(size).replace("\N{NARROW NO-BREAK SPACE}", " ") for size in (10, 34_200, 2_140_000)
    ] == [
        "1 kB",
        "34 kB",
        "2.1 MB",
    ]


def test_units_stay_on_the_line_of_their_numbers() -> None:
    assert tied("in 12 % of 3 pieces, 4 seconds at 2 kHz").split(" ") == [
        "in", "12\N{NO-BREAK SPACE}%", "of", "3", "pieces,", "4", "seconds", "at", "2\N{NO-BREAK SPACE}kHz",
    ]  # fmt: skip


def counts_of(*rows: tuple[str | Estimate, ...]) -> tuple[list[str], list[str], list[str]]:
    """Column names, the counts in headings, the counts in cells."""
    names = ("concept", "one", "five")[: len(rows[0])]
    columns, cells = table_text(Table("t", names, rows))
    in_cells = [cell.n for row in cells for cell in row if cell.n]
    return (
        [column.name for column in columns],
        [column.n for column in columns if column.n],
        in_cells,
    )


def test_a_count_is_said_once() -> None:
    few, many, none = Estimate(0.5, n=9), Estimate(0.5, n=64), Estimate(None)
    by_row = counts_of(("a", many, many), ("b", none, few))
    assert by_row == (["concept", "one", "five", "n"], [], [])
    names, above, cells = counts_of(("a", many), ("b", many))
    assert (names, len(above), cells) == (["concept", "one"], 1, [])
    names, above, cells = counts_of(("a", many, few), ("b", few, few))
    assert (names, len(above), len(cells)) == (["concept", "one", "five"], 1, 2)
