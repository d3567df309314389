"""What docstrings quote of the code, by its dotted name or its path, is there."""

import pytest

from tests.helpers.docstring_names import PACKAGES, lost_names
from tests.helpers.repository import REPOSITORY

pytestmark = pytest.mark.slow

HERE = REPOSITORY / "training" / "metrics" / "made_up.py"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_and_path_that_a_docstring_quotes_is_there(package: str) -> None:
    lost = {
        path.relative_to(REPOSITORY).as_posix(): names
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        if (names := lost_names(path, path.read_text("utf-8")))
    }
    assert lost == {}


@pytest.mark.parametrize(
    ("quoted", "there"),
    [
        ("bootstrap.mean_of", True),
        ("bootstrap.mean_off", False),
        ("training.metrics.bootstrap", True),
        ("training.metrics.boots", False),
        ("training.metrics.bootstrap.Estimate", True),
        ("Estimate.mean", True),
        ("Estimate.middle", False),
        ("judge_fit.Report", False),
        ("bootstrap.py", True),
        ("boots.py", False),
        ("training/metrics/bootstrap.py", True),
        ("docs/nowhere.md", False),
        ("numpy.mean", True),
        ("time.monotonic()", True),
        ("stops.json", True),
        ("layers.N", True),
    ],
)
def test_a_name_that_leads_nowhere_is_found(quoted: str, there: bool) -> None:
    text = f'"""Means; see `{quoted}`."""\n'
    assert lost_names(HERE, text) == ([] if there else [quoted])


def test_a_variables_attribute_is_no_name_of_a_module() -> None:
    assert lost_names(HERE, 'def f(sound):\n    """`sound.length`, and `other.length`."""\n') == [
        "other.length"
    ]
