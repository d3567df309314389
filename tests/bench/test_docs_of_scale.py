"""The page on scale says what was measured: its table is that of the figures beside it."""

from repository import DOCS

from bench.sae.growth import AXES, CONFIG, MEASURED_STEPS, read, table

ALLOCATORS_SHARE = 0.01
"""Of the frames' bytes: what two measurements of the same training may differ by."""


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
    points = [each for each in read(DOCS / "scale_growth.json") if each.axis == "frames"]
    held = [each.memory_mb for each in points]
    largest_mb = max(each.point.frames for each in points) * CONFIG.d_in * 4 / 1e6
    assert max(held) - min(held) < ALLOCATORS_SHARE * largest_mb
