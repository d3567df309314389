"""The page on scale says what was measured: its table is that of the figures beside it."""

from pathlib import Path

from bench.sae_growth import AXES, MEASURED_STEPS, read, table

DOCS = Path(__file__).parents[1] / "docs"


def test_the_growth_table_of_the_page_is_that_of_its_figures() -> None:
    found = read(DOCS / "scale_growth.json")
    assert table(found) in (DOCS / "scale.md").read_text("utf-8")


def test_every_point_of_every_axis_was_measured_for_enough_steps() -> None:
    found = read(DOCS / "scale_growth.json")
    assert [(each.axis, each.point) for each in found] == [
        (axis, point) for axis, points in AXES.items() for point in points
    ]
    assert all(each.steps >= MEASURED_STEPS for each in found)


def test_memory_does_not_grow_with_the_number_of_frames() -> None:
    held = [each.memory_mb for each in read(DOCS / "scale_growth.json") if each.axis == "frames"]
    assert max(held) < 1.1 * min(held)
